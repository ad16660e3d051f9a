internal import Decoding

/// A frame that is asked for, and the ones that may stand in for it.
struct NearTarget: Sendable {
  /// What is asked for.
  let number: Int
  /// What will do, `number` among it where that is a frame of the stream.
  let window: ClosedRange<Int>
  /// Nil for a source that says nothing of its stream.
  private let index: FrameIndex?
  /// Where nearness goes by time: the time that is meant, in ticks.
  private let ticks: Double?

  /// Frames up to `tolerance` away by number.
  init(_ number: Int, tolerance: Int, index: FrameIndex?) {
    let (low, isLow) = number.subtractingReportingOverflow(tolerance)
    let (high, isHigh) = number.addingReportingOverflow(tolerance)
    let first = isLow ? 0 : max(0, low)
    self.number = number
    window = first...max(first, isHigh ? .max : high)
    self.index = index
    ticks = nil
  }

  /// Frames that begin up to `tolerance` seconds before or after a time, and `number` in any case.
  init(_ number: Int, seconds: Double, tolerance: Double, index: FrameIndex) {
    let base = index.timeBase.value
    // The rounding of a time base must not lose a frame that lies on the edge.
    let earliest = Self.clamped(((seconds - tolerance) / base - 0.001).rounded(.up))
    let latest = Self.clamped(((seconds + tolerance) / base + 0.001).rounded(.down))
    let first = earliest == .min ? 0 : index.frame(atOrBefore: earliest - 1).map { $0 + 1 } ?? 0
    let last = index.frame(atOrBefore: latest) ?? 0
    self.number = number
    window = min(first, number)...max(last, number)
    self.index = index
    ticks = seconds / base
  }

  private static func clamped(_ ticks: Double) -> Int64 {
    ticks >= 0x1p63 ? .max : ticks < -0x1p63 || ticks.isNaN ? .min : Int64(ticks)
  }

  /// The nearer of two, the earlier one where they are equally near; nil where there is none.
  func nearer(_ found: (atOrBefore: Int?, after: Int?)) -> Int? {
    guard let before = found.atOrBefore else { return found.after }
    guard let after = found.after, before != number else { return before }
    return distance(to: after) < distance(to: before) ? after : before
  }

  private func distance(to other: Int) -> Double {
    guard let index, let ticks, other < index.frames.count else { return Double((other - number).magnitude) }
    return abs(Double(index.frames[other].pts) - ticks)
  }

  /// The nearest frame in the window at which decoding can start: one decoded frame; nil where none is known.
  var seekPoint: Int? {
    guard let index else { return nil }
    let before = index.seekPoint(for: number).firstFrame
    let after = index.firstSeekPoint(after: number)
    return nearer((within(before), after.flatMap(within)))
  }

  /// The frame at which decoding starts on the way to the one that is asked for, where it lies in the window.
  var keyframe: Int? { index.flatMap { within($0.seekPoint(for: number).firstFrame) } }

  private func within(_ other: Int) -> Int? { window.contains(other) ? other : nil }
}

extension FrameIndex {
  /// The first frame of the first seek point beyond a number.
  fileprivate func firstSeekPoint(after number: Int) -> Int? {
    var (low, high) = (0, seekPoints.count)
    while low < high {
      let middle = (low + high) / 2
      if seekPoints[middle].firstFrame <= number { low = middle + 1 } else { high = middle }
    }
    return low < seekPoints.count ? seekPoints[low].firstFrame : nil
  }
}
