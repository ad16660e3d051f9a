import DequeModule

/// A set of frame numbers in order. A look-up is O(log n). A change at either end, as when ranges are asked for and
/// arrive in order, is O(log n), too; one in the middle moves at most half of the numbers, which is one `memmove`.
struct SortedFrames: Sendable {
  private var frames = Deque<Int>()

  var count: Int { frames.count }
  var isEmpty: Bool { frames.isEmpty }

  mutating func insert(_ frame: Int) {
    let index = lowerBound(frame)
    if index < frames.count, frames[index] == frame { return }
    frames.insert(frame, at: index)
  }

  mutating func remove(_ frame: Int) {
    let index = lowerBound(frame)
    guard index < frames.count, frames[index] == frame else { return }
    if index == 0 { frames.removeFirst() } else { frames.remove(at: index) }
  }

  func first(atOrAfter frame: Int) -> Int? {
    let index = lowerBound(frame)
    return index < frames.count ? frames[index] : nil
  }

  func count(in range: ClosedRange<Int>) -> Int {
    let end = range.upperBound == .max ? frames.count : lowerBound(range.upperBound + 1)
    return end - lowerBound(range.lowerBound)
  }

  /// The index of the first number that is not less.
  private func lowerBound(_ frame: Int) -> Int {
    if let last = frames.last, last < frame { return frames.count }
    var low = 0
    var high = frames.count
    while low < high {
      let middle = (low + high) / 2
      if frames[middle] < frame { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
