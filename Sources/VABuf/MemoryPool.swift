internal import Decoding
public import FrameModel

/// Host memory for pictures, leased in size-bucketed buffers and used again: no `malloc` and no page fault a frame once
/// it is warm.
///
/// Several buffers may share one pool and its capacity: when memory runs out, each gives up the cached frames that are
/// least useful to it. Leases keep the pool's memory alive, also after the pool itself is gone. Any thread may use it.
public final class MemoryPool: HostAllocator {
  private let core: PoolCore
  /// The devices whose surfaces are shared like the memory.
  let devices: HardwareDevices

  /// Makes a pool.
  ///
  /// - Parameters:
  ///   - capacity: bytes that leased and idle buffers may take together.
  ///   - surfaces: surfaces of a GPU that decoders, caches and the program may hold together.
  ///   - surfaceBytes: bytes that these surfaces may take, by their coded size and format.
  ///   - deadline: how long a blocking `allocate`, or a decoder that needs a surface, waits before it fails.
  ///   - deviceDeadline: how long a call into a driver may take before it counts as a hang: the device is then given up.
  public init(
    capacity: Int, surfaces: Int = MemoryPool.defaultSurfaces, surfaceBytes: Int = MemoryPool.defaultSurfaceBytes,
    deadline: Duration = .seconds(5), deviceDeadline: Duration = .seconds(10)
  ) {
    core = PoolCore(capacity: max(0, capacity), deadline: deadline)
    devices = HardwareDevices(
      limits: SurfaceLimits(surfaces: max(1, surfaces), bytes: max(0, surfaceBytes)),
      patience: Patience(surface: deadline, driver: deviceDeadline), advice: Probe.remembered)
  }

  deinit { core.close() }

  /// Surfaces that a pool allows where nobody says how many.
  public static let defaultSurfaces = 128
  /// Bytes that they may take: 86 surfaces of 4K in 8 bits, which leaves room on a GPU that shares 8 GiB.
  public static let defaultSurfaceBytes = 1 << 30

  /// Bytes that leased and idle buffers may take together.
  public var capacity: Int { core.capacity }

  /// Bytes that may be leased now without anybody giving something up.
  var freeBytes: Int { core.freeBytes }

  /// Leases a buffer of at least `byteCount` bytes, 64-byte aligned, now or not at all.
  ///
  /// Caches that share the pool give up frames for it. The content is undefined.
  ///
  /// - Throws: `VABufError` with code `hostMemoryExhausted` when too much is leased or pinned.
  public func lease(byteCount: Int) throws(VABufError) -> any HostBuffer {
    try core.lease(byteCount)
  }

  /// Leases a buffer, blocking the calling thread until memory comes back. For decoders: never call it on a cooperative
  /// thread.
  ///
  /// - Throws: `VABufError` with code `hostMemoryExhausted` after the pool's deadline.
  public func allocate(byteCount: Int) throws(VABufError) -> any HostBuffer {
    try allocate(byteCount: byteCount, within: nil)
  }

  /// The same, for at most `limit`; nil for the pool's deadline, which is the most.
  ///
  /// - Throws: `VABufError` with code `hostMemoryExhausted` after that time.
  public func allocate(byteCount: Int, within limit: Duration?) throws(VABufError) -> any HostBuffer {
    try core.leaseBlocking(byteCount, within: limit) { false }
  }

  /// Leases a buffer, suspending until memory comes back, or `isAbandoned` says that nobody waits for it any more.
  ///
  /// - Parameter limit: how long it waits; nil for the pool's deadline, which is the most.
  /// - Throws: `VABufError` with code `hostMemoryExhausted` after that time, `closed`; `CancellationError`.
  func lease(
    waitingFor byteCount: Int, within limit: Duration? = nil, isAbandoned: () -> Bool
  ) async throws -> any HostBuffer {
    try await core.leaseSuspending(byteCount, within: limit, isAbandoned: isAbandoned)
  }

  /// `allocate`, until `isAbandoned` says that nobody waits for it any more: then it fails with code `closed`.
  func allocate(byteCount: Int, within limit: Duration?, isAbandoned: () -> Bool) throws(VABufError) -> any HostBuffer {
    try core.leaseBlocking(byteCount, within: limit, isAbandoned: isAbandoned)
  }

  /// Allocates buffers ahead and touches their pages, as many of `count` as the capacity holds.
  ///
  /// - Returns: how many buffers were made.
  @discardableResult
  public func preallocate(byteCount: Int, count: Int) -> Int { core.preallocate(byteCount, count: count) }

  /// Frees idle buffers until at most `idleBytes` are kept for reuse.
  public func trim(idleBytes: Int = 0) { core.trim(idleBytes) }

  /// What the pool did so far. Each number is read by itself, without a lock.
  public var metrics: PoolMetrics { core.metrics }

  /// Registers a cache that gives up frames when memory runs out.
  func register(_ reclaimer: any MemoryReclaimer) { core.register(reclaimer) }

  func unregister(_ reclaimer: any MemoryReclaimer) { core.unregister(reclaimer) }
}

/// What a pool did so far.
public struct PoolMetrics: Hashable, Sendable, Codable {
  /// Buffers handed out.
  public var leases: Int
  /// Leases that got memory which was used before.
  public var reuses: Int
  /// Bytes that are leased now, whole buckets counted.
  public var bytesInUse: Int
  /// Bytes that are kept for reuse now.
  public var idleBytes: Int
  /// The most bytes that were leased and idle together.
  public var highWaterBytes: Int
  /// How many blocking leases had to wait.
  public var waits: Int
  /// Nanoseconds spent in those waits.
  public var waitNanoseconds: Int

  /// Share of leases that got used memory, 0 to 1.
  public var reuseRate: Double { leases == 0 ? 0 : Double(reuses) / Double(leases) }
}

/// Something that can give memory back to a pool.
protocol MemoryReclaimer: AnyObject, Sendable {
  /// Gives up about so many bytes, if it can. Called without a lock held.
  ///
  /// - Returns: bytes given up.
  func reclaim(hostBytes: Int) -> Int
}
