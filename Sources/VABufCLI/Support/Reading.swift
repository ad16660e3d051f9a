import ArgumentParser
import VABuf

/// Frames `first` to `last`, both included; backward where `last` is the smaller one.
struct FrameRange: Equatable, ExpressibleByArgument {
  var first: Int
  var last: Int

  init(first: Int, last: Int) {
    self.first = first
    self.last = last
  }

  /// Reads `3-9` or `9-3`.
  init?(argument: String) {
    let parts = argument.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 2, let first = FrameRange.number(parts[0]), let last = FrameRange.number(parts[1]) else {
      return nil
    }
    self.init(first: first, last: last)
  }

  /// A frame number: digits only.
  static func number(_ text: some StringProtocol) -> Int? {
    guard !text.isEmpty, text.allSatisfy({ $0.isASCII && $0.isNumber }), let number = Int(text), number < .max else {
      return nil
    }
    return number
  }

  var direction: Direction { first <= last ? .forward : .backward }
  var numbers: Range<Int> { min(first, last)..<max(first, last) + 1 }
}

extension FrameBuffer {
  /// Gives the frames of a range in its order; those before one that does not exist, then the error.
  func read(_ range: FrameRange, _ body: (FrameLease) async throws -> Void) async throws {
    if range.direction == .backward, let count = frameCount, range.first >= count { try await refuse(range.first) }
    var next = range.first
    for try await lease in frames(range.numbers, direction: range.direction) {
      try await body(lease)
      next += range.direction.rawValue
    }
    let isDone = range.direction == .forward ? next > range.last : next < range.last
    if !isDone { try await refuse(next) }
  }

  /// Gives all frames from a number to the end, or from the end down to it.
  ///
  /// The headers may have lied about how many there are, and reading may find out: backward it then starts again at
  /// the new end, as long as nothing was given.
  func readAll(from first: Int, _ direction: Direction, _ body: (FrameLease) async throws -> Void) async throws {
    if let count = frameCount, first >= count, first > 0 { try await refuse(first) }
    guard direction == .backward else {
      for try await lease in frames(first..<Int.max, direction: .forward) { try await body(lease) }
      return
    }
    while let count = frameCount, count > first {
      var given = 0
      for try await lease in frames(first..<count, direction: .backward) {
        try await body(lease)
        given += 1
      }
      guard given == 0, frameCount != count else { return }
    }
  }

  /// Fails as asking for this frame fails.
  private func refuse(_ number: Int) async throws {
    _ = try await frame(at: number)
    throw VABufError(
      .noSuchFrame, what: "frame \(number)", why: "the stream ended before it",
      remedy: "ask for a frame within the stream")
  }
}
