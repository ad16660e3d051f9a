internal import BufferPolicy

/// The leases that a cache gave out and keeps for the next reader of the same frame, so that a hit allocates nothing.
///
/// One that nobody else holds is *spare*: the frame is as good as given back, but still pinned. So the cache lets go of
/// these before it looks for a frame to evict.
struct SpareLeases: ~Copyable {
  private var leases: [FrameLease?] = []
  /// The slots that have one, in the order in which they were used last.
  private var order = SlotChain()
  private var links = SlotLinks()

  /// Keeps the lease of a slot that has none here.
  mutating func keep(_ lease: FrameLease) {
    while leases.count <= lease.slot { leases.append(nil) }
    leases[lease.slot] = lease
    links.append(lease.slot, to: &order)
  }

  /// The lease of a slot, for one more reader.
  mutating func use(_ slot: Int) -> FrameLease? {
    guard slot < leases.count, let lease = leases[slot] else { return nil }
    links.moveToEnd(slot, of: &order)
    return lease
  }

  func has(_ slot: Int) -> Bool { slot < leases.count && leases[slot] != nil }

  /// No longer keeps the lease of a slot.
  ///
  /// - Returns: it, to be released outside of the lock.
  mutating func forget(_ slot: Int) -> FrameLease? {
    guard has(slot) else { return nil }
    links.remove(slot, from: &order)
    return leases[slot].take()
  }

  /// No longer keeps those that are spare.
  ///
  /// - Returns: them, the one that was used last at the end, to be released in this order outside of the lock.
  mutating func forgetSpare() -> [FrameLease] {
    var spare: [FrameLease] = []
    var next = order.first
    while let slot = next {
      next = links.slot(after: slot)
      // New references are made under the lock only, or from one that somebody else holds: one that is alone stays so.
      if isKnownUniquelyReferenced(&leases[slot]), let lease = forget(slot) { spare.append(lease) }
    }
    return spare
  }

  /// No longer keeps any; as `forgetSpare`.
  mutating func forgetAll() -> [FrameLease] {
    var all: [FrameLease] = []
    while let slot = order.first, let lease = forget(slot) { all.append(lease) }
    return all
  }
}
