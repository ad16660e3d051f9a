public import FrameModel
import Synchronization
public import VABuf

/// A source of frames that is not vabuf's own decoder: pictures stamped with their number, delivered as a script says.
public final class ScriptedSource: FrameSource {
  /// What the source does.
  public enum Script: Sendable, Hashable {
    /// Sends what it is asked for.
    case serve
    /// Sends these frames in order, asked or not, as a camera does, and then ends.
    case push(Range<Int>)
    /// Answers the first request for a frame with the one after it, and later ones rightly.
    case serveWrongFirst
  }

  /// What the source throws when it dies.
  public struct Death: Error, Hashable, CustomStringConvertible {
    /// The frame that it came to.
    public let frame: Int
    /// Says so.
    public var description: String { "died at frame \(frame)" }
  }

  /// How the source ends before its time.
  public enum End: Sendable, Hashable {
    /// Throws `Death` when it comes to the frame.
    case dies(at: Int)
    /// Throws `Death` when it has sent the frame.
    case diesAfter(Int)
    /// Returns when it comes to the frame.
    case returns(at: Int)
  }

  /// The size of the pictures: one plane of bytes.
  public static let width = 64
  /// The rows of the pictures.
  public static let height = 16
  private static let stride = 64

  private struct Log {
    var requests: [FrameRequest] = []
    var abandoned: [FrameRequest] = []
    var sent: [Int] = []
    var wronged: Set<Int> = []
  }

  private let script: Script
  private let end: End?
  private let gates: [Int: Gate]
  private let refused: Set<Int>
  private let byteCount: Int
  private let tracker: LifetimeTracker?
  private let decodeTime: Duration?
  private let log = Mutex(Log())

  /// Counts requests that were taken.
  public let taken = Tally()
  /// Counts sends that came back.
  public let sends = Tally()
  /// Counts sends that began.
  public let begun = Tally()
  /// Counts runs that ended.
  public let ended = Tally()

  /// Creates a source.
  ///
  /// - Parameters:
  ///   - script: what it does.
  ///   - end: how it ends before its time.
  ///   - gates: where it waits before it sends a frame; it then asks again whether its request is current.
  ///   - refused: frames of which it says that they cannot be had.
  ///   - byteCount: bytes that it leases for each frame; at least those of the picture.
  ///   - tracker: counts the frames that are alive.
  ///   - decodeTime: how long it says that decoding a frame took.
  public init(
    _ script: Script = .serve, end: End? = nil, gates: [Int: Gate] = [:], refused: Set<Int> = [],
    byteCount: Int = 0, tracker: LifetimeTracker? = nil, decodeTime: Duration? = nil
  ) {
    self.script = script
    self.end = end
    self.gates = gates
    self.refused = refused
    self.byteCount = max(byteCount, Self.stride * Self.height)
    self.tracker = tracker
    self.decodeTime = decodeTime
  }

  /// The requests that it took, in order.
  public var requests: [FrameRequest] { log.withLock { $0.requests } }
  /// The requests that it gave up because they were no longer current.
  public var abandoned: [FrameRequest] { log.withLock { $0.abandoned } }
  /// The frames that it sent, in order.
  public var sent: [Int] { log.withLock { $0.sent } }

  /// The error with which it refuses a frame.
  public static func refusal(_ number: Int) -> VABufError {
    VABufError(.decodingFailed, what: "frame \(number)", why: "the script refuses it", remedy: "ask for another one")
  }

  /// The number that the whole picture of a frame bears; nil where it is not one picture.
  public static func stampedNumber(of lease: FrameLease) -> Int? {
    lease.withPlane(0) { plane in
      let bytes = UnsafeRawBufferPointer(start: plane.baseAddress, count: stride * height)
      return StampedFrames.number(in: bytes, width: width, height: height, stride: plane.layout.stride)
    }
  }

  /// Follows the script until the buffer closes.
  public func run(_ port: FramePort) async throws {
    defer { ended.add() }
    do {
      if case .push(let frames) = script {
        for number in frames where try await !deliver(number, port) { return }
      } else {
        try await serve(port)
      }
    } catch let error as VABufError where error.code == .closed {
      return
    }
  }

  private func serve(_ port: FramePort) async throws {
    var position: Int?
    while let request = await port.nextRequest(position: position) {
      log.withLock { $0.requests.append(request) }
      taken.add()
      for number in request.frames {
        if let gate = gates[number] { try await gate.pass() }
        guard port.isCurrent(request, position: number) else {
          log.withLock { $0.abandoned.append(request) }
          break
        }
        if refused.contains(number) {
          port.fail(number...number, Self.refusal(number))
          continue
        }
        guard try await deliver(number, port) else { return }
        position = number + 1
      }
    }
  }

  /// - Returns: false when the script ends here.
  private func deliver(_ number: Int, _ port: FramePort) async throws -> Bool {
    if end == .dies(at: number) { throw Death(frame: number) }
    if end == .returns(at: number) { return false }
    if case .push = script, let gate = gates[number] { try await gate.pass() }
    let isWrong = script == .serveWrongFirst && log.withLock { $0.wronged.insert(number).inserted }
    do {
      let frame = try picture(isWrong ? number + 1 : number, port)
      begun.add()
      port.countDecoded(1, in: decodeTime)
      try await port.send(frame)
      log.withLock { $0.sent.append(frame.descriptor.number) }
      sends.add()
    } catch let error as VABufError where error.code == .hostMemoryExhausted {
      port.fail(number...number, error)
    }
    if end == .diesAfter(number) { throw Death(frame: number) }
    return true
  }

  /// Makes the picture of a frame, in memory of the port's buffer.
  public func picture(_ number: Int, _ port: FramePort) throws -> SourceFrame {
    let buffer = try port.lease(byteCount: byteCount)
    let bytes = UnsafeMutableRawBufferPointer(start: buffer.baseAddress, count: Self.stride * Self.height)
    StampedFrames.stamp(number, into: bytes, width: Self.width, height: Self.height, stride: Self.stride)
    let format = PixelFormat(
      name: "gray", bitsPerComponent: 8, componentCount: 1, planeCount: 1, log2ChromaWidth: 0, log2ChromaHeight: 0,
      traits: [])
    let plane = PlaneLayout(offset: 0, stride: Self.stride, rowBytes: Self.width, rows: Self.height)
    let descriptor = FrameDescriptor(
      number: number, timestamp: Timestamp(ticks: Int64(number), timeBase: Rational(1, 25)), duration: 1,
      layout: PictureLayout(width: Self.width, height: Self.height, format: format, planes: [plane]))
    return SourceFrame(descriptor: descriptor, buffer: buffer, owner: tracker?.object())
  }
}
