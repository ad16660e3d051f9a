internal import BufferPolicy
internal import DequeModule
internal import FrameModel
internal import Synchronization

/// The frames of a range in order, forward or backward, as an asynchronous sequence.
///
/// Each iterator is a reader of its own: what it will ask for next is decoded while the program works on what it has.
public struct FrameSequence: AsyncSequence, Sendable {
  private let core: BufferCore
  /// Keeps the buffer open as long as somebody reads from it.
  private let buffer: FrameBuffer
  private let range: Range<Int>
  private let direction: Direction
  private let isPreload: Bool
  private let place: Placement

  /// - Parameter isPreload: somebody will read the range afterwards, and go on from there. Else frames that were passed may
  ///   go when the decoder needs their memory, and what lies beyond the range is not wanted.
  init(
    core: BufferCore, of buffer: FrameBuffer, range: Range<Int>, direction: Direction, in place: Placement,
    isPreload: Bool = false
  ) {
    self.place = place
    self.core = core
    self.buffer = buffer
    self.range = range
    self.direction = direction
    self.isPreload = isPreload
  }

  /// Makes a reader at the beginning of the range (its end, where it goes backward).
  public func makeAsyncIterator() -> Iterator {
    Iterator(core: core, of: buffer, range: range, direction: direction, in: place, isPreload: isPreload)
  }

  /// Reads the range.
  public struct Iterator: AsyncIteratorProtocol {
    private let reader: Reader
    private let isPreload: Bool
    private let buffer: FrameBuffer
    private var rest: Range<Int>

    private let place: Placement

    init(
      core: BufferCore, of buffer: FrameBuffer, range: Range<Int>, direction: Direction, in place: Placement,
      isPreload: Bool
    ) {
      self.buffer = buffer
      self.place = place
      self.isPreload = isPreload
      rest = range
      // Kept surfaces would have to be downloaded for those to come.
      let isKept = place == .host && range.clamped(to: 0..<(core.frameCount ?? .max)).count <= core.keepWhole
      reader = Reader(
        core: core, range: range, direction: direction, isPreload: isPreload, leavesTrail: !isPreload && !isKept)
    }

    /// The next frame; nil at the end of the range or of the stream.
    public mutating func next() async throws -> FrameLease? {
      guard !rest.isEmpty else { return nil }
      try Task.checkCancellation()
      // The stream may turn out to be shorter than it was when the sequence was made.
      if let count = reader.core.frameCount, rest.upperBound > count {
        rest = rest.lowerBound < count ? rest.lowerBound..<count : 0..<0
      }
      guard !rest.isEmpty else { return nil }
      let number = reader.direction == .forward ? rest.lowerBound : rest.upperBound - 1
      do {
        let (lease, hasWaited) = try await reader.core.frame(
          number, urgency: .range, reader: reader.id, in: place, isRead: !isPreload)
        reader.passed(number, hasWaited: hasWaited)
        rest = reader.direction == .forward ? number + 1..<rest.upperBound : rest.lowerBound..<number
        if place == .host, lease.descriptor.backend == .vaapi, !rest.isEmpty {
          reader.core.prepareOnHost(number + reader.direction.rawValue)
        }
        return lease
      } catch let error as VABufError where error.code == .noSuchFrame && number >= (reader.core.frameCount ?? .max) {
        rest = 0..<0
        return nil
      }
    }
  }

  /// What an iterator leaves behind: its look-ahead, which ends with it, and its trail.
  ///
  /// A reader that waits for the decoder would pay for every page of fresh memory in which its frames are kept, so its
  /// trail is short: older frames that nobody else used give their memory, still warm, to the frames to come. A reader
  /// that is slower than the decoder leaves everything to the cache, and so does one of a range of which half a cache
  /// is enough: somebody may come back to it. Where several sessions decode a range (ADR 0021), the reader is not the slower one,
  /// though most frames are there when it comes.
  private final class Reader: Sendable {
    private struct Trail {
      var numbers: Deque<Int> = []
      var sinceWait = Int.max
    }

    let core: BufferCore
    let direction: Direction
    let id: Int
    private let leavesTrail: Bool
    private let trail = Mutex(Trail())

    /// So many requests without a wait make a reader slower than the decoder, whose frames come in bursts.
    private static let patience = 16

    init(core: BufferCore, range: Range<Int>, direction: Direction, isPreload: Bool, leavesTrail: Bool) {
      self.core = core
      self.direction = direction
      self.leavesTrail = leavesTrail
      id = core.addReader(direction, of: range, isPart: isPreload)
    }

    deinit { core.removeReader(id) }

    func passed(_ number: Int, hasWaited: Bool) {
      guard leavesTrail else { return }
      let oldest = trail.withLock { trail -> Int? in
        trail.sinceWait = hasWaited ? 0 : trail.sinceWait == .max ? .max : trail.sinceWait + 1
        trail.numbers.append(number)
        guard trail.numbers.count > core.trailFrames, let oldest = trail.numbers.popFirst() else { return nil }
        return trail.sinceWait < Self.patience ? oldest : nil
      }
      if let oldest { core.giveUp(oldest) }
    }
  }
}
