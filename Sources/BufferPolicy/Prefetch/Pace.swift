/// How fast a reader takes frames: its own time from one answer to its next request, waits not counted.
///
/// The pace is the median of the last few: who catches up after a wait, or rests once, does not change it.
package struct ReaderPace: Sendable {
  private static let samples = 8

  private var ownTimes: [UInt64] = []
  private var oldest = 0
  private var answered: UInt64?

  package init() {}

  /// - Parameter now: nanoseconds of any clock that does not go back.
  package mutating func asked(at now: UInt64) {
    guard let answered = answered.take() else { return }
    let ownTime = now >= answered ? now - answered : 0
    if ownTimes.count < Self.samples {
      ownTimes.append(ownTime)
    } else {
      ownTimes[oldest] = ownTime
      oldest = (oldest + 1) % Self.samples
    }
  }

  /// - Parameter now: as for `asked`.
  package mutating func answered(at now: UInt64) { answered = now }

  /// Nanoseconds a frame; nil until enough is known.
  package var period: UInt64? {
    guard ownTimes.count >= Self.samples / 2 else { return nil }
    return ownTimes.sorted()[ownTimes.count / 2]
  }
}

/// How long decoding a frame takes: a mean in which the last few dozen frames count.
package struct DecodePace: Sendable {
  private static let weight = 1.0 / 32

  private var mean: Double?

  package init() {}

  /// So many frames took so long together.
  package mutating func add(frames: Int, nanoseconds: UInt64) {
    guard frames > 0 else { return }
    let time = Double(nanoseconds) / Double(frames)
    guard let mean else { return self.mean = time }
    // As if each of them had come by itself.
    let share = frames == 1 ? Self.weight : 1 - Self.pow(1 - Self.weight, frames)
    self.mean = mean + share * (time - mean)
  }

  /// Nanoseconds a frame; nil before the first one.
  package var period: UInt64? { mean.map { UInt64($0) } }

  private static func pow(_ base: Double, _ exponent: Int) -> Double {
    (0..<min(exponent, 1024)).reduce(1) { product, _ in product * base }
  }
}
