package import FrameModel

/// How frames go.
extension CachePolicy {
  /// Removes a frame. Returns false where it is not in the cache.
  @discardableResult
  package mutating func remove(_ key: FrameKey, cause: RemovalCause, into actions: inout [Action]) -> Bool {
    guard let slot = table[key] else { return false }
    evict(slot, cause: cause, into: &actions)
    return true
  }

  /// Removes every frame.
  package mutating func removeAll(cause: RemovalCause, into actions: inout [Action]) {
    for slot in entries.indices where isLive(slot) { evict(slot, cause: cause, into: &actions) }
  }

  /// Every surface is gone with its device. Frames that are in host memory too stay there, and keep their pins.
  package mutating func loseDevice(into actions: inout [Action]) {
    for slot in entries.indices where isLive(slot) && entries[slot].residency.contains(.gpu) {
      guard entries[slot].residency.contains(.host) else {
        evict(slot, cause: .deviceLost, into: &actions)
        continue
      }
      if entries[slot].demotion == .running {
        leavingSurfaces -= entries[slot].leavingSurfaces
        entries[slot].demotion = .stale
      }
      drop(slot, .gpu, cause: .deviceLost, last: false, into: &actions)
    }
  }

  /// Drops the host tiers of the least useful frames until so many bytes are dropped, or none is left that is not
  /// pinned; then the packed copies of those that are. Returns the bytes dropped.
  @discardableResult
  package mutating func reclaim(hostBytes wanted: Int, into actions: inout [Action]) -> Int {
    let before = hostBytes
    while before - hostBytes < wanted, let slot = hostOrder.victim { giveUpHost(slot, into: &actions) }
    if before - hostBytes < wanted { dropHeldCopies(into: &actions) }
    return before - hostBytes
  }

  /// Demotes, or where the host budget cannot take them evicts, the least useful GPU frames until so many surfaces are
  /// given up, or none is left that is not pinned. Returns the surfaces that are given up: those of a download that
  /// is started here are free only when it ends.
  @discardableResult
  package mutating func reclaimSurfaces(_ wanted: Int, into actions: inout [Action]) -> Int {
    let before = surfaces - leavingSurfaces
    while before - (surfaces - leavingSurfaces) < wanted, let slot = gpuOrder.victim {
      giveUpSurface(slot, into: &actions)
    }
    return before - (surfaces - leavingSurfaces)
  }

  /// Drops the GPU tier of a frame that is in host memory too, also where the slot is pinned: for a caller that knows that
  /// no pin is for the surface. Returns false where there is nothing to drop.
  package mutating func dropSpareSurface(_ slot: Slot, into actions: inout [Action]) -> Bool {
    guard isLive(slot), entries[slot].residency == [.gpu, .host], entries[slot].demotion == .none else { return false }
    dropDemoted(slot, into: &actions)
    return true
  }

  /// Changes the limits, and gives up what is over them.
  package mutating func setLimits(_ limits: Limits, into actions: inout [Action]) {
    self.limits = limits
    settle(into: &actions)
  }

  /// Gives up frames in order until the limits hold, or nothing is left in order.
  mutating func settle(into actions: inout [Action]) {
    while count > limits.frames, let slot = leastRecent() { evict(slot, cause: .size, into: &actions) }
    while surfaces - leavingSurfaces > limits.surfaces, let slot = gpuOrder.victim {
      giveUpSurface(slot, into: &actions)
    }
    while hostBytes + reservedHostBytes > limits.hostBytes, let slot = hostOrder.victim {
      giveUpHost(slot, into: &actions)
    }
    if hostBytes + reservedHostBytes > limits.hostBytes { dropHeldCopies(into: &actions) }
  }

  // MARK: - Steps

  private func isLive(_ slot: Slot) -> Bool {
    !entries[slot].residency.isEmpty && entries[slot].removal == nil
  }

  /// The victim of both orders that was used least recently.
  private func leastRecent() -> Slot? {
    guard let gpu = gpuOrder.victim else { return hostOrder.victim }
    guard let host = hostOrder.victim else { return gpu }
    return entries[gpu].lastUse <= entries[host].lastUse ? gpu : host
  }

  /// Gives up the GPU tier of a slot in order: for nothing where the frame is in host memory, by a download where the
  /// host budget can take it, or else with the frame.
  private mutating func giveUpSurface(_ slot: Slot, into actions: inout [Action]) {
    if entries[slot].residency.contains(.host) {
      dropDemoted(slot, into: &actions)
    } else if demoting < limits.demotions, makeHostRoom(for: slot, into: &actions) {
      startDemotion(slot, into: &actions)
    } else {
      evict(slot, cause: .size, into: &actions)
    }
  }

  /// Makes room for the download of a GPU frame, by host frames that are less recent than it alone. Where those are
  /// not enough, it changes nothing and returns false.
  private mutating func makeHostRoom(for slot: Slot, into actions: inout [Action]) -> Bool {
    var missing = hostBytes + reservedHostBytes - limits.hostBytes + entries[slot].downloadBytes
    var victims = 0
    var victim = hostOrder.victim
    while missing > 0 {
      guard let next = victim, entries[next].lastUse < entries[slot].lastUse else { return false }
      missing -= entries[next].hostBytes
      victims += 1
      victim = hostOrder.victim(after: next)
    }
    for _ in 0..<victims {
      if let next = hostOrder.victim { giveUpHost(next, into: &actions) }
    }
    return true
  }

  /// Gives up the host tier of a slot in order, and with it the frame where it is nowhere else.
  private mutating func giveUpHost(_ slot: Slot, into actions: inout [Action]) {
    if entries[slot].residency.contains(.gpu) {
      drop(slot, .host, cause: .size, last: false, into: &actions)
    } else {
      evict(slot, cause: .size, into: &actions)
    }
  }

  /// Takes a live entry out of the table, and drops it now or when it is no longer held.
  private mutating func evict(_ slot: Slot, cause: RemovalCause, into actions: inout [Action]) {
    leaveTable(slot, cause: cause)
    if !entries[slot].isHeld { dropAll(slot, cause: cause, into: &actions) }
  }

  /// An entry can no longer be looked up.
  mutating func leaveTable(_ slot: Slot, cause: RemovalCause) {
    entries[slot].removal = cause
    table[entries[slot].key] = nil
  }

  /// Drops every tier of a removed entry, GPU first. Its slot is free.
  mutating func dropAll(_ slot: Slot, cause: RemovalCause, into actions: inout [Action]) {
    evictionCounts[cause.index] += 1
    if entries[slot].isInOrder {
      entries[slot].isInOrder = false
      evictable.entries -= 1
      evictable.surfaces -= entries[slot].surfaces
      evictable.hostBytes -= entries[slot].hostBytes
    }
    let isBoth = entries[slot].residency == [.gpu, .host]
    if entries[slot].residency.contains(.gpu) { drop(slot, .gpu, cause: cause, last: !isBoth, into: &actions) }
    if entries[slot].residency.contains(.host) { drop(slot, .host, cause: cause, last: true, into: &actions) }
    entries[slot].removal = nil
    freeSlots.append(slot)
  }

  /// Drops one tier of a slot.
  mutating func drop(
    _ slot: Slot, _ tier: Residency, cause: RemovalCause, last: Bool, into actions: inout [Action]
  ) {
    let isInOrder = entries[slot].isInOrder
    entries[slot].residency.remove(tier)
    if tier == .gpu {
      if isInOrder { evictable.surfaces -= entries[slot].surfaces }
      surfaces -= entries[slot].surfaces
      entries[slot].surfaces = 0
      gpuOrder.remove(slot)
    } else {
      if isInOrder { evictable.hostBytes -= entries[slot].hostBytes }
      leaveHost(slot)
      hostBytes -= entries[slot].hostBytes
      entries[slot].hostBytes = 0
      hostOrder.remove(slot)
    }
    actions.append(.drop(slot, entries[slot].key, tier: tier, cause: cause, last: last))
  }
}
