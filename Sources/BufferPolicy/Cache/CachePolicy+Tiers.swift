package import FrameModel

/// How frames come in, and how they change tiers.
extension CachePolicy {
  /// Puts an object into one tier (`.gpu` or `.host`) of a frame, and gives up others to make room.
  ///
  /// Where that tier holds an object already, it is dropped as `.replaced`; the entry keeps its slot and its pins.
  /// Where the frame is in the other tier only, it is in both from now on. `pinned` adds one pin.
  ///
  /// Returns nil, and changes nothing, where the object is larger than the limits or everything else is pinned or
  /// demoting: the caller keeps the object.
  package mutating func insert(
    _ key: FrameKey, weight: Weight, tier: Residency, pinned: Bool, into actions: inout [Action]
  ) -> Slot? {
    precondition(tier == .gpu || tier == .host, "an object is inserted into one tier")
    precondition(weight.hostBytes >= 0 && weight.surfaces >= 0, "a weight is not negative")
    let slot: Slot
    if let old = table[key] {
      guard fits(weight, tier, over: old) else { return nil }
      slot = old
      if entries[slot].isInOrder { leaveOrders(slot) }
      if entries[slot].residency.contains(tier) { replace(slot, tier, into: &actions) }
    } else {
      guard fits(weight, tier, over: nil) else { return nil }
      slot = makeEntry(key)
    }
    touch(slot)
    add(tier, weight, to: slot)
    if pinned { entries[slot].pins += 1 }
    settle(into: &actions)
    if !entries[slot].isHeld { enterOrders(slot) }
    return slot
  }

  /// An upload of the host frame in this slot is ready: the frame is on the GPU, too. The caller pins the slot while
  /// the upload runs. Returns false, where the entry was removed meanwhile or there is no room: the caller keeps the
  /// surface.
  package mutating func promoted(_ slot: Slot, weight: Weight, into actions: inout [Action]) -> Bool {
    guard table[entries[slot].key] == slot else { return false }
    return insert(entries[slot].key, weight: weight, tier: .gpu, pinned: false, into: &actions) == slot
  }

  /// The download that `demote` asked for is ready, and takes so many bytes. Returns false where the copy is of no use
  /// (the entry was removed, or its GPU object replaced): the caller frees it. Otherwise the GPU tier is dropped, or,
  /// where the slot is pinned, the frame is in both tiers.
  package mutating func demoted(_ slot: Slot, hostBytes: Int, into actions: inout [Action]) -> Bool {
    let isWanted = entries[slot].demotion == .running && entries[slot].removal == nil
    endDemotion(slot)
    if isWanted {
      if entries[slot].residency.contains(.host) { replace(slot, .host, into: &actions) }
      add(.host, Weight(hostBytes: hostBytes, surfaces: 0), to: slot)
      if entries[slot].pins == 0 { dropDemoted(slot, into: &actions) }
    }
    released(slot, into: &actions)
    settle(into: &actions)
    return isWanted
  }

  /// The download that `demote` asked for failed. The frame is evicted, where nobody pinned it and it is nowhere else.
  package mutating func demotionFailed(_ slot: Slot, into actions: inout [Action]) {
    let wasLeaving = entries[slot].leavingSurfaces > 0
    endDemotion(slot)
    if wasLeaving, entries[slot].removal == nil, entries[slot].pins == 0 {
      if entries[slot].residency.contains(.host) {
        dropDemoted(slot, into: &actions)
      } else {
        leaveTable(slot, cause: .size)
      }
    }
    released(slot, into: &actions)
    settle(into: &actions)
  }

  /// Starts the download of a GPU frame in order.
  mutating func startDemotion(_ slot: Slot, into actions: inout [Action]) {
    leaveOrders(slot)
    let bytes = entries[slot].downloadBytes
    entries[slot].demotion = .running
    entries[slot].reserved = bytes
    reservedHostBytes += bytes
    leavingSurfaces += entries[slot].leavingSurfaces
    demoting += 1
    actions.append(.demote(slot, entries[slot].key))
  }

  /// Drops the GPU tier of a frame that is in host memory too: it is demoted.
  mutating func dropDemoted(_ slot: Slot, into actions: inout [Action]) {
    demotions += 1
    entries[slot].isDemoted = true
    drop(slot, .gpu, cause: .size, last: false, into: &actions)
  }

  private mutating func endDemotion(_ slot: Slot) {
    precondition(entries[slot].demotion != .none, "slot \(slot) is not demoting")
    leavingSurfaces -= entries[slot].leavingSurfaces
    reservedHostBytes -= entries[slot].reserved
    entries[slot].reserved = 0
    entries[slot].demotion = .none
    demoting -= 1
  }

  // MARK: - Room

  /// Whether an object fits, when everything that is not held is given up, and so is the object that it replaces.
  private func fits(_ weight: Weight, _ tier: Residency, over old: Slot?) -> Bool {
    if old == nil, count - evictable.entries >= limits.frames { return false }
    // What is in order counts as given up already, the old object too.
    let own = old.map { entries[$0] }.flatMap { $0.isInOrder ? nil : $0 }
    if tier == .gpu {
      let replaced = own.map { $0.surfaces - $0.leavingSurfaces } ?? 0
      let held = surfaces - leavingSurfaces - evictable.surfaces - replaced
      return held <= limits.surfaces && weight.surfaces <= limits.surfaces - held
    }
    let held = hostBytes + reservedHostBytes - evictable.hostBytes - (own?.hostBytes ?? 0)
    if held <= limits.hostBytes, weight.hostBytes <= limits.hostBytes - held { return true }
    // Their packed copies can go, too.
    let least = held - heldCopyBytes(except: old)
    return least <= limits.hostBytes && weight.hostBytes <= limits.hostBytes - least
  }

  private mutating func makeEntry(_ key: FrameKey) -> Slot {
    let slot: Slot
    if let free = freeSlots.popLast() {
      slot = free
      entries[slot] = Entry(key: key)
    } else {
      slot = entries.count
      entries.append(Entry(key: key))
    }
    table[key] = slot
    return slot
  }

  /// Adds a tier to a held or new slot.
  private mutating func add(_ tier: Residency, _ weight: Weight, to slot: Slot) {
    entries[slot].residency.insert(tier)
    entries[slot].downloadBytes = weight.hostBytes
    if tier == .gpu {
      entries[slot].surfaces = weight.surfaces
      entries[slot].isDemoted = false
      surfaces += weight.surfaces
      gpuOrder.insert(slot)
      gpuOrder.pin(slot)
    } else {
      entries[slot].hostBytes = weight.hostBytes
      hostBytes += weight.hostBytes
      hostOrder.insert(slot)
      hostOrder.pin(slot)
      becomePlain(slot)
    }
  }

  /// Drops the old object of a held slot. A download of it goes on, for nothing.
  private mutating func replace(_ slot: Slot, _ tier: Residency, into actions: inout [Action]) {
    if tier == .gpu, entries[slot].demotion == .running {
      leavingSurfaces -= entries[slot].leavingSurfaces
      entries[slot].demotion = .stale
    }
    evictionCounts[RemovalCause.replaced.index] += 1
    drop(slot, tier, cause: .replaced, last: false, into: &actions)
  }
}
