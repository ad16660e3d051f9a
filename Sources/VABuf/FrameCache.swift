internal import BufferPolicy
internal import Decoding
internal import FrameModel
internal import Synchronization

/// The frames that are kept: the policy and its frames behind one lock. Frames are let go after it.
final class FrameCache: MemoryReclaimer, SurfaceReclaimer {
  private struct State: ~Copyable {
    var policy: CachePolicy
    var frames: [StoredFrame?] = []
    /// How many leases hold each slot's surface.
    var surfaceLeases: [Int] = []
    var actions: [CachePolicy.Action] = []
    var spare = SpareLeases()
    /// Leases that are to be let go of after unlocking.
    var released: [FrameLease] = []

    /// Takes back the pins of leases that nobody holds: before anything is evicted, or put in order.
    mutating func unpinSpare() {
      // The one that was used last is the last one.
      for lease in spare.forgetSpare().sorted(by: { policy.lastUse(of: $0.slot) < policy.lastUse(of: $1.slot) }) {
        lease.pinIsGone()
        policy.unpin(lease.slot, into: &actions)
        released.append(lease)
      }
    }

    /// No longer keeps the lease of a slot, for whose frame there is no further reader.
    mutating func forgetLease(of slot: Int) {
      if let lease = spare.forget(slot) { released.append(lease) }
    }
  }

  /// Called without a lock held.
  struct Hooks: Sendable {
    /// A frame was evicted.
    var evicted: @Sendable (Int) -> Void = { _ in }
    /// Downloads a frame that is about to leave the GPU, and calls `demoted` or `demotionFailed` for its slot.
    var demote: @Sendable (FrameCache, Int, SurfaceFrame) -> Void = { cache, slot, _ in cache.demotionFailed(slot) }
    /// Packs a frame, and calls `packed` or `packingFailed` for it.
    var pack: @Sendable (FrameCache, PackJob) -> Void = { cache, job in cache.packingFailed(job, isFinal: true) }
  }

  /// A frame that is to be packed. Its slot may name another one by the time that it is.
  struct PackJob: Sendable {
    fileprivate let slot: Int
    let frame: StoredFrame
  }

  private let state: Mutex<State>
  private let hooks: Hooks
  private let loose = LooseSurfaces()

  init(limits: CachePolicy.Limits, hooks: Hooks = Hooks()) {
    state = Mutex(State(policy: CachePolicy(limits: limits)))
    self.hooks = hooks
  }

  // MARK: - Leases

  /// A lease of a frame that is there.
  ///
  /// - Parameters:
  ///   - place: what the lease is to hold, as far as the frame is there already; else it holds what there is.
  ///   - isUse: a reader gets the lease.
  func lease(_ key: FrameKey, in place: Placement, isUse: Bool = true) -> FrameLease? {
    state.withLock { state -> FrameLease? in
      guard let slot = state.policy.lookUp(key) else { return nil }
      if isUse { state.policy.countUse(slot) }
      // One that is kept has samples in host memory, and no surface.
      if place == .host || !state.policy.residency(of: slot).contains(.gpu), let lease = state.spare.use(slot) {
        return lease
      }
      guard let frame = state.frames[slot] else { preconditionFailure("slot \(slot) has no frame") }
      let tiers = Self.pin(slot, frame, place, &state)
      let lease = FrameLease(frame, tiers, cache: self, slot: slot)
      if tiers.host != nil, tiers.surface == nil, !state.spare.has(slot) { state.spare.keep(lease) }
      return lease
    }
  }

  /// Another lease of the frame that a lease has, in another place. Where the cache does not have it, the lease is all
  /// that holds it.
  func lease(_ lease: FrameLease, _ picture: HostPicture?, _ surface: SurfaceFrame?) -> FrameLease {
    let tiers = StoredFrame.Tiers(host: picture, surface: surface)
    guard lease.cache != nil else { return FrameLease(lease.stored, tiers, loose: loose) }
    state.withLock { state in
      state.policy.pin(lease.slot)
      if surface != nil { state.surfaceLeases[lease.slot] += 1 }
    }
    return FrameLease(lease.stored, tiers, cache: self, slot: lease.slot)
  }

  private static func pin(
    _ slot: Int, _ frame: StoredFrame, _ place: Placement, _ state: inout State
  ) -> StoredFrame.Tiers {
    var tiers = frame.contents
    // A lease does not keep what it was not asked for: a reader on the host must not hold surfaces.
    if place == .host, tiers.host != nil || tiers.packed != nil { tiers.surface = nil }
    if place == .gpu, tiers.surface != nil { tiers.host = nil }
    // Nobody reads a packed copy.
    if tiers.host != nil || tiers.surface != nil { tiers.packed = nil }
    state.policy.pin(slot)
    if tiers.surface != nil { state.surfaceLeases[slot] += 1 }
    return tiers
  }

  /// Keeps a frame and leases it; where the cache has no room, the lease is all that holds it.
  ///
  /// - Parameter isAwaited: somebody gets the lease: that is a use.
  func insert(_ frame: SourceFrame, _ key: FrameKey, isAwaited: Bool) -> FrameLease {
    let weight: CachePolicy.Weight
    let tier: Residency
    switch frame.contents {
    case .host(let picture): (weight, tier) = (.init(hostBytes: picture.buffer.byteCount, surfaces: 0), .host)
    case .surface(let surface): (weight, tier) = (.init(hostBytes: surface.hostBytes, surfaces: 1), .gpu)
    }
    let stored = StoredFrame(frame)
    let (slot, removed) = state.withLock { state -> (Int?, Removed) in
      state.unpinSpare()
      // What was there is another decode of the same frame, and leaves with all its tiers.
      if let slot = state.policy.slot(of: key) {
        state.forgetLease(of: slot)
        state.policy.remove(key, cause: .replaced, into: &state.actions)
      }
      let slot = state.policy.insert(key, weight: weight, tier: tier, pinned: true, into: &state.actions)
      let removed = take(&state)
      if let slot {
        while state.frames.count <= slot {
          state.frames.append(nil)
          state.surfaceLeases.append(0)
        }
        state.frames[slot] = stored
        if isAwaited { state.policy.countUse(slot) }
        state.surfaceLeases[slot] = tier == .gpu ? 1 : 0
      }
      return (slot, removed)
    }
    finish(removed)
    let tiers = stored.contents
    guard let slot else { return FrameLease(stored, tiers, loose: loose) }
    return FrameLease(stored, tiers, cache: self, slot: slot)
  }

  /// Makes frames the most recently used ones, as far as they are there.
  func touch(_ keys: [FrameKey]) {
    finish(
      state.withLock { state -> Removed in
        state.unpinSpare()
        for key in keys { _ = state.policy.lookUp(key) }
        return take(&state)
      })
  }

  /// Gives back the pin of a lease.
  func unpin(_ slot: Int, holdsSurface: Bool) {
    finish(
      state.withLock { state -> Removed in
        if holdsSurface { state.surfaceLeases[slot] -= 1 }
        state.policy.unpin(slot, into: &state.actions)
        return take(&state)
      })
  }

  // MARK: - Tiers

  /// A leased frame was downloaded: it lives in host memory too, where there is room.
  func downloaded(_ lease: FrameLease, _ picture: HostPicture) {
    guard lease.cache === self else { return }
    finish(
      state.withLock { state -> Removed in
        state.unpinSpare()
        guard state.frames[lease.slot] === lease.stored, lease.stored.contents.host == nil else { return take(&state) }
        let key = state.policy.key(of: lease.slot)
        let weight = CachePolicy.Weight(hostBytes: picture.buffer.byteCount, surfaces: 0)
        guard state.policy.slot(of: key) == lease.slot,
          state.policy.insert(key, weight: weight, tier: .host, pinned: false, into: &state.actions) != nil
        else { return take(&state) }
        let removed = take(&state)
        lease.stored.set(picture)
        return removed
      })
  }

  /// A leased frame was uploaded: it lives on the GPU too, where there is room.
  func uploaded(_ lease: FrameLease, _ surface: SurfaceFrame) {
    guard lease.cache === self else { return }
    finish(
      state.withLock { state -> Removed in
        state.unpinSpare()
        guard state.frames[lease.slot] === lease.stored, lease.stored.contents.surface == nil else {
          return take(&state)
        }
        let weight = CachePolicy.Weight(hostBytes: surface.hostBytes, surfaces: 1)
        guard state.policy.promoted(lease.slot, weight: weight, into: &state.actions) else { return take(&state) }
        let removed = take(&state)
        lease.stored.set(surface)
        return removed
      })
  }

  /// The download that `Hooks.demote` began is done.
  func demoted(_ slot: Int, _ frame: SurfaceFrame, _ picture: HostPicture) {
    finish(
      state.withLock { state -> Removed in
        state.unpinSpare()
        let stored = state.frames[slot]
        let isWanted = state.policy.demoted(slot, hostBytes: picture.buffer.byteCount, into: &state.actions)
        // First what it replaces goes, then it is there.
        let removed = take(&state)
        if isWanted { stored?.set(picture) }
        return removed
      })
  }

  /// It failed: the frame is gone, where it is nowhere else.
  func demotionFailed(_ slot: Int) {
    finish(
      state.withLock { state -> Removed in
        state.policy.demotionFailed(slot, into: &state.actions)
        return take(&state)
      })
  }

  // MARK: - Packing

  /// Packs frames that were not used lately, up to so many of them, where memory is short.
  ///
  /// - Parameters:
  ///   - headroom: bytes that are to be free for the frames that come, in the cache and in the pool.
  ///   - poolBytes: bytes that are free in the pool.
  func pack(_ most: Int, toHaveFree headroom: Int, inPool poolBytes: Int) {
    finish(
      state.withLock { state -> Removed in
        guard min(poolBytes, state.policy.freeHostBytes) < headroom else { return Removed() }
        state.unpinSpare()
        state.policy.pack(most, into: &state.actions)
        return take(&state)
      })
  }

  /// More frames are being packed than one would wait for.
  var isBehind: Bool { state.withLock { $0.policy.packing > $0.policy.limits.packings / 2 } }

  /// The picture to pack; nil where the frame is not to be packed any more.
  func picture(of job: PackJob) -> HostPicture? {
    state.withLock { state in
      guard state.frames[job.slot] === job.frame, state.policy.isPacking(job.slot) else { return nil }
      return job.frame.contents.host
    }
  }

  /// What `Hooks.pack` was asked for is done.
  func packed(_ job: PackJob, _ picture: PackedPicture) {
    // The plain one goes after the lock.
    let plain = state.withLock { state -> HostPicture? in
      guard isOwed(job, state), state.policy.packed(job.slot, hostBytes: picture.byteCount) else { return nil }
      return job.frame.pack(picture)
    }
    withExtendedLifetime(plain) {}
  }

  /// It was not, and will not be where that is final.
  func packingFailed(_ job: PackJob, isFinal: Bool) {
    state.withLock { state in
      if isOwed(job, state) { state.policy.packingFailed(job.slot, isFinal: isFinal) }
    }
  }

  /// Whether the job is of the frame that is in its slot.
  private func isOwed(_ job: PackJob, _ state: borrowing State) -> Bool {
    state.frames[job.slot] === job.frame && state.policy.isOwed(job.slot)
  }

  /// A leased frame was unpacked: the cache has it so from now on.
  func unpacked(_ lease: FrameLease, _ picture: HostPicture) {
    guard lease.cache === self else { return }
    finish(
      state.withLock { state -> Removed in
        state.unpinSpare()
        guard state.frames[lease.slot] === lease.stored,
          state.policy.unpacked(lease.slot, hostBytes: picture.buffer.byteCount, into: &state.actions)
        else { return take(&state) }
        let removed = take(&state)
        lease.stored.set(picture)
        return removed
      })
  }

  // MARK: - Giving up

  func reclaim(hostBytes: Int) -> Int {
    let (bytes, removed) = state.withLock { state -> (Int, Removed) in
      state.unpinSpare()
      let bytes = state.policy.reclaim(hostBytes: hostBytes, into: &state.actions)
      return (bytes, take(&state))
    }
    finish(removed)
    return bytes
  }

  func reclaim(surfaces: Int) {
    finish(
      state.withLock { state -> Removed in
        state.unpinSpare()
        var missing = surfaces
        // First those that cost nothing: what is on the host too and whose surface nobody leases, pinned or not.
        for slot in state.frames.indices where missing > 0 && state.surfaceLeases[slot] == 0 {
          if state.policy.dropSpareSurface(slot, into: &state.actions) { missing -= 1 }
        }
        if missing > 0 { state.policy.reclaimSurfaces(missing, into: &state.actions) }
        return take(&state)
      })
  }

  var heldSurfaces: (cached: Int, leased: Int) {
    let loose = loose.count.load(ordering: .relaxed)
    return state.withLock { state in
      (state.policy.surfaces + loose, state.surfaceLeases.count { $0 > 0 } + loose)
    }
  }

  func setSurfaceLimit(_ surfaces: Int) {
    finish(
      state.withLock { state -> Removed in
        state.unpinSpare()
        var limits = state.policy.limits
        limits.surfaces = surfaces
        state.policy.setLimits(limits, into: &state.actions)
        return take(&state)
      })
  }

  /// Every surface is gone with its device.
  func loseDevice() {
    finish(
      state.withLock { state -> Removed in
        state.unpinSpare()
        state.policy.loseDevice(into: &state.actions)
        return take(&state)
      })
  }

  /// Lets a frame go that was leased at most once and is not leased now.
  func removeIfUsedOnce(_ key: FrameKey) {
    finish(
      state.withLock { state -> Removed in
        state.unpinSpare()
        guard let slot = state.policy.slot(of: key), state.policy.uses(of: slot) <= 1, state.policy.pinCount(slot) == 0
        else {
          return take(&state)
        }
        _ = state.policy.remove(key, cause: .size, into: &state.actions)
        return take(&state)
      })
  }

  /// Lets a frame go that turned out to be unusable.
  func remove(_ lease: FrameLease, cause: RemovalCause) {
    guard lease.cache === self else { return }
    finish(
      state.withLock { state -> Removed in
        let key = state.policy.key(of: lease.slot)
        if state.frames[lease.slot] === lease.stored, state.policy.slot(of: key) == lease.slot {
          state.forgetLease(of: lease.slot)
          _ = state.policy.remove(key, cause: cause, into: &state.actions)
        }
        return take(&state)
      })
  }

  func removeAll() {
    finish(
      state.withLock { state -> Removed in
        state.unpinSpare()
        // They keep the cache, too: a closed one must hold none.
        state.released += state.spare.forgetAll()
        state.policy.removeAll(cause: .explicit, into: &state.actions)
        return take(&state)
      })
  }

  // MARK: - Numbers

  func nearest(to key: FrameKey, in window: ClosedRange<Int>) -> (atOrBefore: Int?, after: Int?) {
    state.withLock { $0.policy.nearest(to: key, in: window) }
  }

  func appendResident(to list: inout [ResidentFrame]) {
    state.withLock { state in
      state.policy.forEachFrame {
        list.append(ResidentFrame(number: Int32(clamping: $0.number), isOnGPU: $1.contains(.gpu)))
      }
    }
  }

  func contains(_ key: FrameKey) -> Bool { state.withLock { $0.policy.slot(of: key) != nil } }

  /// The frames that are there, in no order.
  var residentFrames: [BufferSnapshot.Frame] {
    state.withLock { state in
      var frames: [BufferSnapshot.Frame] = []
      state.policy.forEachFrame { frames.append(.init(number: $0.number, residency: $1)) }
      return frames
    }
  }

  var count: Int { state.withLock { $0.policy.count } }
  var hostBytes: Int { state.withLock { $0.policy.hostBytes } }
  var surfaces: Int { state.withLock { $0.policy.surfaces } }
  /// Frames that are packed, and how often one was packed and unpacked.
  var packing: (frames: Int, bytes: Int, packs: Int, unpacks: Int) {
    state.withLock { ($0.policy.packedFrames, $0.policy.packedBytes, $0.policy.packs, $0.policy.unpacks) }
  }
  /// How many frames there is room for, by what packed ones take (`CachePolicy.packedRoom`).
  var packedRoom: Int? { state.withLock { $0.policy.packedRoom } }
  /// Frames that left to make room for others.
  var evictions: Int { state.withLock { $0.policy.evictions(.size) } }
  /// Frames that left the GPU for host memory, and how many of them a reader got later.
  var demotions: (all: Int, used: Int) { state.withLock { ($0.policy.demotions, $0.policy.demotionsUsed) } }

  // MARK: - Actions

  /// What an operation let go, and what it wants done: outside of the lock.
  private struct Removed {
    var tiers: [StoredFrame.Tiers] = []
    var evicted: [Int] = []
    var demotions: [(Int, SurfaceFrame)] = []
    var packs: [PackJob] = []
    var leases: [FrameLease] = []
  }

  /// Carries out what the policy asks for, as far as the lock must be held.
  private func take(_ state: inout State) -> Removed {
    var removed = Removed(leases: state.released)
    state.released = []
    guard !state.actions.isEmpty else { return removed }
    for action in state.actions {
      switch action {
      case .drop(let slot, let key, let tier, let cause, let last):
        if slot < state.frames.count, let frame = state.frames[slot] {
          removed.tiers.append(frame.drop(tier))
          if last { state.frames[slot] = nil }
        }
        if last, cause == .size { removed.evicted.append(key.number) }
      case .demote(let slot, _):
        guard let surface = state.frames[slot]?.contents.surface else {
          preconditionFailure("slot \(slot) has no surface to demote")
        }
        removed.demotions.append((slot, surface))
      case .dropCopy(let slot, _):
        if let frame = state.frames[slot] { removed.tiers.append(frame.dropCopy()) }
      case .dropPlain(let slot, _):
        if let frame = state.frames[slot] { removed.tiers.append(frame.dropPlain()) }
      case .pack(let slot, _):
        guard let frame = state.frames[slot] else { preconditionFailure("slot \(slot) has no frame to pack") }
        removed.packs.append(PackJob(slot: slot, frame: frame))
      }
    }
    state.actions.removeAll(keepingCapacity: true)
    return removed
  }

  private func finish(_ removed: Removed) {
    for number in removed.evicted { hooks.evicted(number) }
    for (slot, surface) in removed.demotions { hooks.demote(self, slot, surface) }
    for job in removed.packs { hooks.pack(self, job) }
  }
}
