internal import Synchronization

/// What a buffer did so far.
public struct BufferMetrics: Hashable, Sendable, Codable {
  /// Frames that were asked for.
  public var requests = 0
  /// Requests that found the frame there.
  public var residentHits = 0
  /// Requests that found its decode already under way.
  public var joinedHits = 0
  /// Requests that had to start a decode, or failed at once.
  public var misses = 0
  /// Frames that the decoder emitted, given out or not.
  public var decodedFrames = 0
  /// Frames that came from the source.
  public var deliveredFrames = 0
  /// Frames that prefetch planned.
  public var prefetchIssued = 0
  /// Planned frames that were then asked for.
  public var prefetchUsed = 0
  /// Planned frames that were evicted before anybody asked.
  public var prefetchWasted = 0
  /// Frames that were evicted to make room.
  public var evictions = 0
  /// GPU frames that were downloaded to make room on the GPU.
  public var demotions = 0
  /// Frames that are cached now.
  public var cachedFrames = 0
  /// Bytes of the frames that are cached now.
  public var cachedBytes = 0
  /// The pool that the buffer uses, other buffers' leases included.
  public var pool = PoolMetrics(
    leases: 0, reuses: 0, bytesInUse: 0, idleBytes: 0, highWaterBytes: 0, waits: 0, waitNanoseconds: 0)

  /// Share of requests that found the frame there or its decode under way, 0 to 1.
  public var overallHitRate: Double { requests == 0 ? 0 : Double(residentHits + joinedHits) / Double(requests) }
  /// Share of requests that found the frame there, 0 to 1.
  public var residentHitRate: Double { requests == 0 ? 0 : Double(residentHits) / Double(requests) }
}

/// The buffer's counters; each is atomic by itself.
final class BufferCounters: Sendable {
  let requests = Atomic(0)
  let residentHits = Atomic(0)
  let joinedHits = Atomic(0)
  let misses = Atomic(0)
  let decodedFrames = Atomic(0)
  let deliveredFrames = Atomic(0)
}

extension Atomic where Value == Int {
  /// Adds without ordering other memory.
  func count(_ amount: Int = 1) { add(amount, ordering: .relaxed) }
  /// Reads without ordering other memory.
  var value: Int { load(ordering: .relaxed) }
}
