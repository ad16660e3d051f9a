public import FrameModel
import Synchronization

/// Memory for pictures whose lives are counted, and which can be refused.
public final class TrackingAllocator: HostAllocator {
  private let calls = Atomic(0)
  private let refused: Set<Int>
  /// Counts the buffers that are alive.
  public let tracker = LifetimeTracker()

  /// Creates an allocator that refuses these calls, counted from 1.
  public init(refusing refused: Set<Int> = []) { self.refused = refused }

  /// How many calls there were.
  public var callCount: Int { calls.load(ordering: .relaxed) }

  /// The error of a refused call.
  public static func refusal(_ call: Int) -> VABufError {
    VABufError(
      .hostMemoryExhausted, what: "host memory", why: "call \(call) is refused", remedy: "allocate once more")
  }

  /// A buffer of its own for every call, filled with a pattern that no cleared memory has.
  public func allocate(byteCount: Int) throws(VABufError) -> any HostBuffer {
    let call = calls.add(1, ordering: .relaxed).newValue
    if refused.contains(call) { throw Self.refusal(call) }
    return Buffer(byteCount, tracker.object())
  }

  // Sendable: the address never changes; who may write is up to who holds the buffer.
  private final class Buffer: HostBuffer, @unchecked Sendable {
    let baseAddress: UnsafeMutableRawPointer
    let byteCount: Int
    private let tracked: LifetimeTracker.Tracked

    init(_ byteCount: Int, _ tracked: LifetimeTracker.Tracked) {
      self.byteCount = byteCount
      self.tracked = tracked
      baseAddress = .allocate(byteCount: byteCount, alignment: 64)
      baseAddress.initializeMemory(as: UInt8.self, repeating: 0xa5, count: byteCount)
    }

    deinit { baseAddress.deallocate() }
  }
}
