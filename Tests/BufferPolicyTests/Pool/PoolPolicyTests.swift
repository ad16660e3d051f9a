import Testing

@testable import BufferPolicy

@Suite struct PoolPolicyTests {
  private let page = 4096

  @Test func firstLeaseCreatesAndTheNextReuses() {
    var pool = PoolPolicy(capacity: 10 * page)
    #expect(pool.lease(bytes: 5000) == .create(0, bucketBytes: 8192, discard: []))
    #expect(pool.leasedBytes == 8192)
    #expect(pool.release(0) == nil)
    #expect(pool.idleBytes == 8192)
    #expect(pool.lease(bytes: 8000) == .reuse(0, bucketBytes: 8192))
    #expect((pool.leases, pool.reuses, pool.highWaterBytes) == (2, 1, 8192))
  }

  @Test func theWarmestIdleBufferIsReused() {
    var pool = PoolPolicy(capacity: 10 * page)
    for id in 0..<3 { #expect(pool.lease(bytes: page) == .create(id, bucketBytes: page, discard: [])) }
    for id in [2, 0, 1] { #expect(pool.release(id) == nil) }
    #expect(pool.lease(bytes: page) == .reuse(1, bucketBytes: page))
    #expect(pool.lease(bytes: page) == .reuse(0, bucketBytes: page))
  }

  @Test func idleBuffersOfOtherBucketsMakeRoomLongestIdleFirst() {
    var pool = PoolPolicy(capacity: 4 * page)
    for id in 0..<4 { #expect(pool.lease(bytes: page) == .create(id, bucketBytes: page, discard: [])) }
    for id in [3, 1, 0] { #expect(pool.release(id) == nil) }
    #expect(pool.lease(bytes: 2 * page) == .create(4, bucketBytes: 2 * page, discard: [3, 1]))
    #expect(pool.idleCount == 1)
    #expect(pool.highWaterBytes == 4 * page)
  }

  @Test func leasedBytesAreNeverTaken() {
    var pool = PoolPolicy(capacity: 4 * page)
    #expect(pool.lease(bytes: 3 * page) == .create(0, bucketBytes: 3 * page, discard: []))
    #expect(pool.lease(bytes: 2 * page) == .overCapacity(missing: page))
    #expect(pool.leases == 1)
    #expect(pool.lease(bytes: 5 * page) == .tooLarge(limit: 4 * page))
    #expect(pool.lease(bytes: .max) == .tooLarge(limit: 4 * page))
  }

  @Test func aFailedCreateGivesTheCapacityBack() {
    var pool = PoolPolicy(capacity: 2 * page)
    #expect(pool.lease(bytes: 2 * page) == .create(0, bucketBytes: 2 * page, discard: []))
    pool.createFailed(0)
    #expect((pool.leasedBytes, pool.leasedCount) == (0, 0))
    #expect(pool.lease(bytes: page) == .create(0, bucketBytes: page, discard: []))
  }

  @Test func trimDiscardsTheLongestIdle() {
    var pool = PoolPolicy(capacity: 8 * page)
    for _ in 0..<4 { _ = pool.lease(bytes: page) }
    for id in [1, 3, 0, 2] { #expect(pool.release(id) == nil) }
    var discard: [Int] = []
    pool.trim(toIdleBytes: 2 * page, into: &discard)
    #expect(discard == [1, 3])
    pool.trim(toIdleBytes: 0, into: &discard)
    #expect(discard == [1, 3, 0, 2])
    #expect(pool.idleBytes == 0)
  }

  @Test func preallocationStaysWithinTheCapacity() {
    var pool = PoolPolicy(capacity: 5 * page)
    let made = pool.preallocate(bytes: 2 * page, count: 10)
    #expect(made.map(\.id) == [0, 1])
    #expect(made.map(\.bucketBytes) == [2 * page, 2 * page])
    #expect(pool.leases == 0)
    #expect(pool.release(0) == nil)
    pool.createFailed(1)
    #expect(pool.lease(bytes: 2 * page) == .reuse(0, bucketBytes: 2 * page))
  }

  @Test func aSmallerCapacityFreesWhatComesBack() {
    var pool = PoolPolicy(capacity: 4 * page)
    for _ in 0..<4 { _ = pool.lease(bytes: page) }
    #expect(pool.release(0) == nil)
    var discard: [Int] = []
    pool.setCapacity(2 * page, into: &discard)
    #expect(discard == [0])
    #expect(pool.leasedBytes == 3 * page)
    #expect(pool.lease(bytes: page) == .overCapacity(missing: 2 * page))
    #expect(pool.release(1) == 1)
    #expect(pool.release(2) == nil)
    #expect(pool.lease(bytes: page) == .reuse(2, bucketBytes: page))
  }

  @Test func aClosedPoolKeepsNothing() {
    var pool = PoolPolicy(capacity: 4 * page)
    _ = pool.lease(bytes: page)
    _ = pool.lease(bytes: page)
    #expect(pool.release(0) == nil)
    var discard: [Int] = []
    pool.close(into: &discard)
    #expect(discard == [0])
    #expect(pool.release(1) == 1)
    #expect(pool.lease(bytes: 0) == .tooLarge(limit: 0))
    pool.setCapacity(4 * page, into: &discard)
    #expect(pool.preallocate(bytes: 1, count: 1).isEmpty)
    #expect((pool.leasedBytes, pool.idleBytes) == (0, 0))
  }

  @Test func releasingTwiceTraps() async {
    await #expect(processExitsWith: .failure) {
      var pool = PoolPolicy(capacity: 1 << 20)
      _ = pool.lease(bytes: 1)
      _ = pool.release(0)
      _ = pool.release(0)
    }
  }
}
