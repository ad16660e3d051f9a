import VABuf

/// Which frames were asked for, where each was found, and what was cached meanwhile.
enum ResidencyChart {
  /// - Returns: nil where nothing was answered.
  static func svg(_ trace: RunTrace) -> String? {
    let samples = trace.samples
    guard let first = samples.first else { return nil }
    var (low, high) = (first.number, first.number)
    for number in samples.lazy.map(\.number) { (low, high) = (min(low, number), max(high, number)) }
    for frame in trace.resident { (low, high) = (min(low, frame.number), max(high, frame.number)) }
    var plot = Plot("Requests and cached frames", height: 460)
    let x = Axis(0...Double(samples.count), plot.horizontal)
    let y = Axis(Double(low)...Double(high) + 1, plot.vertical)
    let cells = Cells(numbers: Int(low)...Int(high), height: plot.bottom - plot.top)
    for isOnGPU in [false, true] {
      let (full, part) = area(trace, isOnGPU, cells, x, y)
      plot.path(part, isOnGPU ? "held-gpu part" : "held-host part")
      plot.path(full, isOnGPU ? "held-gpu" : "held-host")
    }
    plot.yAxis(y, y.ticks(8, whole: true), "frame number") { Axis.short($0) }
    plot.xAxis(x, x.ticks(10, whole: true), "request", grid: false) { Axis.short($0) }
    let size = samples.count > 3000 ? "small" : samples.count > 600 ? "middle" : "large"
    for source in RunTrace.Source.allCases.reversed() {
      plot.path(dots(samples, source, x, y), "dots \(size) dots-\(source)")
    }
    return plot.svg
  }

  /// A point for each request; several in one place are one.
  private static func dots(_ samples: [RunTrace.Sample], _ source: RunTrace.Source, _ x: Axis, _ y: Axis) -> String {
    var seen: Set<Int> = []
    var data = ""
    for (index, sample) in samples.enumerated() where sample.source == source {
      let place = (x: x(Double(index) + 0.5), y: y(Double(sample.number) + 0.5))
      guard seen.insert(Int(place.x * 2) << 20 | Int(place.y * 2)).inserted else { continue }
      data += "M\(Markup.pixels(place.x)) \(Markup.pixels(place.y))h0"
    }
    return data
  }

  /// Frames that share a row of pixels.
  private struct Cells {
    let numbers: ClosedRange<Int>
    let framesPerCell: Int

    init(numbers: ClosedRange<Int>, height: Double) {
      self.numbers = numbers
      framesPerCell = max(1, Int((Double(numbers.count) / (height / 2)).rounded(.up)))
    }

    var count: Int { (numbers.count + framesPerCell - 1) / framesPerCell }
    func cell(of number: Int) -> Int { (number - numbers.lowerBound) / framesPerCell }
    func first(_ cell: Int) -> Double { Double(numbers.lowerBound + cell * framesPerCell) }
  }

  /// Rectangles around what was cached: cells of which all frames are there, or at least half of them, and the others
  /// that have any.
  private static func area(
    _ trace: RunTrace, _ isOnGPU: Bool, _ cells: Cells, _ x: Axis, _ y: Axis
  ) -> (full: String, part: String) {
    var data = ["", ""]
    // What each cell has been since when: 0 nothing, 1 few, 2 most.
    var since = [(state: Int, x: Double)](repeating: (0, 0), count: cells.count)
    func end(_ cell: Int, at place: Double) {
      let (state, start) = since[cell]
      guard state > 0, place > start else { return }
      let (low, high) = (y(cells.first(cell)), y(cells.first(cell + 1)))
      data[2 - state] +=
        "M\(Markup.pixels(start)) \(Markup.pixels(high))H\(Markup.pixels(place))V\(Markup.pixels(low))"
        + "H\(Markup.pixels(start))Z"
    }
    // A look shows what is there at its own request, and until the next one.
    for snapshot in trace.snapshots {
      var counts = [Int](repeating: 0, count: cells.count)
      for frame in trace.resident[snapshot.part] where frame.isOnGPU == isOnGPU {
        counts[cells.cell(of: Int(frame.number))] += 1
      }
      let place = x(Double(snapshot.requests))
      for (cell, count) in counts.enumerated() {
        let state = count == 0 ? 0 : count * 2 >= cells.framesPerCell ? 2 : 1
        if state == since[cell].state { continue }
        end(cell, at: place)
        since[cell] = (state, place)
      }
    }
    for cell in since.indices { end(cell, at: x(x.values.upperBound)) }
    return (data[0], data[1])
  }
}
