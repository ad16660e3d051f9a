/// How long answers took: a histogram over a logarithmic axis, by where the frames were found.
enum LatencyChart {
  /// - Parameters:
  ///   - marks: names and milliseconds to mark, in rising order.
  /// - Returns: nil where nothing was answered.
  static func svg(_ samples: [RunTrace.Sample], marks: [(name: String, value: Double, text: String)]) -> String? {
    guard !samples.isEmpty else { return nil }
    // What the clock could not tell from 0 lies at its resolution.
    let times = samples.map { max($0.latency, leastMilliseconds) }
    guard let least = times.min(), let most = times.max() else { return nil }
    var plot = Plot("Distribution of latencies", height: 330, top: 20 + 16 * Double(marks.count))
    let x = Axis(decades: least...most, plot.horizontal)
    let edges = x.bins
    var counts = [[Int]](repeating: [0, 0, 0, 0], count: edges.count - 1)
    for (sample, time) in zip(samples, times) {
      let bin = min(counts.count - 1, edges.dropFirst().firstIndex { time < $0 }.map { $0 - 1 } ?? counts.count - 1)
      counts[bin][Int(sample.source.rawValue)] += 1
    }
    let highest = counts.map { $0.reduce(0, +) }.max() ?? 1
    let y = Axis(0...Double(highest), plot.vertical)
    plot.yAxis(y, y.ticks(4, whole: true), "requests") { Axis.short($0) }
    plot.xAxis(x, x.ticks(0), "time from request to frame, ten bars a decade", grid: false, Axis.duration)
    for (bin, sources) in counts.enumerated() {
      draw(sources, x(edges[bin]), x(edges[bin + 1]), y, &plot) {
        "\(Axis.duration(edges[bin])) to \(Axis.duration(edges[bin + 1])): \(Text.count($0, "request")) \($1.title)"
      }
    }
    for (row, mark) in marks.enumerated() {
      let place = x(max(mark.value, leastMilliseconds))
      let height = 16 + 16 * Double(row)
      plot.line(place, height - 10, place, plot.bottom, "mark")
      let isRight = place > plot.right - 150
      plot.text("\(mark.name) \(mark.text)", place + (isRight ? -5 : 5), height, anchor: isRight ? "end" : "start")
    }
    return plot.svg
  }

  private static let leastMilliseconds = 0.0001

  /// One bar: its parts upon each other, each at least so high that it is seen.
  private static func draw(
    _ sources: [Int], _ left: Double, _ right: Double, _ y: Axis, _ plot: inout Plot,
    _ title: (Int, RunTrace.Source) -> String
  ) {
    var top = plot.bottom
    for source in RunTrace.Source.allCases where sources[Int(source.rawValue)] > 0 {
      let count = sources[Int(source.rawValue)]
      let height = max(2, plot.bottom - y(Double(count)))
      top -= height
      plot.add(
        Markup.element(
          "rect",
          [
            ("class", "fill-\(source)"), ("x", Markup.pixels(left + 0.5)), ("y", Markup.pixels(top)),
            ("width", Markup.pixels(right - left - 1)), ("height", Markup.pixels(height)),
          ], Markup.element("title", [], Markup.escape(title(count, source)))))
    }
  }
}
