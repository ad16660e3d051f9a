/// The leases that a cache gave out and keeps for the next reader of the same frame, so that a hit allocates nothing.
///
/// One that nobody else holds is *spare*: the frame is as good as given back, but still pinned. So the cache lets go of
/// these before it looks for a frame to evict.
///
/// A hit writes nothing here: what two readers write goes to and fro between their processors.
struct SpareLeases: ~Copyable {
  private var leases: [FrameLease?] = []
  /// The slots that have one.
  private var slots: [Int] = []

  /// Keeps the lease of a slot that has none here.
  mutating func keep(_ lease: FrameLease) {
    while leases.count <= lease.slot { leases.append(nil) }
    leases[lease.slot] = lease
    slots.append(lease.slot)
  }

  /// The lease of a slot, for one more reader.
  func use(_ slot: Int) -> FrameLease? { slot < leases.count ? leases[slot] : nil }

  func has(_ slot: Int) -> Bool { slot < leases.count && leases[slot] != nil }

  /// No longer keeps the lease of a slot.
  ///
  /// - Returns: it, to be released outside of the lock.
  mutating func forget(_ slot: Int) -> FrameLease? {
    guard has(slot) else { return nil }
    slots.removeAll { $0 == slot }
    return leases[slot].take()
  }

  /// No longer keeps those that are spare.
  ///
  /// - Returns: them, to be released outside of the lock.
  mutating func forgetSpare() -> [FrameLease] {
    var spare: [FrameLease] = []
    slots.removeAll { slot in
      // New references are made under the lock only, or from one that somebody else holds: one that is alone stays so.
      guard isKnownUniquelyReferenced(&leases[slot]), let lease = leases[slot].take() else { return false }
      spare.append(lease)
      return true
    }
    return spare
  }

  /// No longer keeps any; as `forgetSpare`.
  mutating func forgetAll() -> [FrameLease] {
    slots = []
    defer { leases = [] }
    return leases.compactMap(\.self)
  }
}
