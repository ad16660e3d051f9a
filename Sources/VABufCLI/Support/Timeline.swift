import VABuf

/// When each frame of a playback is due: in the stream's own rhythm, at some speed, forward or backward.
struct Timeline {
  /// One frame's turn.
  struct Slot: Equatable {
    var number: Int
    /// Seconds after the start.
    var due: Double
    /// Seconds until the next one is due.
    var duration: Double
    /// Seconds of the stream's own clock.
    var streamSeconds: Double
  }

  let slots: [Slot]

  /// Seconds from the first frame to the end of the last.
  var duration: Double { slots.last.map { $0.due + $0.duration } ?? 0 }

  /// Times that stand still or go back, and gaps of more than this, count as the frame's own duration.
  static let longestGap = 60.0

  /// - Parameters:
  ///   - timings: the frames to play, by rising numbers.
  ///   - rate: frames a second, where times say nothing.
  init(_ timings: some Sequence<FrameTiming>, timeBase: Double, rate: Double, speed: Double, direction: Direction) {
    let order = direction == .forward ? Array(timings) : Array(timings).reversed()
    let usual = rate.isFinite && rate > 0 ? 1 / rate : 0.04
    var slots: [Slot] = []
    slots.reserveCapacity(order.count)
    var due = 0.0
    for (index, frame) in order.enumerated() {
      let own = Double(frame.duration) * timeBase
      var gap = own > 0 && own <= Self.longestGap ? own : usual
      if index + 1 < order.count {
        // Far apart, they have no difference among integers.
        let step = (Double(order[index + 1].pts) - Double(frame.pts)) * timeBase * Double(direction.rawValue)
        if step > 0, step <= Self.longestGap { gap = step }
      }
      slots.append(
        Slot(number: frame.number, due: due, duration: gap / speed, streamSeconds: Double(frame.pts) * timeBase))
      due += gap / speed
    }
    self.slots = slots
  }

  /// The slot that is on at a time, at or after `index`.
  func slot(at seconds: Double, from index: Int) -> Int {
    var (low, high) = (index, slots.count)
    while high - low > 1 {
      let middle = (low + high) / 2
      if slots[middle].due <= seconds { low = middle } else { high = middle }
    }
    return low
  }
}
