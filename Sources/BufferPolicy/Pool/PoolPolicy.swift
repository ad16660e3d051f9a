/// Which buffer a lease gets, and which memory is freed for it. It owns numbers; the caller owns the memory.
///
/// A buffer is in one of three states:
/// - *leased*: by `lease` (from *idle*, or new with its capacity taken up front) or by `preallocate`; leaves by
///   `release` or `createFailed`.
/// - *idle*: by `release`; leaves by `lease` of the same bucket (last in, first out, so that warm memory is reused), or
///   is *discarded*, longest idle first, by a `lease` that needs its bytes, `trim`, `setCapacity` or `close`.
/// - *discarded*: the caller frees the memory. The number may name another buffer from the next call on, so the caller
///   takes the memory out of its table before that (under its lock), and frees it after.
///
/// `leasedBytes + idleBytes <= capacity` after every call, except that what was leased when `setCapacity` or `close`
/// went below it stays leased until it is released.
package struct PoolPolicy: Sendable {
  /// A buffer: a small number, reused after the buffer was discarded. Fit for an index into an array.
  package typealias BufferID = Int

  /// The answer to a `lease`.
  package enum LeaseDecision: Equatable, Sendable {
    /// This idle buffer is leased.
    case reuse(BufferID, bucketBytes: Int)
    /// A new buffer is leased, its capacity is taken. The caller frees the discarded idle buffers, then allocates; if
    /// it cannot, it says `createFailed`.
    case create(BufferID, bucketBytes: Int, discard: [BufferID])
    /// So many leased bytes must come back first. Nothing changed.
    case overCapacity(missing: Int)
    /// No release can make room for it: a lease holds at most `limit` bytes.
    case tooLarge(limit: Int)
  }

  private enum State: Sendable { case free, leased, idle }

  private struct Buffer: Sendable {
    var state: State
    var bucket: Int
    var bytes: Int
  }

  package private(set) var capacity: Int
  package private(set) var isClosed = false
  package private(set) var leasedBytes = 0
  package private(set) var idleBytes = 0
  package private(set) var leasedCount = 0
  /// The most bytes that were leased and idle together.
  package private(set) var highWaterBytes = 0
  /// How many leases were given, and how many of them reused an idle buffer.
  package private(set) var leases = 0
  package private(set) var reuses = 0
  package var idleCount: Int { idle.count }

  private var buffers: [Buffer] = []
  private var freeIDs: [BufferID] = []
  /// All idle buffers, longest idle first.
  private var idle = SlotChain()
  private var idleLinks = SlotLinks()
  /// The idle buffers of each bucket, longest idle first.
  private var bucketIdle = [SlotChain](repeating: SlotChain(), count: SizeBuckets.count)
  private var bucketLinks = SlotLinks()

  package init(capacity: Int) {
    precondition(capacity >= 0, "a pool of \(capacity) bytes")
    self.capacity = capacity
  }

  /// The bytes of a buffer that is leased or idle.
  package func bucketBytes(of id: BufferID) -> Int {
    precondition(buffers[id].state != .free, "buffer \(id) does not exist")
    return buffers[id].bytes
  }

  /// Leases a buffer of at least `bytes`.
  package mutating func lease(bytes: Int) -> LeaseDecision {
    precondition(bytes >= 0, "a lease of \(bytes) bytes")
    guard bytes <= SizeBuckets.maximum else { return .tooLarge(limit: SizeBuckets.floor(capacity)) }
    let bucket = SizeBuckets.bucket(for: bytes)
    guard bucket.bytes <= capacity else { return .tooLarge(limit: SizeBuckets.floor(capacity)) }

    if let id = bucketIdle[bucket.index].last {
      removeIdle(id)
      buffers[id].state = .leased
      leasedBytes += bucket.bytes
      leasedCount += 1
      leases += 1
      reuses += 1
      return .reuse(id, bucketBytes: bucket.bytes)
    }
    let missing = bucket.bytes - (capacity - leasedBytes)
    guard missing <= 0 else { return .overCapacity(missing: missing) }

    // The new number is taken before those of the discarded buffers become free: they never coincide.
    let id = makeLeased(bucket)
    var discard: [BufferID] = []
    discardIdle(toTotal: capacity, into: &discard)
    noteHighWater()
    leases += 1
    return .create(id, bucketBytes: bucket.bytes, discard: discard)
  }

  /// The memory of a leased buffer could not be allocated: it is gone, and its capacity is free again.
  package mutating func createFailed(_ id: BufferID) {
    precondition(id < buffers.count && buffers[id].state == .leased, "buffer \(id) is not leased")
    leasedBytes -= buffers[id].bytes
    leasedCount -= 1
    free(id)
  }

  /// Takes a leased buffer back. Returns it where the caller must free it at once (the pool is closed or over its
  /// capacity); otherwise it is kept idle. To release a buffer that is not leased is a bug, and traps.
  package mutating func release(_ id: BufferID) -> BufferID? {
    precondition(id < buffers.count && buffers[id].state == .leased, "buffer \(id) is not leased")
    let bytes = buffers[id].bytes
    let isOver = leasedBytes + idleBytes > capacity
    leasedBytes -= bytes
    leasedCount -= 1
    if isClosed || isOver {
      free(id)
      return id
    }
    buffers[id].state = .idle
    idleBytes += bytes
    idleLinks.append(id, to: &idle)
    bucketLinks.append(id, to: &bucketIdle[buffers[id].bucket])
    return nil
  }

  /// Discards the longest idle buffers until at most so many bytes are idle.
  package mutating func trim(toIdleBytes bytes: Int, into discard: inout [BufferID]) {
    while idleBytes > bytes, let id = idle.first { discardIdle(id, into: &discard) }
  }

  /// Makes up to `count` new buffers, as many as the capacity holds without a discard. They are leased to the caller
  /// (not counted in `leases`), who allocates the memory of each and then releases it, or says `createFailed`: so
  /// nobody can lease a buffer that has no memory yet.
  package mutating func preallocate(bytes: Int, count: Int) -> [(id: BufferID, bucketBytes: Int)] {
    guard bytes >= 0, bytes <= SizeBuckets.maximum, !isClosed else { return [] }
    let bucket = SizeBuckets.bucket(for: bytes)
    var made: [(id: BufferID, bucketBytes: Int)] = []
    while made.count < count, bucket.bytes <= capacity - leasedBytes - idleBytes {
      made.append((makeLeased(bucket), bucket.bytes))
    }
    noteHighWater()
    return made
  }

  /// Changes the capacity, and discards the longest idle buffers that it no longer holds.
  package mutating func setCapacity(_ capacity: Int, into discard: inout [BufferID]) {
    precondition(capacity >= 0, "a pool of \(capacity) bytes")
    guard !isClosed else { return }
    self.capacity = capacity
    discardIdle(toTotal: capacity, into: &discard)
  }

  /// Closes the pool: every idle buffer is discarded, each leased one when it is released, and every later `lease` is
  /// `tooLarge(limit: 0)`.
  package mutating func close(into discard: inout [BufferID]) {
    setCapacity(0, into: &discard)
    isClosed = true
  }

  // MARK: - Steps

  private mutating func noteHighWater() {
    highWaterBytes = max(highWaterBytes, leasedBytes + idleBytes)
  }

  private mutating func makeLeased(_ bucket: (index: Int, bytes: Int)) -> BufferID {
    let buffer = Buffer(state: .leased, bucket: bucket.index, bytes: bucket.bytes)
    leasedBytes += bucket.bytes
    leasedCount += 1
    if let id = freeIDs.popLast() {
      buffers[id] = buffer
      return id
    }
    buffers.append(buffer)
    return buffers.count - 1
  }

  private mutating func discardIdle(toTotal total: Int, into discard: inout [BufferID]) {
    while idleBytes > total - leasedBytes, let id = idle.first { discardIdle(id, into: &discard) }
  }

  private mutating func discardIdle(_ id: BufferID, into discard: inout [BufferID]) {
    removeIdle(id)
    free(id)
    discard.append(id)
  }

  private mutating func removeIdle(_ id: BufferID) {
    idleBytes -= buffers[id].bytes
    idleLinks.remove(id, from: &idle)
    bucketLinks.remove(id, from: &bucketIdle[buffers[id].bucket])
  }

  private mutating func free(_ id: BufferID) {
    buffers[id].state = .free
    freeIDs.append(id)
  }
}
