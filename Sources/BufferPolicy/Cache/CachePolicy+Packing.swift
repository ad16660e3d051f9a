internal import FrameModel

/// How frames in host memory are packed and unpacked.
extension CachePolicy {
  /// Host bytes that may come in before something goes.
  package var freeHostBytes: Int { limits.hostBytes - hostBytes - reservedHostBytes }

  /// So many packed frames tell what the next ones will take.
  private static let packedThatTell = 8

  /// How many frames the host tier holds beside the plain ones, by what the packed ones take; nil where too few are to tell.
  package var packedRoom: Int? {
    guard packedFrames >= Self.packedThatTell else { return nil }
    let bytes = max(0, limits.hostBytes - limits.plainBytes)
    return min(limits.frames, Int(Double(bytes) * Double(packedFrames) / Double(max(1, packedBytes))))
  }

  /// Packs the least recently used plain frames, up to so many of them, as far as the limits allow.
  ///
  /// One that has a packed copy loses its plain one; one that is on the GPU too is not worth the work, and loses its host
  /// tier.
  package mutating func pack(_ most: Int, into actions: inout [Action]) {
    for _ in 0..<most {
      guard plainBytes > limits.plainBytes, packing < limits.packings, let slot = plainOrder.victim else { return }
      guard !entries[slot].residency.contains(.gpu) else {
        drop(slot, .host, cause: .size, last: false, into: &actions)
        continue
      }
      leaveForm(slot)
      if entries[slot].copyBytes > 0 {
        entries[slot].form = .packed
        setHostBytes(entries[slot].copyBytes, of: slot)
        actions.append(.dropPlain(slot, entries[slot].key))
      } else {
        entries[slot].form = .packing
        packing += 1
        actions.append(.pack(slot, entries[slot].key))
      }
    }
  }

  /// Whether the action `pack` is owed an answer for this slot.
  package func isOwed(_ slot: Slot) -> Bool { entries[slot].form == .packing }

  /// Whether the frame that `pack` named is to be packed still: it is there, on the host alone, and nobody holds it.
  package func isPacking(_ slot: Slot) -> Bool {
    entries[slot].form == .packing && entries[slot].removal == nil && !entries[slot].isHeld
      && !entries[slot].residency.contains(.gpu)
  }

  /// The frame is packed, and takes so many bytes. Returns false where that is of no use, because somebody reads it: it
  /// stays plain, and the caller frees the copy.
  package mutating func packed(_ slot: Slot, hostBytes bytes: Int) -> Bool {
    precondition(entries[slot].form == .packing, "slot \(slot) is not packing")
    guard isPacking(slot) else {
      packingFailed(slot, isFinal: false)
      return false
    }
    packing -= 1
    setHostBytes(bytes, of: slot)
    entries[slot].form = .packed
    entries[slot].copyBytes = bytes
    packedFrames += 1
    packedBytes += bytes
    packs += 1
    return true
  }

  /// The frame was not packed, and will not be where that is final.
  package mutating func packingFailed(_ slot: Slot, isFinal: Bool) {
    precondition(entries[slot].form == .packing, "slot \(slot) is not packing")
    packing -= 1
    guard isFinal else { return becomePlain(slot) }
    entries[slot].form = .incompressible
  }

  /// A packed frame, which the caller has pinned, was unpacked to so many bytes, and keeps its packed copy: that costs
  /// nothing to go back to. Returns false where the entry was removed or unpacked meanwhile: the lease alone holds the
  /// picture.
  package mutating func unpacked(_ slot: Slot, hostBytes bytes: Int, into actions: inout [Action]) -> Bool {
    precondition(entries[slot].isHeld, "slot \(slot) is not pinned")
    guard entries[slot].form == .packed, entries[slot].removal == nil else { return false }
    setHostBytes(bytes + entries[slot].copyBytes, of: slot)
    becomePlain(slot)
    unpacks += 1
    settle(into: &actions)
    return true
  }

  // MARK: - Steps

  /// A host tier can be packed from now on.
  mutating func becomePlain(_ slot: Slot) {
    entries[slot].form = .plain
    plainBytes += entries[slot].hostBytes - entries[slot].copyBytes
    plainOrder.insert(slot)
    if !entries[slot].isInOrder { plainOrder.pin(slot) }
  }

  /// A host tier is plain or packing no more.
  mutating func leaveForm(_ slot: Slot) {
    switch entries[slot].form {
    case .plain:
      plainBytes -= entries[slot].hostBytes - entries[slot].copyBytes
      plainOrder.remove(slot)
    case .packing: packing -= 1
    case .packed, .incompressible: break
    }
    entries[slot].form = .plain
  }

  /// A host tier goes, and its packed copy with it.
  mutating func leaveHost(_ slot: Slot) {
    leaveForm(slot)
    guard entries[slot].copyBytes > 0 else { return }
    packedFrames -= 1
    packedBytes -= entries[slot].copyBytes
    entries[slot].copyBytes = 0
  }

  /// Bytes of the packed copies of frames that cannot go, but for one.
  func heldCopyBytes(except own: Slot?) -> Int {
    entries.indices.reduce(0) { $0 + (isHeldWithCopy($1) && $1 != own ? entries[$1].copyBytes : 0) }
  }

  private func isHeldWithCopy(_ slot: Slot) -> Bool {
    entries[slot].copyBytes > 0 && entries[slot].isHeld && entries[slot].form == .plain
  }

  /// Drops the packed copies of frames that cannot go: where nothing else is left, a frame that is read does without.
  mutating func dropHeldCopies(into actions: inout [Action]) {
    guard packedFrames > 0 else { return }
    for slot in entries.indices where isHeldWithCopy(slot) {
      let bytes = entries[slot].copyBytes
      setHostBytes(entries[slot].hostBytes - bytes, of: slot)
      entries[slot].copyBytes = 0
      packedFrames -= 1
      packedBytes -= bytes
      actions.append(.dropCopy(slot, entries[slot].key))
    }
  }

  private mutating func setHostBytes(_ bytes: Int, of slot: Slot) {
    let change = bytes - entries[slot].hostBytes
    hostBytes += change
    if entries[slot].isInOrder { evictable.hostBytes += change }
    entries[slot].hostBytes = bytes
  }
}
