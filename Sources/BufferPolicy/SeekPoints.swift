/// The frames at which decoding can start.
package struct SeekPoints: Sendable {
  /// Ascending.
  private let frames: [Int]
  /// The most frames from one of them to the next.
  package let longestRun: Int

  /// - Parameter frames: in any order; negative ones are none.
  package init(_ frames: [Int]) {
    self.frames = frames.filter { $0 >= 0 }.sorted()
    longestRun = zip(self.frames, self.frames.dropFirst()).map { $1 - $0 }.max() ?? .max
  }

  /// Where decoding starts on the way to a frame; nil where that is not known.
  package func last(atOrBefore number: Int) -> Int? {
    let index = index(after: number)
    return index > 0 ? frames[index - 1] : nil
  }

  /// The first one beyond a frame; nil where there is none.
  func first(after number: Int) -> Int? {
    let index = index(after: number)
    return index < frames.count ? frames[index] : nil
  }

  private func index(after number: Int) -> Int {
    var (low, high) = (0, frames.count)
    while low < high {
      let middle = (low + high) / 2
      if frames[middle] <= number { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
