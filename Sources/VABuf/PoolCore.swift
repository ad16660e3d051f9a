internal import BufferPolicy
internal import Dispatch
internal import FrameModel
internal import Synchronization

/// The part of a pool that its leases keep alive: the policy and the memory behind one lock.
final class PoolCore: Sendable {
  private struct State: ~Copyable {
    var policy: PoolPolicy
    /// Memory by buffer number.
    var regions: [MemoryRegion?] = []
    /// Blocked leases, to be woken when memory comes back.
    var waiters: [DispatchSemaphore] = []
    var reclaimers: [WeakReclaimer] = []
  }

  private struct WeakReclaimer {
    weak var value: (any MemoryReclaimer)?
  }

  private let state: Mutex<State>
  private let deadline: Duration
  private let arenas = MemoryArenas()
  private let counters = PoolCounters()

  init(capacity: Int, deadline: Duration) {
    state = Mutex(State(policy: PoolPolicy(capacity: capacity)))
    self.deadline = deadline
  }

  var capacity: Int { state.withLock { $0.policy.capacity } }
  var metrics: PoolMetrics { counters.snapshot }
  var freeBytes: Int { state.withLock { $0.policy.capacity - $0.policy.leasedBytes } }

  /// Frees what is idle; what is leased is freed as it comes back.
  func close() {
    let freed = state.withLock { state in
      var discard: [PoolPolicy.BufferID] = []
      state.policy.close(into: &discard)
      counters.note(state.policy)
      return Self.take(discard, from: &state)
    }
    Self.free(freed)
  }

  // MARK: - Leases

  private enum Attempt {
    case lease(PoolLease)
    case missing(Int)
    case failed(VABufError)
  }

  func lease(_ byteCount: Int) throws(VABufError) -> PoolLease {
    var attempt = tryLease(byteCount)
    // What is given up may be taken by another stream at once, and of packed frames it comes back when all go that share
    // a buffer: try some times.
    for _ in 0..<16 {
      guard case .missing(let bytes) = attempt, reclaim(bytes) > 0 else { break }
      attempt = tryLease(byteCount)
    }
    switch attempt {
    case .lease(let lease): return lease
    case .failed(let error): throw error
    case .missing: throw exhausted(byteCount)
    }
  }

  /// - Parameter limit: how long it waits; nil for the deadline, which is the most.
  func leaseBlocking(
    _ byteCount: Int, within limit: Duration?, isAbandoned: () -> Bool
  ) throws(VABufError) -> PoolLease {
    if isAbandoned() { throw abandoned }
    // As a rule there is some at once, and nothing to wait with is needed.
    do {
      return try lease(byteCount)
    } catch {
      guard error.code == .hostMemoryExhausted, isPossible(byteCount) else { throw error }
    }
    let limit = min(limit ?? deadline, deadline)
    let start = ContinuousClock.now
    var hasWaited = false
    while true {
      if isAbandoned() { throw abandoned }
      // Registered before the attempt, so that no release is missed between the two.
      let signal = DispatchSemaphore(value: 0)
      state.withLock { $0.waiters.append(signal) }
      defer { state.withLock { $0.waiters.removeAll { $0 === signal } } }
      do {
        return try lease(byteCount)
      } catch {
        let left = limit - (ContinuousClock.now - start)
        guard error.code == .hostMemoryExhausted, isPossible(byteCount), left > .zero else { throw error }
        if !hasWaited { counters.waits.count() }
        hasWaited = true
        let waitStart = ContinuousClock.now
        // A cached frame that is unpinned gives no signal: look again from time to time.
        let pause = min(left, .milliseconds(20))
        _ = signal.wait(timeout: .now() + .nanoseconds(Int(pause.nanoseconds)))
        counters.waitNanoseconds.add(Int((ContinuousClock.now - waitStart).nanoseconds), ordering: .relaxed)
      }
    }
  }

  /// The same without a thread that blocks.
  ///
  /// - Parameter limit: how long it waits; nil for the deadline, which is the most.
  func leaseSuspending(
    _ byteCount: Int, within limit: Duration?, isAbandoned: () -> Bool
  ) async throws -> PoolLease {
    let limit = min(limit ?? deadline, deadline)
    let start = ContinuousClock.now
    var hasWaited = false
    while true {
      do {
        return try lease(byteCount)
      } catch {
        let isLate = ContinuousClock.now - start >= limit
        guard error.code == .hostMemoryExhausted, isPossible(byteCount), !isLate else { throw error }
      }
      if isAbandoned() { throw abandoned }
      if !hasWaited { counters.waits.count() }
      hasWaited = true
      let waitStart = ContinuousClock.now
      defer { counters.waitNanoseconds.add(Int((ContinuousClock.now - waitStart).nanoseconds), ordering: .relaxed) }
      // A cached frame that is unpinned gives no signal: look again from time to time.
      try await Task.sleep(for: .milliseconds(5))
    }
  }

  private var abandoned: VABufError {
    VABufError(.closed, what: "host memory", why: "the buffer was closed", remedy: "open another one")
  }

  private func isPossible(_ byteCount: Int) -> Bool {
    byteCount <= SizeBuckets.maximum && SizeBuckets.bucket(for: byteCount).bytes <= capacity
  }

  private func exhausted(_ byteCount: Int) -> VABufError {
    let (capacity, leased, count) = state.withLock {
      ($0.policy.capacity, $0.policy.leasedBytes, $0.policy.leasedCount)
    }
    return VABufError(
      .hostMemoryExhausted, what: "host memory for a picture of \(byteCount) bytes",
      why: "\(leased) of \(capacity) bytes are leased, in \(count) buffers",
      remedy: "release frames that you hold, or give the pool more memory (`Options.hostMemory`)")
  }

  private func tryLease(_ byteCount: Int) -> Attempt {
    let (decision, freed, reused) = state.withLock {
      state -> (PoolPolicy.LeaseDecision, [MemoryRegion], MemoryRegion?) in
      let decision = state.policy.lease(bytes: byteCount)
      counters.note(state.policy)
      switch decision {
      case .reuse(let id, _): return (decision, [], state.regions[id])
      case .create(_, _, let discard): return (decision, Self.take(discard, from: &state), nil)
      case .overCapacity, .tooLarge: return (decision, [], nil)
      }
    }
    Self.free(freed)
    switch decision {
    case .reuse(let id, let bytes):
      guard let region = reused else { preconditionFailure("buffer \(id) has no memory") }
      return .lease(PoolLease(core: self, id: id, region: region, byteCount: bytes))
    case .create(let id, let bytes, _):
      guard let region = adopt(id, arenas.allocate(bytes)) else {
        return .failed(
          VABufError(
            .hostMemoryExhausted, what: "host memory for a picture of \(byteCount) bytes",
            why: "the system gives no more memory", remedy: "close other programs, or lower `Options.hostMemory`"))
      }
      return .lease(PoolLease(core: self, id: id, region: region, byteCount: bytes))
    case .overCapacity(let missing): return .missing(missing)
    case .tooLarge: return .failed(exhausted(byteCount))
    }
  }

  /// Enters new memory, or gives its number back where there is none.
  private func adopt(_ id: PoolPolicy.BufferID, _ region: MemoryRegion?) -> MemoryRegion? {
    state.withLock { state in
      guard let region else {
        state.policy.createFailed(id)
        counters.note(state.policy)
        return nil
      }
      while state.regions.count <= id { state.regions.append(nil) }
      state.regions[id] = region
      return region
    }
  }

  /// Takes a lease back.
  fileprivate func release(_ id: PoolPolicy.BufferID) {
    let (freed, waiters) = state.withLock { state -> ([MemoryRegion], [DispatchSemaphore]) in
      let discard = state.policy.release(id)
      counters.note(state.policy)
      return (Self.take(discard.map { [$0] } ?? [], from: &state), state.waiters)
    }
    Self.free(freed)
    for waiter in waiters { waiter.signal() }
  }

  // MARK: - Pressure

  private func reclaim(_ bytes: Int) -> Int {
    let reclaimers = state.withLock { state in
      state.reclaimers.removeAll { $0.value == nil }
      return state.reclaimers.compactMap(\.value)
    }
    var given = 0
    for reclaimer in reclaimers where given < bytes { given += reclaimer.reclaim(hostBytes: bytes - given) }
    return given
  }

  func register(_ reclaimer: any MemoryReclaimer) {
    state.withLock { $0.reclaimers.append(WeakReclaimer(value: reclaimer)) }
  }

  func unregister(_ reclaimer: any MemoryReclaimer) {
    state.withLock { $0.reclaimers.removeAll { $0.value === reclaimer } }
  }

  // MARK: - Housekeeping

  func preallocate(_ byteCount: Int, count: Int) -> Int {
    let made = state.withLock { state in
      let made = state.policy.preallocate(bytes: byteCount, count: count)
      counters.note(state.policy)
      return made
    }
    var kept = 0
    for buffer in made where adopt(buffer.id, arenas.allocate(buffer.bucketBytes)) != nil {
      release(buffer.id)
      kept += 1
    }
    return kept
  }

  func trim(_ idleBytes: Int) {
    let freed = state.withLock { state in
      var discard: [PoolPolicy.BufferID] = []
      state.policy.trim(toIdleBytes: max(0, idleBytes), into: &discard)
      counters.note(state.policy)
      return Self.take(discard, from: &state)
    }
    Self.free(freed)
  }

  private static func take(_ ids: [PoolPolicy.BufferID], from state: inout State) -> [MemoryRegion] {
    ids.compactMap { state.regions[$0].take() }
  }

  private static func free(_ regions: [MemoryRegion]) {
    for region in regions { region.free() }
  }
}

/// A leased buffer of a pool.
final class PoolLease: HostBuffer {
  private let core: PoolCore
  private let id: PoolPolicy.BufferID
  private let region: MemoryRegion
  let byteCount: Int

  fileprivate init(core: PoolCore, id: PoolPolicy.BufferID, region: MemoryRegion, byteCount: Int) {
    self.core = core
    self.id = id
    self.region = region
    self.byteCount = byteCount
  }

  deinit { core.release(id) }

  var baseAddress: UnsafeMutableRawPointer { region.start }
}

/// The pool's numbers, readable without its lock.
private final class PoolCounters: Sendable {
  let leases = Atomic(0)
  let reuses = Atomic(0)
  let bytesInUse = Atomic(0)
  let idleBytes = Atomic(0)
  let highWaterBytes = Atomic(0)
  let waits = Atomic(0)
  let waitNanoseconds = Atomic(0)

  /// Called under the pool's lock.
  func note(_ policy: PoolPolicy) {
    leases.store(policy.leases, ordering: .relaxed)
    reuses.store(policy.reuses, ordering: .relaxed)
    bytesInUse.store(policy.leasedBytes, ordering: .relaxed)
    idleBytes.store(policy.idleBytes, ordering: .relaxed)
    highWaterBytes.store(policy.highWaterBytes, ordering: .relaxed)
  }

  var snapshot: PoolMetrics {
    PoolMetrics(
      leases: leases.load(ordering: .relaxed), reuses: reuses.load(ordering: .relaxed),
      bytesInUse: bytesInUse.load(ordering: .relaxed), idleBytes: idleBytes.load(ordering: .relaxed),
      highWaterBytes: highWaterBytes.load(ordering: .relaxed), waits: waits.load(ordering: .relaxed),
      waitNanoseconds: waitNanoseconds.load(ordering: .relaxed))
  }
}
