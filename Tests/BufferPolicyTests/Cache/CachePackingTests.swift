import BufferPolicy
import FrameModel
import Testing

/// Frames weigh ten bytes plain and four packed.
@Suite struct CachePackingTests {
  /// A cache of so many plain frames, of which `plain` stay so.
  private func cache(host: Int, plain: Int, packings: Int = .max, surfaces: Int = 0) -> SmallCache {
    var cache = SmallCache(host: host, surfaces: surfaces)
    cache.act {
      $0.setLimits(
        .init(frames: 100, hostBytes: host * 10, surfaces: surfaces, plainBytes: plain * 10, packings: packings),
        into: &$1)
    }
    return cache
  }

  /// The frames are packed, those that were used least recently first; some stay plain.
  @Test func theLeastRecentArePacked() {
    var cache = cache(host: 5, plain: 2)
    for number in 0..<5 { cache.insert(number) }
    #expect(cache.policy.lookUp(key(0)) == 0)
    cache.act { $0.pack(9, into: &$1) }
    #expect(cache.taken() == [.pack(1, key(1)), .pack(2, key(2)), .pack(3, key(3))])
    for slot in 1...3 { #expect(cache.act { policy, _ in policy.packed(slot, hostBytes: 4) }) }
    #expect(cache.policy.hostBytes == 2 * 10 + 3 * 4 && cache.policy.packedFrames == 3)
    cache.insert(5)
    #expect(cache.taken() == [], "there is room now")
  }

  /// What packed frames take tells how many there is room for.
  @Test func roomIsKnownByWhatPackedFramesTake() {
    var cache = cache(host: 20, plain: 2)
    for number in 0..<20 { cache.insert(number) }
    cache.act { $0.pack(9, into: &$1) }
    for slot in 0..<7 { #expect(cache.act { policy, _ in policy.packed(slot, hostBytes: 4) }) }
    #expect(cache.policy.packedRoom == nil, "seven tell nothing")
    #expect(cache.act { policy, _ in policy.packed(7, hostBytes: 4) })
    #expect(cache.policy.packedRoom == 180 / 4)
    #expect(cache.act { policy, _ in policy.packed(8, hostBytes: 9) })
    #expect(cache.policy.packedRoom == 180 * 9 / 41)
    cache.act { $0.setLimits(.init(frames: 30, hostBytes: 200, surfaces: 0, plainBytes: 20), into: &$1) }
    #expect(cache.policy.packedRoom == 30, "no more than there may be")
  }

  /// A packed frame keeps its place: it goes before those that were used later.
  @Test func packingIsNoUse() {
    var cache = cache(host: 3, plain: 0)
    for number in 0..<3 { cache.insert(number) }
    cache.act { $0.pack(1, into: &$1) }
    #expect(cache.act { policy, _ in policy.packed(0, hostBytes: 4) })
    _ = cache.taken()
    cache.insert(3)
    #expect(cache.taken() == [drop(0, 0, .host)])
  }

  @Test func aFrameMayLeaveWhileItIsPacked() {
    var cache = cache(host: 2, plain: 0)
    cache.insert(0)
    cache.act { $0.pack(1, into: &$1) }
    _ = cache.taken()
    cache.insert(1)
    cache.insert(2)
    #expect(cache.taken() == [drop(0, 0, .host)])
    #expect(!cache.policy.isOwed(0) && cache.policy.packing == 0)
    #expect(cache.insert(3) == 0, "its slot names another one now")
    #expect(!cache.policy.isOwed(0))
  }

  /// Who uses a frame while it is packed wants it plain.
  @Test func whatIsUsedMeanwhileStaysPlain() {
    var cache = cache(host: 2, plain: 0)
    cache.insert(0)
    cache.act { $0.pack(1, into: &$1) }
    cache.act { policy, _ in policy.pin(0) }
    #expect(!cache.policy.isPacking(0) && cache.policy.isOwed(0))
    #expect(!cache.act { policy, _ in policy.packed(0, hostBytes: 4) })
    #expect(cache.policy.hostBytes == 10 && cache.policy.packedFrames == 0)
    cache.act { $0.unpin(0, into: &$1) }
    _ = cache.taken()
    cache.act { $0.pack(1, into: &$1) }
    #expect(cache.taken() == [.pack(0, key(0))], "later it can be packed")
  }

  /// An unpacked frame keeps its copy, and goes back to it at once.
  @Test func unpackedFramesKeepTheirCopy() {
    var cache = cache(host: 4, plain: 0)
    cache.insert(0)
    cache.act { $0.pack(1, into: &$1) }
    #expect(cache.act { policy, _ in policy.packed(0, hostBytes: 4) })
    cache.act { policy, _ in policy.pin(0) }
    #expect(cache.act { $0.unpacked(0, hostBytes: 10, into: &$1) })
    #expect(!cache.act { $0.unpacked(0, hostBytes: 10, into: &$1) }, "once is enough")
    #expect(cache.policy.hostBytes == 14 && cache.policy.packedBytes == 4)
    cache.act { $0.unpin(0, into: &$1) }
    _ = cache.taken()
    cache.act { $0.pack(1, into: &$1) }
    #expect(cache.taken() == [.dropPlain(0, key(0))])
    #expect(cache.policy.hostBytes == 4 && cache.policy.packs == 1 && cache.policy.unpacks == 1)
  }

  /// Where nothing else can go, a frame that is held does without its packed copy.
  @Test func copiesOfHeldFramesGoLast() {
    var cache = cache(host: 2, plain: 0)
    cache.insert(0)
    cache.act { $0.pack(1, into: &$1) }
    #expect(cache.act { policy, _ in policy.packed(0, hostBytes: 4) })
    cache.act { policy, _ in policy.pin(0) }
    #expect(cache.act { $0.unpacked(0, hostBytes: 10, into: &$1) })
    _ = cache.taken()
    #expect(cache.insert(1, pinned: true) == 1, "ten and ten bytes fit")
    #expect(cache.taken() == [.dropCopy(0, key(0))])
    #expect(cache.policy.hostBytes == 20 && cache.policy.packedFrames == 0)
    #expect(cache.act { $0.reclaim(hostBytes: 1, into: &$1) } == 0)
  }

  @Test func whatPackingDoesNotMakeSmallerIsNotTriedAgain() {
    var cache = cache(host: 4, plain: 0)
    cache.insert(0)
    cache.act { $0.pack(1, into: &$1) }
    cache.act { policy, _ in policy.packingFailed(0, isFinal: true) }
    _ = cache.taken()
    cache.act { $0.pack(1, into: &$1) }
    #expect(cache.taken() == [])
    #expect(cache.policy.residency(of: 0) == .host && cache.policy.plainBytes == 0)
  }

  @Test func onlySoManyArePackedAtOnce() {
    var cache = cache(host: 9, plain: 0, packings: 2)
    for number in 0..<5 { cache.insert(number) }
    cache.act { $0.pack(9, into: &$1) }
    #expect(cache.taken() == [.pack(0, key(0)), .pack(1, key(1))])
    cache.act { policy, _ in policy.packingFailed(0, isFinal: false) }
    cache.act { $0.pack(9, into: &$1) }
    #expect(cache.taken() == [.pack(2, key(2))])
  }

  /// What is on the GPU costs a download, not a decode: its host tier goes.
  @Test func whatIsOnTheGPUTooIsNotPacked() {
    var cache = cache(host: 4, plain: 0, surfaces: 4)
    cache.insert(0)
    cache.insert(0, .gpu)
    cache.act { $0.pack(1, into: &$1) }
    #expect(cache.taken() == [drop(0, 0, .host, last: false)])
  }

  @Test func withoutALimitNothingIsPacked() {
    var cache = SmallCache(host: 4)
    for number in 0..<4 { cache.insert(number) }
    cache.act { $0.pack(4, into: &$1) }
    #expect(cache.taken() == [])
  }
}
