public import FrameModel

/// Something that decodes: vabuf's own decoder, or a program's.
///
/// A source takes requests from the port and sends frames into it. It may also send what nobody asked for, as a
/// camera does: the port holds it back when it is too far ahead of the reader.
public protocol FrameSource: Sendable {
  /// Serves a buffer until it closes.
  ///
  /// Called once, in a task of its own; cancelled when the buffer closes.
  ///
  /// - Throws: whatever ends the source for good: every waiting request then fails with it.
  func run(_ port: FramePort) async throws
}

/// What a buffer wants from its source.
public struct FrameRequest: Hashable, Sendable {
  /// How soon frames are needed.
  public enum Urgency: String, Hashable, Sendable {
    /// Somebody waits for one frame.
    case demand
    /// Somebody reads a range.
    case range
    /// Nobody waits yet.
    case prefetch
  }

  /// The frames to deliver, in rising order.
  public let frames: ClosedRange<Int>
  /// How soon.
  public let urgency: Urgency
  let serial: UInt64
  /// Frames before these may be wanted next.
  var looksBack = true
  /// They are for a reader that goes backward: how many frames before them it will want, and the cache has room for.
  var reach: Int?
  /// And how many after them it passed over: these come too, wanted or not.
  var passed = 0
  /// The last frame that is decoded for such a reader.
  var last: Int { frames.upperBound + passed }

  /// Whether a frame is one of those that the reader passed over.
  func passesOver(_ number: Int) -> Bool { frames.upperBound < number && number <= last }
}

/// Where a source meets its buffer: requests come out, frames go in.
///
/// Any thread may use it; frames are sent by one task at a time.
public final class FramePort: Sendable {
  let core: BufferCore
  private let channel: FrameChannel

  init(core: BufferCore, channel: FrameChannel) {
    self.core = core
    self.channel = channel
  }

  /// The most urgent thing to do now, as soon as there is something.
  ///
  /// - Parameter position: the frame that the source would deliver next by going on; nil where it must seek anyway.
  ///   A frame just ahead of it is asked for before the source is made to jump.
  /// - Returns: nil when the buffer has closed.
  public func nextRequest(position: Int?) async -> FrameRequest? { await core.nextRequest(position: position) }

  /// Whether the source should go on with a request: false as soon as nobody wants the rest of it, or something more
  /// urgent came. Cheap: ask after each frame.
  public func isCurrent(_ request: FrameRequest, position: Int) -> Bool {
    core.isCurrent(request, position: position)
  }

  /// Whether somebody waits for a frame or it is planned.
  public func isWanted(_ number: Int) -> Bool { core.isWanted(number) }

  /// Delivers a frame. Suspends while the channel is full.
  ///
  /// A frame that the buffer has a place for goes there at once; others wait in the channel until the reader comes
  /// nearer.
  ///
  /// - Throws: `VABufError` with code `closed` when the buffer has closed, with code `noSuchFrame` for a number that no frame
  ///   has; `CancellationError` where the wait for room is cancelled: the frame is on its way all the same.
  public func send(_ frame: SourceFrame) async throws {
    if try core.takesAtOnce(frame.descriptor.number) {
      core.keep(frame)
      await core.keepUp()
      return
    }
    try core.willSend(frame.descriptor.number)
    try await channel.send(frame) { core.didNotSend(frame.descriptor.number) }
  }

  /// Says that the frames of a request cannot be had. Those who wait for one of them get the error.
  public func fail(_ frames: ClosedRange<Int>, _ error: VABufError) { core.fail(frames, error) }

  /// Lets go of every frame that was delivered: their numbers turned out to be wrong.
  func forgetFrames() async { await core.forgetFrames() }

  /// Says how many frames there are; until then only what was sent is known to exist.
  ///
  /// - Parameters:
  ///   - count: how many; less than before makes requests beyond it fail.
  ///   - seekPoints: the frames at which decoding can start; nil where they are those that were named before. Whoever reads
  ///     backward gets its frames decoded in time where they are known.
  public func setFrameCount(_ count: Int, seekPoints: [Int]? = nil) {
    core.setFrameCount(count, seekPoints: seekPoints)
  }

  /// Leases memory for a picture from the buffer's pool.
  ///
  /// - Throws: `VABufError` with code `hostMemoryExhausted` when too much is leased.
  public func lease(byteCount: Int) throws(VABufError) -> any HostBuffer { try core.pool.lease(byteCount: byteCount) }

  /// Counts frames that the source decoded, delivered or not, for the buffer's metrics.
  ///
  /// - Parameters:
  ///   - frames: how many since the last call.
  ///   - duration: how long that took; nil where it was not measured. The look-ahead goes by it.
  public func countDecoded(_ frames: Int, in duration: Duration? = nil) {
    core.decoded(frames, nanoseconds: duration.map { UInt64(clamping: $0.nanoseconds) })
  }

  /// How many frames before a requested one are worth delivering too, where they are decoded on the way. Not always the same:
  /// packed frames may take less memory than was expected.
  public var keepBehind: Int { core.keepBehind }
}
