/// Frames decoded, frames that came to the buffer and frames given out, over the time of the run.
enum WorkChart {
  private struct Line {
    var name: String
    var style: String
    var points: [(x: Double, y: Double)]
  }

  /// - Parameters:
  ///   - seconds: how long the run took.
  ///   - decoded: frames that the decoder emitted until the end of the run.
  ///   - delivered: frames that came to the buffer until then.
  /// - Returns: nil where nothing was answered.
  static func svg(_ samples: [RunTrace.Sample], seconds: Double, decoded: Int, delivered: Int) -> String? {
    guard let last = samples.last else { return nil }
    let end = max(seconds, last.end)
    let lines = [
      line("decoded", "line-decode", samples, end, decoded) { Int($0.decoded) },
      line("kept", "line-kept", samples, end, delivered) { Int($0.delivered) },
      Line(
        name: "given", style: "line-given",
        points: [(0, 0)] + samples.enumerated().map { ($1.end, Double($0 + 1)) } + [(end, Double(samples.count))]),
    ]
    var plot = Plot("Frames decoded and given over the run", height: 300, right: 130)
    let x = Axis(0...max(end, 1e-9), plot.horizontal)
    let y = Axis(0...(lines.flatMap { $0.points.map(\.y) }.max() ?? 1), plot.vertical)
    plot.yAxis(y, y.ticks(5, whole: true), "frames so far") { Axis.short($0) }
    let isShort = end < 1
    plot.xAxis(
      x, x.ticks(8), isShort ? "milliseconds since the first request" : "seconds since the first request", grid: true
    ) {
      Axis.short(isShort ? $0 * 1000 : $0)
    }
    for line in lines { plot.path(steps(line.points, x, y), line.style) }
    // Names beside the ends of their lines, the highest first, moved apart where these meet.
    let named = lines.sorted { $0.points.last?.y ?? 0 > $1.points.last?.y ?? 0 }
    var places = named.map { y($0.points.last?.y ?? 0) + 4 }
    for index in places.indices.dropFirst() { places[index] = max(places[index], places[index - 1] + 17) }
    for index in places.indices.reversed() {
      places[index] = min(places[index], plot.bottom + 4 - 17 * Double(places.count - 1 - index))
    }
    for (line, place) in zip(named, places) {
      plot.text("\(line.name) \(Int(line.points.last?.y ?? 0))", plot.right + 8, place, "label \(line.style)-text")
    }
    return plot.svg
  }

  private static func line(
    _ name: String, _ style: String, _ samples: [RunTrace.Sample], _ end: Double, _ total: Int,
    _ value: (RunTrace.Sample) -> Int
  ) -> Line {
    Line(
      name: name, style: style,
      points: [(0, 0)] + samples.map { ($0.end, Double(value($0))) } + [(end, Double(total))])
  }

  /// A line of steps; of the points in one column of pixels, the last.
  private static func steps(_ points: [(x: Double, y: Double)], _ x: Axis, _ y: Axis) -> String {
    var data = ""
    var pending: (x: Double, y: Double)?
    var height = -1.0
    func draw(_ point: (x: Double, y: Double)) {
      if data.isEmpty {
        data = "M\(Markup.pixels(point.x)) \(Markup.pixels(point.y))"
      } else if point.y != height {
        data += "H\(Markup.pixels(point.x))V\(Markup.pixels(point.y))"
      }
      height = point.y
    }
    for point in points {
      let place = (x: x(point.x), y: y(point.y))
      if let pending, place.x - pending.x >= 1 { draw(pending) }
      pending = place
    }
    if let pending {
      draw(pending)
      data += "H\(Markup.pixels(pending.x))"
    }
    return data
  }
}
