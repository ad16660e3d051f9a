internal import BufferPolicy
internal import FrameModel

/// The frames of a range in order, forward or backward, as an asynchronous sequence.
///
/// Each iterator is a reader of its own: what it will ask for next is decoded while the program works on what it has.
public struct FrameSequence: AsyncSequence, Sendable {
  private let core: BufferCore
  private let range: Range<Int>
  private let direction: Direction

  init(core: BufferCore, range: Range<Int>, direction: Direction) {
    self.core = core
    self.range = range
    self.direction = direction
  }

  /// Makes a reader at the beginning of the range (its end, where it goes backward).
  public func makeAsyncIterator() -> Iterator { Iterator(core: core, range: range, direction: direction) }

  /// Reads the range.
  public struct Iterator: AsyncIteratorProtocol {
    private let reader: Reader
    private var rest: Range<Int>

    init(core: BufferCore, range: Range<Int>, direction: Direction) {
      reader = Reader(core: core, direction: direction)
      rest = range
      if direction == .backward, let count = core.frameCount { rest = range.clamped(to: 0..<count) }
    }

    /// The next frame; nil at the end of the range or of the stream.
    public mutating func next() async throws -> FrameLease? {
      guard !rest.isEmpty else { return nil }
      try Task.checkCancellation()
      let number = reader.direction == .forward ? rest.lowerBound : rest.upperBound - 1
      do {
        let lease = try await reader.core.frame(number, urgency: .range, reader: reader.id)
        rest = reader.direction == .forward ? number + 1..<rest.upperBound : rest.lowerBound..<number
        return lease
      } catch let error as VABufError where error.code == .noSuchFrame && number >= (reader.core.frameCount ?? .max) {
        rest = 0..<0
        return nil
      }
    }
  }

  /// Ends the reader's look-ahead when its iterator is gone.
  private final class Reader: Sendable {
    let core: BufferCore
    let direction: Direction
    let id: Int

    init(core: BufferCore, direction: Direction) {
      self.core = core
      self.direction = direction
      id = core.addReader(direction)
    }

    deinit { core.removeReader(id) }
  }
}
