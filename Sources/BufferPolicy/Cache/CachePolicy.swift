package import FrameModel

/// Which frames the cache holds, in which tier, and which it gives up. It owns numbers; the caller owns the objects.
///
/// A slot names one entry. Its states:
/// - *free*: by nothing, or after `drop(last: true)`; leaves by `insert`.
/// - *live*: in the table, with a GPU tier, a host tier or both. Leaves by eviction (only while neither pinned nor
///   demoting) or by removal.
/// - *demoting*: live, and a download of its GPU tier is under way (by the action `demote`). Ends by `demoted` or
///   `demotionFailed`, which the caller owes for each `demote`, also when the entry was removed meanwhile. Until then
///   the slot is held as if it were pinned.
/// - *removed*: by `remove`, `removeAll` or `loseDevice` while pinned or demoting. Look-ups miss at once, but what it
///   holds still counts, and `unpin` is legal; the last one (and the end of its download) emits its drops, and only
///   then the slot may be reused.
///
/// A frame in host memory is *plain*, as it was decoded, or *packed*: smaller, and to be unpacked before it is read. `pack`
/// names plain ones (action `pack`); such a frame is *packing* until `packed` or `packingFailed`. It is not held by that:
/// it may be used or leave meanwhile, and the caller must know whether it is the same frame still. `unpacked` makes it plain,
/// with a packed copy.
///
/// A `drop` with `last: false` may name a pinned slot (its object was replaced, or its surface was on the lost device):
/// a lease holds the object itself, not the slot alone.
///
/// After every call `count <= frames`, `hostBytes + reservedHostBytes <= limits.hostBytes` and
/// `surfaces - leavingSurfaces <= limits.surfaces`, where no pin makes that impossible: a frame pinned while it was on
/// its way out stays, and so does one pinned while `setLimits` made the limits smaller. Surfaces that are leaving are
/// still occupied until `demoted`.
package struct CachePolicy: Sendable {
  /// Names an entry: a small number, fit for an index into an array.
  package typealias Slot = Int

  /// What the cache may hold.
  package struct Limits: Equatable, Sendable {
    package var frames: Int
    package var hostBytes: Int
    package var surfaces: Int
    /// How many downloads may be under way at once. Where one more would be needed, the frame is evicted instead.
    package var demotions: Int
    /// Host bytes of frames that stay plain, whatever the need: those that were used last.
    package var plainBytes: Int
    /// How many frames may be packing at once.
    package var packings: Int

    package init(
      frames: Int, hostBytes: Int, surfaces: Int, demotions: Int = .max, plainBytes: Int = .max, packings: Int = .max
    ) {
      self.frames = frames
      self.hostBytes = hostBytes
      self.surfaces = surfaces
      self.demotions = demotions
      self.plainBytes = plainBytes
      self.packings = packings
    }
  }

  /// What a frame weighs. In the GPU tier `hostBytes` is what its download would take; in the host tier `surfaces` is
  /// ignored.
  package struct Weight: Equatable, Sendable {
    package var hostBytes: Int
    package var surfaces: Int

    package init(hostBytes: Int, surfaces: Int) {
      self.hostBytes = hostBytes
      self.surfaces = surfaces
    }
  }

  /// What the caller must do, in this order, after it unlocked.
  package enum Action: Equatable, Sendable {
    /// Start a download of this GPU frame to host, then call `demoted` or `demotionFailed`. Its host bytes are reserved
    /// until then.
    case demote(Slot, FrameKey)
    /// Pack this frame in host memory, then call `packed` or `packingFailed`, if it is still there.
    case pack(Slot, FrameKey)
    /// Release the plain object of this frame, which stays packed.
    case dropPlain(Slot, FrameKey)
    /// Release the packed copy of this frame, which stays plain.
    case dropCopy(Slot, FrameKey)
    /// Release this tier's object. `last`: the entry is gone, and the slot is free for reuse.
    case drop(Slot, FrameKey, tier: Residency, cause: RemovalCause, last: Bool)
  }

  enum Demotion: Sendable {
    case none
    case running
    /// The GPU object that is being downloaded was replaced: the copy is of no use.
    case stale
  }

  /// How a frame lies in host memory.
  enum Form: Sendable {
    case plain, packing, packed
    /// Plain for good: packed it is not much smaller.
    case incompressible
  }

  struct Entry: Sendable {
    var key: FrameKey
    var residency: Residency = []
    /// Bytes of the host tier; 0 without one.
    var hostBytes = 0
    var form = Form.plain
    /// Bytes of its packed copy, of `hostBytes`; 0 without one.
    var copyBytes = 0
    /// Bytes that a download would take.
    var downloadBytes = 0
    /// Surfaces of the GPU tier; 0 without one.
    var surfaces = 0
    /// Host bytes reserved for a download under way.
    var reserved = 0
    var pins = 0
    var demotion = Demotion.none
    var lastUse: UInt64 = 0
    /// How many readers got it.
    var uses = 0
    /// Why the entry left the table; nil while it is in it.
    var removal: RemovalCause?
    /// It was demoted, and no reader got it since.
    var isDemoted = false
    /// Whether the slot can be given up: it is live and not held, and in the eviction order of each of its tiers.
    var isInOrder = false

    var isHeld: Bool { pins > 0 || demotion != .none }
    /// It is among those that can be packed, or will be when it is no longer held.
    var isPackable: Bool { residency.contains(.host) && form == .plain }
    var leavingSurfaces: Int { demotion == .running ? surfaces : 0 }
  }

  /// What is in an eviction order, and so could be given up.
  struct Evictable: Sendable {
    var entries = 0
    var hostBytes = 0
    var surfaces = 0
  }

  package internal(set) var limits: Limits
  /// Host bytes held, without those that are reserved for downloads.
  package internal(set) var hostBytes = 0
  package internal(set) var reservedHostBytes = 0
  /// Surfaces held, with those that are leaving.
  package internal(set) var surfaces = 0
  /// Surfaces of frames whose download is under way.
  package internal(set) var leavingSurfaces = 0
  /// Downloads under way.
  package internal(set) var demoting = 0
  /// How many GPU tiers were given up for their size with the frame kept in host memory.
  package internal(set) var demotions = 0
  /// How many of those frames a reader got from host memory later: each time a decode that was saved.
  package private(set) var demotionsUsed = 0
  /// Host bytes of frames that could be packed.
  package internal(set) var plainBytes = 0
  /// Frames that are packing.
  package internal(set) var packing = 0
  /// Frames that are packed, or have a packed copy.
  package internal(set) var packedFrames = 0
  /// Bytes that these take.
  package internal(set) var packedBytes = 0
  /// How often a frame was packed, and unpacked.
  package internal(set) var packs = 0
  package internal(set) var unpacks = 0
  var evictionCounts = [Int](repeating: 0, count: RemovalCause.allCases.count)

  var entries: [Entry] = []
  var freeSlots: [Slot] = []
  var table = SlotTable()
  var gpuOrder: any EvictionOrder
  var hostOrder: any EvictionOrder
  /// Of the frames in host memory those that can be packed.
  var plainOrder: any EvictionOrder
  var evictable = Evictable()
  private var clock: UInt64 = 0

  package init(limits: Limits, order: any EvictionOrder.Type = LRUOrder.self) {
    self.limits = limits
    gpuOrder = order.init()
    hostOrder = order.init()
    plainOrder = order.init()
  }

  // MARK: - Look-ups

  /// How many frames can be looked up.
  package var count: Int { table.count }

  /// How many frames left the cache for this cause (when their slot became free), or objects for `.replaced`.
  package func evictions(_ cause: RemovalCause) -> Int { evictionCounts[cause.index] }

  /// The slot of a frame, which is used by that; nil is a miss.
  package mutating func lookUp(_ key: FrameKey) -> Slot? {
    guard let slot = table[key] else { return nil }
    touch(slot)
    if entries[slot].residency.contains(.gpu) { gpuOrder.use(slot) }
    if entries[slot].residency.contains(.host) { hostOrder.use(slot) }
    if entries[slot].isPackable { plainOrder.use(slot) }
    return slot
  }

  /// When the frame of a slot was used last: each use has a higher number than those before it.
  package func lastUse(of slot: Slot) -> UInt64 { entries[slot].lastUse }

  /// How many readers got the frame of a slot.
  package func uses(of slot: Slot) -> Int { entries[slot].uses }

  /// A reader gets the frame of a slot.
  package mutating func countUse(_ slot: Slot) {
    entries[slot].uses += 1
    guard entries[slot].isDemoted else { return }
    entries[slot].isDemoted = false
    demotionsUsed += 1
  }

  /// The slot of a frame, which is not used by that.
  package func slot(of key: FrameKey) -> Slot? { table[key] }

  package func key(of slot: Slot) -> FrameKey { entries[slot].key }

  /// The tiers that the slot holds; also those of a removed one.
  package func residency(of slot: Slot) -> Residency { entries[slot].residency }

  package func pinCount(_ slot: Slot) -> Int { entries[slot].pins }

  // MARK: - Pins

  /// Holds a frame so that it is not evicted. Pins are counted.
  package mutating func pin(_ slot: Slot) {
    precondition(!entries[slot].residency.isEmpty, "slot \(slot) is free")
    if entries[slot].isInOrder { leaveOrders(slot) }
    entries[slot].pins += 1
  }

  /// Undoes one `pin`. The last one makes the frame the most recently used, or gives up a removed one.
  package mutating func unpin(_ slot: Slot, into actions: inout [Action]) {
    precondition(entries[slot].pins > 0, "slot \(slot) is not pinned")
    entries[slot].pins -= 1
    if entries[slot].pins > 0 { return }
    if entries[slot].removal == nil { touch(slot) }
    released(slot, into: &actions)
    settle(into: &actions)
  }

  /// A slot that may no longer be held: it goes back in order, or, where its entry was removed, it is given up.
  mutating func released(_ slot: Slot, into actions: inout [Action]) {
    guard !entries[slot].isHeld, !entries[slot].isInOrder else { return }
    if let cause = entries[slot].removal {
      dropAll(slot, cause: cause, into: &actions)
    } else {
      enterOrders(slot)
    }
  }

  // MARK: - Steps

  mutating func touch(_ slot: Slot) {
    clock += 1
    entries[slot].lastUse = clock
  }

  /// A slot that is no longer held can be given up.
  mutating func enterOrders(_ slot: Slot) {
    let entry = entries[slot]
    if entry.residency.contains(.gpu) { gpuOrder.unpin(slot) }
    if entry.residency.contains(.host) { hostOrder.unpin(slot) }
    if entry.isPackable { plainOrder.unpin(slot) }
    entries[slot].isInOrder = true
    evictable.entries += 1
    evictable.surfaces += entry.surfaces
    evictable.hostBytes += entry.hostBytes
  }

  /// A slot that becomes held cannot be given up.
  mutating func leaveOrders(_ slot: Slot) {
    let entry = entries[slot]
    if entry.residency.contains(.gpu) { gpuOrder.pin(slot) }
    if entry.residency.contains(.host) { hostOrder.pin(slot) }
    if entry.isPackable { plainOrder.pin(slot) }
    entries[slot].isInOrder = false
    evictable.entries -= 1
    evictable.surfaces -= entry.surfaces
    evictable.hostBytes -= entry.hostBytes
  }
}

extension RemovalCause {
  var index: Int {
    switch self {
    case .size: 0
    case .replaced: 1
    case .explicit: 2
    case .deviceLost: 3
    }
  }
}
