package import FrameModel

/// When each frame is on the screen, in seconds of a clock that begins with the first one: the stream's own rhythm.
///
/// Times that stand still or go back, and gaps of more than `longestGap`, count as the frame's own duration.
package struct Timetable: Sendable {
  /// When each frame begins, rising.
  private let starts: [Double]
  /// When the last frame ends.
  package let end: Double
  /// Seconds of the stream's own clock that the first frame begins with.
  package let offset: Double

  package static let longestGap = 60.0

  /// - Parameters:
  ///   - times: when each frame is shown and for how long, in ticks.
  ///   - timeBase: seconds for each tick.
  ///   - rate: frames a second, where times say nothing.
  package init(_ times: [(pts: Int64, duration: Int64)], timeBase: Double, rate: Double) {
    let timeBase = timeBase.isFinite && timeBase > 0 ? timeBase : 1e-6
    let usual = rate.isFinite && rate > 0 ? 1 / rate : 0.04
    var starts: [Double] = []
    starts.reserveCapacity(times.count)
    // In ticks, so that nothing adds up.
    var now = 0.0
    for (index, frame) in times.enumerated() {
      starts.append(now * timeBase)
      let own = Double(frame.duration) * timeBase
      var gap = own > 0 && own <= Self.longestGap ? own : usual
      if index + 1 < times.count {
        // Far apart, they have no difference among integers.
        let step = (Double(times[index + 1].pts) - Double(frame.pts)) * timeBase
        if step > 0, step <= Self.longestGap { gap = step }
      }
      now += gap / timeBase
    }
    self.starts = starts
    end = now * timeBase
    offset = times.first.map { Double($0.pts) * timeBase } ?? 0
  }

  package var count: Int { starts.count }
  /// Frames a second on average.
  package var rate: Double { end > 0 ? Double(count) / end : 25 }

  /// When a frame begins.
  package func start(_ frame: Int) -> Double { starts.indices.contains(frame) ? starts[frame] : end }

  /// The frame that is on at a time; the first one before that, the last one after.
  package func frame(at seconds: Double) -> Int {
    // A time that was made of ticks may be off by a hair.
    let seconds = seconds + 1e-6
    var (low, high) = (0, starts.count)
    while high - low > 1 {
      let middle = (low + high) / 2
      if starts[middle] <= seconds { low = middle } else { high = middle }
    }
    return low
  }

  // MARK: - Turns of a run

  /// When a turn of a run is due, in seconds after its first.
  package func due(_ index: Int, of run: Run) -> Double {
    abs(start(run.frame(index)) - start(run.first)) / run.speed
  }

  /// For how long a turn is on.
  package func duration(_ index: Int, of run: Run) -> Double {
    if index + 1 < run.count { return due(index + 1, of: run) - due(index, of: run) }
    let frame = run.frame(index)
    if run.direction == .forward || frame == 0 { return (start(frame + 1) - start(frame)) / run.speed }
    return (start(frame) - start(frame - 1)) / run.speed
  }

  /// The turn that is on at a time, at or after `index`.
  package func turn(at seconds: Double, of run: Run, from index: Int) -> Int {
    var (low, high) = (index, run.count)
    while high - low > 1 {
      let middle = (low + high) / 2
      if due(middle, of: run) <= seconds { low = middle } else { high = middle }
    }
    return low
  }
}

/// Frames that are to be shown one after the other, each in its turn.
package struct Run: Hashable, Sendable {
  /// Tells it from runs before it.
  package var id: Int
  /// The frame of the first turn.
  package var first: Int
  /// No frame beyond this one, which may lie before the first.
  package var last: Int
  /// 1 being the stream's own speed; above 0.
  package var speed: Double
  /// Every so many-th frame.
  package var stride: Int

  /// Makes a run from `first` to `last`, backward where that is before it.
  package init(id: Int = 0, first: Int, last: Int, speed: Double = 1, stride: Int = 1) {
    precondition(speed > 0 && stride > 0, "a run that stands still")
    self.id = id
    self.first = first
    self.last = last
    self.speed = speed
    self.stride = stride
  }

  /// Which way it goes.
  package var direction: Direction { last < first ? .backward : .forward }
  /// How many turns there are.
  package var count: Int { abs(last - first) / stride + 1 }
  /// The frame of a turn.
  package func frame(_ index: Int) -> Int { first + index * stride * direction.rawValue }
}
