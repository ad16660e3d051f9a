/// How fast a reader takes frames: its own time from one answer to its next request, waits not counted.
///
/// The pace is the median of the last few: who catches up after a wait, or rests once, does not change it.
package struct ReaderPace: Sendable {
  private var answered: UInt64?
  private var count = 0
  private var oldest = 0
  // Inline: a copy of it allocates nothing, and every request of a cached frame comes by here.
  private var ownTimes = InlineArray<8, UInt64>(repeating: 0)

  package init() {}

  /// - Parameter now: nanoseconds of any clock that does not go back.
  package mutating func asked(at now: UInt64) {
    guard let answered = answered.take() else { return }
    let ownTime = now >= answered ? now - answered : 0
    ownTimes[oldest] = ownTime
    oldest = (oldest + 1) % ownTimes.count
    count = min(count + 1, ownTimes.count)
  }

  /// - Parameter now: as for `asked`.
  package mutating func answered(at now: UInt64) { answered = now }

  /// Nanoseconds a frame; nil until enough is known.
  package var period: UInt64? {
    guard count >= ownTimes.count / 2 else { return nil }
    return median
  }

  private var median: UInt64 {
    var sorted = ownTimes
    for next in 1..<max(1, count) {
      var place = next
      while place > 0, sorted[place - 1] > sorted[place] {
        sorted.swapAt(place - 1, place)
        place -= 1
      }
    }
    return sorted[count / 2]
  }
}

/// How long decoding a frame takes: a mean in which the last few dozen frames count.
package struct DecodePace: Sendable {
  private static let weight = 1.0 / 32
  /// What takes so many times as long says something else: a wait, another look at the whole file.
  private static let most = 8.0

  private var mean = 0.0
  private var frames = 0

  package init() {}

  /// So many frames took so long together.
  package mutating func add(frames count: Int, nanoseconds: UInt64) {
    guard count > 0 else { return }
    var time = Double(nanoseconds) / Double(count)
    if frames > 0 { time = min(time, mean * Self.most) }
    // As if each of them had come by itself; the first ones all count the same.
    for _ in 0..<min(count, 256) {
      frames = min(frames + 1, Int(1 / Self.weight))
      mean += (time - mean) / Double(frames)
    }
  }

  /// Nanoseconds a frame; nil before the first one.
  package var period: UInt64? { frames > 0 ? UInt64(mean) : nil }
}
