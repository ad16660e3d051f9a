import Testing

@testable import BufferPolicy

/// The pool as plain arrays: what `PoolPolicy` must do, obviously.
private struct PoolModel {
  struct Buffer: Equatable {
    var id: Int
    var bytes: Int
  }

  var capacity: Int
  var isClosed = false
  var leased: [Buffer] = []
  /// Longest idle first.
  var idle: [Buffer] = []
  var highWater = 0
  var leases = 0
  var reuses = 0

  var leasedBytes: Int { leased.reduce(0) { $0 + $1.bytes } }
  var idleBytes: Int { idle.reduce(0) { $0 + $1.bytes } }

  mutating func discard(while condition: (PoolModel) -> Bool) -> [Int] {
    var ids: [Int] = []
    while condition(self), !idle.isEmpty { ids.append(idle.removeFirst().id) }
    return ids
  }

  /// `id` is the number that the policy chose for a new buffer.
  mutating func lease(bytes: Int, newID: Int?) -> PoolPolicy.LeaseDecision {
    let size = SizeBuckets.bucket(for: bytes).bytes
    if size > capacity { return .tooLarge(limit: SizeBuckets.floor(capacity)) }
    if leasedBytes + size > capacity { return .overCapacity(missing: leasedBytes + size - capacity) }
    leases += 1
    if let index = idle.lastIndex(where: { $0.bytes == size }) {
      let buffer = idle.remove(at: index)
      leased.append(buffer)
      reuses += 1
      return .reuse(buffer.id, bucketBytes: size)
    }
    let discard = discard { $0.leasedBytes + $0.idleBytes + size > $0.capacity }
    leased.append(Buffer(id: newID ?? -1, bytes: size))
    highWater = max(highWater, leasedBytes + idleBytes)
    return .create(newID ?? -1, bucketBytes: size, discard: discard)
  }

  mutating func release(_ id: Int) -> Int? {
    let isOver = leasedBytes + idleBytes > capacity
    guard let index = leased.firstIndex(where: { $0.id == id }) else { return nil }
    let buffer = leased.remove(at: index)
    if isClosed || isOver { return id }
    idle.append(buffer)
    return nil
  }
}

@Suite struct PoolPropertyTests {
  private func compare(_ pool: PoolPolicy, _ model: PoolModel, _ run: Run) throws {
    try run.same(pool.leasedBytes, model.leasedBytes, "leasedBytes")
    try run.same(pool.idleBytes, model.idleBytes, "idleBytes")
    try run.same(pool.leasedCount, model.leased.count, "leasedCount")
    try run.same(pool.idleCount, model.idle.count, "idleCount")
    try run.same(pool.highWaterBytes, model.highWater, "highWaterBytes")
    try run.same([pool.leases, pool.reuses], [model.leases, model.reuses], "leases, reuses")
    let ids = (model.leased + model.idle).map(\.id)
    try run.check(Set(ids).count == ids.count, "one number names two buffers: \(ids)")
    try run.check(
      pool.leasedBytes + pool.idleBytes <= pool.capacity || pool.idleBytes == 0, "idle bytes over the capacity")
  }

  @Test(arguments: Seeds.all) func agreesWithTheModel(seed: UInt64) throws {
    var rng = SeededGenerator(seed: seed)
    var run = Run(seed: seed)
    var pool = PoolPolicy(capacity: 64 * 4096)
    var model = PoolModel(capacity: 64 * 4096)
    for step in 0..<4000 {
      run.step = step
      switch Int.random(in: 0..<100, using: &rng) {
      case 0..<50:
        let bytes = Int.random(in: 0...(rng.chance(5) ? 90 : 12) * 4096, using: &rng)
        run.event = "lease \(bytes)"
        let actual = pool.lease(bytes: bytes)
        var newID: Int?
        if case .create(let id, _, let discard) = actual {
          newID = id
          try run.check(!discard.contains(id), "buffer \(id) is created and discarded in one step")
        }
        try run.same(actual, model.lease(bytes: bytes, newID: newID), "decision")
        if let newID, rng.chance(5) {
          pool.createFailed(newID)
          model.leased.removeAll { $0.id == newID }
        }
      case 50..<92:
        guard let buffer = model.leased.randomElement(using: &rng) else { continue }
        run.event = "release \(buffer.id)"
        try run.same(pool.bucketBytes(of: buffer.id), buffer.bytes, "bytes of \(buffer.id)")
        try run.same(pool.release(buffer.id), model.release(buffer.id), "buffer to free")
      case 92..<95:
        let target = Int.random(in: 0...32, using: &rng) * 4096
        run.event = "trim to \(target)"
        var discard: [Int] = []
        pool.trim(toIdleBytes: target, into: &discard)
        try run.same(discard, model.discard { $0.idleBytes > target }, "trimmed")
      case 95..<98:
        let capacity = Int.random(in: 8...96, using: &rng) * 4096
        run.event = "capacity \(capacity)"
        var discard: [Int] = []
        pool.setCapacity(capacity, into: &discard)
        model.capacity = capacity
        try run.same(discard, model.discard { $0.leasedBytes + $0.idleBytes > $0.capacity }, "discarded")
      default:
        let bytes = Int.random(in: 0...4, using: &rng) * 4096
        run.event = "preallocate 3 of \(bytes)"
        let size = SizeBuckets.bucket(for: bytes).bytes
        let room = max(0, model.capacity - model.leasedBytes - model.idleBytes)
        let made = pool.preallocate(bytes: bytes, count: 3)
        try run.same(made.count, min(3, room / size), "made")
        for buffer in made { model.leased.append(.init(id: buffer.id, bytes: buffer.bucketBytes)) }
        model.highWater = max(model.highWater, model.leasedBytes + model.idleBytes)
      }
      try compare(pool, model, run)
    }
    var discard: [Int] = []
    pool.close(into: &discard)
    model.capacity = 0
    model.isClosed = true
    try run.same(discard, model.discard { _ in true }, "closed")
    for buffer in model.leased { try run.same(pool.release(buffer.id), buffer.id, "released after close") }
    try run.same(pool.leasedBytes + pool.idleBytes, 0, "bytes left")
  }
}
