import BufferPolicy
import FrameModel
import Testing

/// Runs random events on the policy and on the model, and compares all that can be seen after each.
private struct CacheRun {
  var rng: SeededGenerator
  var run: Run
  var policy: CachePolicy
  var model: CacheModel
  var actions: [CachePolicy.Action] = []

  init(seed: UInt64) {
    rng = SeededGenerator(seed: seed)
    run = Run(seed: seed)
    let limits = CachePolicy.Limits(frames: 12, hostBytes: 60, surfaces: 5, demotions: 3, plainBytes: 20, packings: 3)
    policy = CachePolicy(limits: limits)
    model = CacheModel(limits: limits)
  }

  mutating func step(_ number: Int) throws {
    run.step = number
    actions = []
    model.actions = []
    try event()
    try run.same(actions, model.actions, "actions")
    try compare()
  }

  private func randomSlot(_ rng: inout SeededGenerator, where condition: (CacheModel.Entry) -> Bool) -> Int? {
    model.entries.filter(condition).randomElement(using: &rng)?.slot
  }

  private mutating func event() throws {
    let key = FrameKey(stream: UInt32.random(in: 0...1, using: &rng), number: Int.random(in: 0..<16, using: &rng))
    switch Int.random(in: 0..<125, using: &rng) {
    case 100..<125: try packingEvent()
    case 0..<40: try insert(key)
    case 40..<55:
      run.event = "lookUp \(key)"
      let slot = policy.lookUp(key)
      try run.same(slot, model.find(key).map { model.entries[$0].slot }, "slot")
      if let i = model.find(key) { model.use(i) }
    case 55..<63:
      guard let slot = randomSlot(&rng, where: { $0.removal == nil && $0.pins < 3 }) else { return }
      run.event = "pin \(slot)"
      policy.pin(slot)
      model.entries[model.index(slot)].pins += 1
    case 63..<78:
      guard let slot = randomSlot(&rng, where: { $0.pins > 0 }) else { return }
      run.event = "unpin \(slot)"
      policy.unpin(slot, into: &actions)
      model.unpin(slot)
    case 78..<88:
      guard let slot = randomSlot(&rng, where: { $0.reserved != nil }) else { return }
      let bytes = rng.chance(70) ? Int.random(in: 5...15, using: &rng) : nil
      run.event = "demotion of \(slot) ended: \(bytes ?? -1)"
      let isWanted = model.endDemotion(slot, bytes: bytes)
      if let bytes {
        try run.same(policy.demoted(slot, hostBytes: bytes, into: &actions), isWanted, "demoted")
      } else {
        policy.demotionFailed(slot, into: &actions)
      }
    case 88..<92:
      run.event = "remove \(key)"
      let slot = model.find(key).map { model.entries[$0].slot }
      try run.same(policy.remove(key, cause: .explicit, into: &actions), slot != nil, "removed")
      if let slot { model.remove(slot, .explicit) }
    case 92..<94:
      let wanted = Int.random(in: 1...30, using: &rng)
      run.event = "reclaim \(wanted)"
      let before = model.hostBytes
      while before - model.hostBytes < wanted, let victim = model.hostVictims.first { model.giveUpHost(victim) }
      if before - model.hostBytes < wanted { model.dropHeldCopies() }
      try run.same(policy.reclaim(hostBytes: wanted, into: &actions), before - model.hostBytes, "bytes")
    case 94..<96:
      run.event = "reclaim 2 surfaces"
      let before = model.surfaces - model.leaving
      while before - (model.surfaces - model.leaving) < 2, let victim = model.gpuVictims.first {
        model.giveUpSurface(victim)
      }
      try run.same(
        policy.reclaimSurfaces(2, into: &actions), before - (model.surfaces - model.leaving), "surfaces")
    case 96: rareEvent()
    default:
      let limits = CachePolicy.Limits(
        frames: Int.random(in: 4...14, using: &rng), hostBytes: Int.random(in: 0...80, using: &rng),
        surfaces: Int.random(in: 0...7, using: &rng), demotions: Int.random(in: 0...4, using: &rng),
        plainBytes: Int.random(in: 0...40, using: &rng), packings: Int.random(in: 0...4, using: &rng))
      run.event = "\(limits)"
      policy.setLimits(limits, into: &actions)
      model.limits = limits
      model.settle()
    }
  }

  private mutating func packingEvent() throws {
    if rng.chance(40) {
      let most = Int.random(in: 1...3, using: &rng)
      run.event = "pack \(most)"
      policy.pack(most, into: &actions)
      model.pack(most)
    } else if rng.chance(60), let slot = randomSlot(&rng, where: { $0.form == .packing }) {
      let bytes = rng.chance(70) ? Int.random(in: 1...8, using: &rng) : nil
      let isFinal = rng.chance(30)
      run.event = "packing of \(slot) ended: \(bytes ?? -1) \(isFinal)"
      try run.check(policy.isOwed(slot), "the answer is owed")
      try run.same(
        policy.isPacking(slot),
        model.entries[model.index(slot)].canGo && model.entries[model.index(slot)].surfaces == nil, "isPacking")
      let isWanted = model.endPacking(slot, bytes: bytes, isFinal: isFinal)
      if let bytes {
        try run.same(policy.packed(slot, hostBytes: bytes), isWanted, "packed")
      } else {
        policy.packingFailed(slot, isFinal: isFinal)
      }
    } else if let slot = randomSlot(&rng, where: { $0.pins > 0 && $0.copyBytes > 0 }) {
      let bytes = Int.random(in: 5...15, using: &rng)
      run.event = "unpacked \(slot) \(bytes)"
      let isWanted = model.unpack(slot, bytes: bytes)
      try run.same(policy.unpacked(slot, hostBytes: bytes, into: &actions), isWanted, "unpacked")
    }
  }

  private mutating func rareEvent() {
    if rng.chance(70) {
      run.event = "loseDevice"
      policy.loseDevice(into: &actions)
      model.loseDevice()
    } else {
      run.event = "removeAll"
      policy.removeAll(cause: .explicit, into: &actions)
      for entry in model.live.sorted(by: { $0.slot < $1.slot }) { model.remove(entry.slot, .explicit) }
    }
  }

  private mutating func insert(_ key: FrameKey) throws {
    let tier: Residency = rng.chance(60) ? .gpu : .host
    let weight = CachePolicy.Weight(
      hostBytes: Int.random(in: 5...(rng.chance(5) ? 90 : 15), using: &rng),
      surfaces: rng.chance(10) ? 2 : 1)
    let isPinned = rng.chance(30)
    run.event = "insert \(key) \(tier) \(weight) pinned \(isPinned)"
    let canFit = model.fits(key, weight, tier)
    let old = model.find(key).map { model.entries[$0].slot }
    let slot: Int?
    if let old, tier == .gpu, !isPinned, rng.chance(50) {
      slot = policy.promoted(old, weight: weight, into: &actions) ? old : nil
    } else {
      slot = policy.insert(key, weight: weight, tier: tier, pinned: isPinned, into: &actions)
    }
    try run.same(slot != nil, canFit, "accepted")
    guard let slot else { return }
    if let old {
      try run.same(slot, old, "slot of a frame that was there")
    } else {
      try run.check(model.index(slot) < 0, "slot \(slot) was not free")
    }
    model.insert(key, weight, tier, pinned: isPinned, slot: slot)
  }

  private func compare() throws {
    try run.same(policy.count, model.live.count, "count")
    try run.same(policy.hostBytes, model.hostBytes, "hostBytes")
    try run.same(policy.reservedHostBytes, model.reserved, "reservedHostBytes")
    try run.same(policy.surfaces, model.surfaces, "surfaces")
    try run.same(policy.leavingSurfaces, model.leaving, "leavingSurfaces")
    try run.same(policy.demoting, model.entries.filter { $0.reserved != nil }.count, "demoting")
    try run.same(policy.plainBytes, model.plainBytes, "plainBytes")
    try run.same(policy.packing, model.packing, "packing")
    try run.same(policy.packedFrames, model.entries.count { $0.copyBytes > 0 }, "packedFrames")
    try run.same(policy.packedBytes, model.entries.reduce(0) { $0 + $1.copyBytes }, "packedBytes")
    try run.same(
      policy.freeHostBytes, policy.limits.hostBytes - model.hostBytes - model.reserved, "freeHostBytes")
    for entry in model.entries {
      var residency: Residency = []
      if entry.surfaces != nil { residency.insert(.gpu) }
      if entry.hostBytes != nil { residency.insert(.host) }
      try run.same(policy.residency(of: entry.slot), residency, "residency of \(entry.slot)")
      try run.same(policy.key(of: entry.slot), entry.key, "key of \(entry.slot)")
      try run.same(policy.pinCount(entry.slot), entry.pins, "pins of \(entry.slot)")
      if entry.removal == nil { try run.same(policy.slot(of: entry.key), entry.slot, "slot of \(entry.key)") }
    }
    let limits = policy.limits
    let canGo = model.entries.filter(\.canGo)
    try run.check(policy.count <= limits.frames || canGo.isEmpty, "more frames than the limit")
    try run.check(
      policy.surfaces - policy.leavingSurfaces <= limits.surfaces || model.gpuVictims.isEmpty,
      "surfaces over the limit")
    try run.check(
      policy.hostBytes + policy.reservedHostBytes <= limits.hostBytes || model.hostVictims.isEmpty,
      "host bytes over the limit")
  }
}

@Suite struct CachePropertyTests {
  @Test(arguments: Seeds.all) func agreesWithTheModel(seed: UInt64) throws {
    var run = CacheRun(seed: seed)
    for step in 0..<6000 { try run.step(step) }
  }
}
