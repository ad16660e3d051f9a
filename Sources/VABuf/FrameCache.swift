internal import BufferPolicy
internal import FrameModel
internal import Synchronization

/// The frames that are kept: the policy and its frames behind one lock. Frames are let go after it.
final class FrameCache: MemoryReclaimer {
  private struct State: ~Copyable {
    var policy: CachePolicy
    var frames: [StoredFrame?] = []
    /// How often each slot's frame was leased.
    var uses: [Int] = []
    var actions: [CachePolicy.Action] = []
  }

  private let state: Mutex<State>
  /// Called with the number of each frame that is evicted, without a lock held.
  private let onEviction: @Sendable (Int) -> Void

  init(limits: CachePolicy.Limits, onEviction: @escaping @Sendable (Int) -> Void = { _ in }) {
    state = Mutex(State(policy: CachePolicy(limits: limits)))
    self.onEviction = onEviction
  }

  /// A lease of a frame that is there.
  func lease(_ key: FrameKey) -> FrameLease? {
    let found = state.withLock { state -> (StoredFrame, Int)? in
      guard let slot = state.policy.lookUp(key), let frame = state.frames[slot] else { return nil }
      state.policy.pin(slot)
      state.uses[slot] += 1
      return (frame, slot)
    }
    return found.map { FrameLease($0.0, cache: self, slot: $0.1) }
  }

  func contains(_ key: FrameKey) -> Bool { state.withLock { $0.policy.slot(of: key) != nil } }

  /// Keeps a frame and leases it; where the cache has no room, the lease is all that holds it.
  ///
  /// - Parameter isAwaited: somebody gets the lease: that is a use.
  func insert(_ frame: SourceFrame, _ key: FrameKey, isAwaited: Bool) -> FrameLease {
    let stored = StoredFrame(frame)
    let weight = CachePolicy.Weight(hostBytes: frame.buffer.byteCount, surfaces: 0)
    let (slot, removed) = state.withLock { state -> (Int?, Removed) in
      let slot = state.policy.insert(key, weight: weight, tier: .host, pinned: true, into: &state.actions)
      let removed = Self.take(&state)
      if let slot {
        while state.frames.count <= slot {
          state.frames.append(nil)
          state.uses.append(0)
        }
        state.frames[slot] = stored
        state.uses[slot] = isAwaited ? 1 : 0
      }
      return (slot, removed)
    }
    finish(removed)
    return FrameLease(stored, cache: slot == nil ? nil : self, slot: slot ?? 0)
  }

  /// Gives back the pin of a lease.
  func unpin(_ slot: Int) {
    let removed = state.withLock { state -> Removed in
      state.policy.unpin(slot, into: &state.actions)
      return Self.take(&state)
    }
    finish(removed)
  }

  func reclaim(hostBytes: Int) -> Int {
    let (bytes, removed) = state.withLock { state -> (Int, Removed) in
      let bytes = state.policy.reclaim(hostBytes: hostBytes, into: &state.actions)
      return (bytes, Self.take(&state))
    }
    finish(removed)
    return bytes
  }

  /// Lets a frame go that was leased at most once and is not leased now.
  func removeIfUsedOnce(_ key: FrameKey) {
    finish(
      state.withLock { state -> Removed in
        guard let slot = state.policy.slot(of: key), state.uses[slot] <= 1, state.policy.pinCount(slot) == 0 else {
          return Removed()
        }
        _ = state.policy.remove(key, cause: .size, into: &state.actions)
        return Self.take(&state)
      })
  }

  func removeAll() {
    finish(
      state.withLock { state -> Removed in
        state.policy.removeAll(cause: .explicit, into: &state.actions)
        return Self.take(&state)
      })
  }

  var count: Int { state.withLock { $0.policy.count } }
  var hostBytes: Int { state.withLock { $0.policy.hostBytes } }
  /// Frames that left to make room for others.
  var evictions: Int { state.withLock { $0.policy.evictions(.size) } }
  var demotions: Int { state.withLock { $0.policy.demotions } }

  /// What an operation let go: freed outside of the lock.
  private struct Removed {
    var frames: [StoredFrame] = []
    var evicted: [Int] = []
  }

  /// Carries out what the policy asks for, as far as the lock must be held.
  private static func take(_ state: inout State) -> Removed {
    var removed = Removed()
    guard !state.actions.isEmpty else { return removed }
    for action in state.actions {
      switch action {
      case .drop(let slot, let key, tier: _, let cause, let last):
        if slot < state.frames.count, let frame = state.frames[slot].take() { removed.frames.append(frame) }
        if last, cause == .size { removed.evicted.append(key.number) }
      case .demote: preconditionFailure("there is no GPU tier to demote from")
      }
    }
    state.actions.removeAll(keepingCapacity: true)
    return removed
  }

  private func finish(_ removed: Removed) {
    for number in removed.evicted { onEviction(number) }
  }
}
