package import FrameModel

/// Which frames are there around one that may not be.
extension CachePolicy {
  /// The nearest frames that can be looked up, on both sides of a number; no use of them.
  ///
  /// Takes a look-up for each number between them, or one pass over the table where that is shorter.
  ///
  /// - Parameters:
  ///   - key: the frame that is meant, itself included.
  ///   - window: the numbers that will do; none below 0.
  /// - Returns: the last one at or before it, and the first one after it.
  package func nearest(to key: FrameKey, in window: ClosedRange<Int>) -> (atOrBefore: Int?, after: Int?) {
    if window.upperBound - window.lowerBound >= table.placeCount { return scan(key, window) }
    var (before, after): (Int?, Int?)
    var number = min(key.number, window.upperBound)
    while number >= window.lowerBound, before == nil {
      if has(number, key) { before = number }
      number -= 1
    }
    number = max(key.number + 1, window.lowerBound)
    while number <= window.upperBound, after == nil {
      if has(number, key) { after = number }
      number += 1
    }
    return (before, after)
  }

  /// Calls `body` for each frame that can be looked up, with its tiers, in no order; no use of them.
  package func forEachFrame(_ body: (FrameKey, Residency) -> Void) {
    table.forEach { body($0, entries[$1].residency) }
  }

  private func has(_ number: Int, _ key: FrameKey) -> Bool {
    table[FrameKey(stream: key.stream, number: number)] != nil
  }

  private func scan(_ key: FrameKey, _ window: ClosedRange<Int>) -> (atOrBefore: Int?, after: Int?) {
    var (before, after): (Int?, Int?)
    table.forEach { other, _ in
      guard other.stream == key.stream, window.contains(other.number) else { return }
      if other.number <= key.number {
        before = max(before ?? other.number, other.number)
      } else {
        after = min(after ?? other.number, other.number)
      }
    }
    return (before, after)
  }
}
