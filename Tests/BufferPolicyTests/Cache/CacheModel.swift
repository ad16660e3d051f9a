import BufferPolicy
import FrameModel

/// The cache with LRU as a plain array of entries, everything computed by looking at all of them.
struct CacheModel {
  enum Form { case plain, packing, packed, incompressible }

  struct Entry {
    var slot: Int
    var key: FrameKey
    var surfaces: Int?
    var hostBytes: Int?
    var downloadBytes = 0
    var pins = 0
    var reserved: Int?
    var isStale = false
    var lastUse = 0
    /// When the slot was last put at the end of the tier's order.
    var gpuStamp = 0
    var hostStamp = 0
    var plainStamp = 0
    var form = Form.plain
    /// Bytes of the packed copy, of `hostBytes`.
    var copyBytes = 0
    var removal: RemovalCause?

    var isPlain: Bool { hostBytes != nil && form == .plain }
    var isHeld: Bool { pins > 0 || reserved != nil }
    var canGo: Bool { removal == nil && !isHeld }
    var isLeaving: Bool { reserved != nil && !isStale }
  }

  var limits: CachePolicy.Limits
  var entries: [Entry] = []
  var actions: [CachePolicy.Action] = []
  var now = 0

  var live: [Entry] { entries.filter { $0.removal == nil } }
  var hostBytes: Int { entries.reduce(0) { $0 + ($1.hostBytes ?? 0) } }
  var reserved: Int { entries.reduce(0) { $0 + ($1.reserved ?? 0) } }
  var surfaces: Int { entries.reduce(0) { $0 + ($1.surfaces ?? 0) } }
  var plainBytes: Int { entries.filter(\.isPlain).reduce(0) { $0 + ($1.hostBytes ?? 0) - $1.copyBytes } }
  var packing: Int { entries.count { $0.form == .packing } }
  var leaving: Int { entries.filter(\.isLeaving).reduce(0) { $0 + ($1.surfaces ?? 0) } }

  func index(_ slot: Int) -> Int { entries.firstIndex { $0.slot == slot } ?? -1 }
  func find(_ key: FrameKey) -> Int? { entries.firstIndex { $0.key == key && $0.removal == nil } }

  var gpuVictims: [Entry] {
    entries.filter { $0.canGo && $0.surfaces != nil }.sorted { $0.gpuStamp < $1.gpuStamp }
  }
  var hostVictims: [Entry] {
    entries.filter { $0.canGo && $0.hostBytes != nil }.sorted { $0.hostStamp < $1.hostStamp }
  }

  var plainVictims: [Entry] { entries.filter { $0.canGo && $0.isPlain }.sorted { $0.plainStamp < $1.plainStamp } }

  mutating func stamp(_ i: Int) {
    now += 1
    entries[i].plainStamp = now
    entries[i].gpuStamp = now
    entries[i].hostStamp = now
  }

  mutating func use(_ i: Int) {
    now += 1
    entries[i].lastUse = now
    stamp(i)
  }

  // MARK: - Ways out

  mutating func drop(_ slot: Int, _ tier: Residency, _ cause: RemovalCause) {
    let i = index(slot)
    if tier == .gpu {
      entries[i].surfaces = nil
    } else {
      entries[i].hostBytes = nil
      entries[i].form = .plain
      entries[i].copyBytes = 0
    }
    let isLast = cause != .replaced && entries[i].surfaces == nil && entries[i].hostBytes == nil
    actions.append(.drop(slot, entries[i].key, tier: tier, cause: cause, last: isLast))
    if isLast { entries.remove(at: i) }
  }

  mutating func remove(_ slot: Int, _ cause: RemovalCause) {
    let i = index(slot)
    entries[i].removal = cause
    dropIfRemoved(slot)
  }

  mutating func dropIfRemoved(_ slot: Int) {
    let entry = entries[index(slot)]
    guard let cause = entry.removal, !entry.isHeld else { return }
    if entry.surfaces != nil { drop(slot, .gpu, cause) }
    if entry.hostBytes != nil { drop(slot, .host, cause) }
  }

  mutating func giveUpSurface(_ entry: Entry) {
    if entry.hostBytes != nil { return drop(entry.slot, .gpu, .size) }
    let demoting = entries.filter { $0.reserved != nil }.count
    var victims: [Entry] = []
    var free = limits.hostBytes - hostBytes - reserved
    for victim in hostVictims {
      if free >= entry.downloadBytes || victim.lastUse >= entry.lastUse { break }
      victims.append(victim)
      free += victim.hostBytes ?? 0
    }
    guard demoting < limits.demotions, free >= entry.downloadBytes else { return remove(entry.slot, .size) }
    for victim in victims { giveUpHost(victim) }
    entries[index(entry.slot)].reserved = entry.downloadBytes
    entries[index(entry.slot)].isStale = false
    actions.append(.demote(entry.slot, entry.key))
  }

  mutating func giveUpHost(_ entry: Entry) {
    if entry.surfaces != nil { drop(entry.slot, .host, .size) } else { remove(entry.slot, .size) }
  }

  /// `except` is a slot that is being inserted.
  mutating func settle(except: Int? = nil) {
    while live.count > limits.frames {
      // The less recent of the first victims of the two tiers.
      let heads = [gpuVictims, hostVictims].compactMap { victims in victims.first { $0.slot != except } }
      guard let victim = heads.min(by: { $0.lastUse < $1.lastUse }) else { break }
      remove(victim.slot, .size)
    }
    while surfaces - leaving > limits.surfaces, let victim = gpuVictims.first(where: { $0.slot != except }) {
      giveUpSurface(victim)
    }
    while hostBytes + reserved > limits.hostBytes, let victim = hostVictims.first(where: { $0.slot != except }) {
      giveUpHost(victim)
    }
    if hostBytes + reserved > limits.hostBytes { dropHeldCopies() }
  }

  // MARK: - Events

  /// Whether an insert fits, if all that can go goes.
  func fits(_ key: FrameKey, _ weight: CachePolicy.Weight, _ tier: Residency) -> Bool {
    let stuck = entries.filter { !$0.canGo && !($0.key == key && $0.removal == nil) }
    let own = entries.first { $0.key == key && $0.removal == nil }
    if own == nil, stuck.filter({ $0.removal == nil }).count >= limits.frames { return false }
    if tier == .gpu {
      return stuck.filter { !$0.isLeaving }.reduce(0) { $0 + ($1.surfaces ?? 0) } + weight.surfaces <= limits.surfaces
    }
    let copies = stuck.filter { $0.form == .plain && $0.isHeld }.reduce(0) { $0 + $1.copyBytes }
    return stuck.reduce(0) { $0 + ($1.hostBytes ?? 0) } - copies + reserved + weight.hostBytes <= limits.hostBytes
  }

  mutating func insert(_ key: FrameKey, _ weight: CachePolicy.Weight, _ tier: Residency, pinned: Bool, slot: Int) {
    if let i = find(key) {
      let hasTier = tier == .gpu ? entries[i].surfaces != nil : entries[i].hostBytes != nil
      if hasTier {
        if tier == .gpu { entries[i].isStale = true }
        drop(slot, tier, .replaced)
      }
    } else {
      entries.append(Entry(slot: slot, key: key))
    }
    let i = index(slot)
    entries[i].downloadBytes = weight.hostBytes
    if tier == .gpu { entries[i].surfaces = weight.surfaces } else { entries[i].hostBytes = weight.hostBytes }
    use(i)
    if pinned { entries[i].pins += 1 }
    settle(except: slot)
  }

  mutating func unpin(_ slot: Int) {
    let i = index(slot)
    entries[i].pins -= 1
    if entries[i].pins > 0 { return }
    now += 1
    entries[i].lastUse = now
    if !entries[i].isHeld { stamp(i) }
    dropIfRemoved(slot)
    settle()
  }

  mutating func endDemotion(_ slot: Int, bytes: Int?) -> Bool {
    let i = index(slot)
    let isWanted = !entries[i].isStale && entries[i].removal == nil
    entries[i].reserved = nil
    let isPinned = entries[i].pins > 0
    if isWanted, let bytes {
      if entries[i].hostBytes != nil { drop(slot, .host, .replaced) }
      entries[i].hostBytes = bytes
      entries[i].downloadBytes = bytes
      if !isPinned { drop(slot, .gpu, .size) }
    } else if isWanted, !isPinned {
      if entries[i].hostBytes != nil { drop(slot, .gpu, .size) } else { entries[i].removal = .size }
    }
    if !isPinned { stamp(i) }
    dropIfRemoved(slot)
    settle()
    return isWanted
  }

  // MARK: - Packing

  mutating func dropHeldCopies() {
    for entry in entries.sorted(by: { $0.slot < $1.slot }) where entry.copyBytes > 0 && entry.isHeld && entry.isPlain {
      let i = index(entry.slot)
      entries[i].hostBytes = (entry.hostBytes ?? 0) - entry.copyBytes
      entries[i].copyBytes = 0
      actions.append(.dropCopy(entry.slot, entry.key))
    }
  }

  mutating func pack(_ most: Int) {
    for _ in 0..<most {
      guard plainBytes > limits.plainBytes, packing < limits.packings, let victim = plainVictims.first else { return }
      let i = index(victim.slot)
      if victim.surfaces != nil {
        drop(victim.slot, .host, .size)
      } else if victim.copyBytes > 0 {
        entries[i].form = .packed
        entries[i].hostBytes = victim.copyBytes
        actions.append(.dropPlain(victim.slot, victim.key))
      } else {
        entries[i].form = .packing
        actions.append(.pack(victim.slot, victim.key))
      }
    }
  }

  mutating func endPacking(_ slot: Int, bytes: Int?, isFinal: Bool) -> Bool {
    let i = index(slot)
    guard let bytes, entries[i].canGo, entries[i].surfaces == nil else {
      let isOver = bytes == nil && isFinal
      entries[i].form = isOver ? .incompressible : .plain
      now += 1
      if !isOver { entries[i].plainStamp = now }
      return false
    }
    entries[i].form = .packed
    entries[i].hostBytes = bytes
    entries[i].copyBytes = bytes
    return true
  }

  mutating func unpack(_ slot: Int, bytes: Int) -> Bool {
    let i = index(slot)
    guard entries[i].form == .packed, entries[i].removal == nil else { return false }
    entries[i].form = .plain
    entries[i].hostBytes = bytes + entries[i].copyBytes
    settle()
    return true
  }

  mutating func loseDevice() {
    for entry in live.sorted(by: { $0.slot < $1.slot }) where entry.surfaces != nil {
      if entry.hostBytes == nil {
        remove(entry.slot, .deviceLost)
      } else {
        entries[index(entry.slot)].isStale = true
        drop(entry.slot, .gpu, .deviceLost)
      }
    }
  }
}
