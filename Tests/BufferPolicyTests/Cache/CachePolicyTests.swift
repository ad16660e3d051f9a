import BufferPolicy
import FrameModel
import Testing

@Suite struct CachePolicyTests {
  @Test func theLeastRecentlyUsedHostFrameIsEvicted() {
    var cache = SmallCache(host: 2)
    #expect(cache.insert(0) == 0)
    #expect(cache.insert(1) == 1)
    #expect(cache.policy.lookUp(key(0)) == 0)
    #expect(cache.insert(2) == 2)
    #expect(cache.taken() == [drop(1, 1, .host)])
    #expect(cache.policy.lookUp(key(1)) == nil)
    #expect(cache.policy.evictions(.size) == 1)
    #expect(cache.insert(3) == 1, "the free slot is reused")
  }

  @Test func aSlotLookUpIsNoUse() {
    var cache = SmallCache(host: 2)
    cache.insert(0)
    cache.insert(1)
    #expect(cache.policy.slot(of: key(0)) == 0)
    cache.insert(2)
    #expect(cache.taken() == [drop(0, 0, .host)])
  }

  @Test func pinnedFramesStayAndUnpinnedOnesAreMostRecent() {
    var cache = SmallCache(host: 2)
    cache.insert(0, pinned: true)
    cache.insert(1)
    cache.insert(2)
    #expect(cache.taken() == [drop(1, 1, .host)])
    cache.act { $0.unpin(0, into: &$1) }
    cache.insert(3)
    #expect(cache.taken() == [drop(2, 2, .host)])
  }

  @Test func whatCannotFitIsRefusedAndChangesNothing() {
    var cache = SmallCache(host: 1)
    let big = cache.act {
      $0.insert(key(9), weight: .init(hostBytes: 11, surfaces: 0), tier: .host, pinned: false, into: &$1)
    }
    #expect(big == nil)
    cache.insert(0, pinned: true)
    #expect(cache.insert(1) == nil)
    #expect(cache.insert(1, .gpu) == nil)
    #expect(cache.taken() == [])
    #expect(cache.policy.count == 1)
  }

  @Test func theFrameLimitEvictsTheLeastRecentOfBothTiers() {
    var cache = SmallCache(frames: 2, host: 9, surfaces: 9)
    cache.insert(0, .gpu)
    cache.insert(1)
    cache.insert(2)
    #expect(cache.taken() == [drop(0, 0, .gpu)])
  }

  @Test func insertingAgainReplacesTheObjectAndKeepsThePins() {
    var cache = SmallCache(host: 2)
    cache.insert(0, pinned: true)
    #expect(cache.insert(0) == 0)
    #expect(cache.taken() == [drop(0, 0, .host, .replaced, last: false)])
    #expect(cache.policy.pinCount(0) == 1)
    #expect(cache.policy.hostBytes == 10)
  }

  @Test func aFrameCanBeInBothTiers() {
    var cache = SmallCache(host: 2, surfaces: 1)
    #expect(cache.insert(0) == 0)
    #expect(cache.insert(0, .gpu) == 0)
    #expect(cache.policy.residency(of: 0) == [.gpu, .host])
    cache.insert(1, .gpu)
    #expect(cache.taken() == [drop(0, 0, .gpu, last: false)], "no download is needed")
    #expect(cache.policy.demotions == 1)
  }

  @Test func promotionAddsTheGPUTier() {
    var cache = SmallCache(host: 2, surfaces: 1)
    cache.insert(0, pinned: true)
    #expect(cache.act { $0.promoted(0, weight: .init(hostBytes: 10, surfaces: 1), into: &$1) })
    #expect(cache.policy.residency(of: 0) == [.gpu, .host])
    cache.insert(1, pinned: true)
    #expect(!cache.act { $0.promoted(1, weight: .init(hostBytes: 10, surfaces: 1), into: &$1) }, "no room")
    cache.act { _ = $0.remove(key(1), cause: .explicit, into: &$1) }
    #expect(!cache.act { $0.promoted(1, weight: .init(hostBytes: 10, surfaces: 0), into: &$1) }, "removed")
  }

  @Test func surfacePressureDemotes() {
    var cache = SmallCache(host: 1, surfaces: 1)
    cache.insert(0, .gpu)
    cache.insert(1, .gpu)
    #expect(cache.taken() == [.demote(0, key(0))])
    #expect((cache.policy.surfaces, cache.policy.leavingSurfaces, cache.policy.reservedHostBytes) == (2, 1, 10))
    #expect(cache.policy.lookUp(key(0)) == 0, "it is still there")
    #expect(cache.act { $0.demoted(0, hostBytes: 10, into: &$1) })
    #expect(cache.taken() == [drop(0, 0, .gpu, last: false)])
    #expect(cache.policy.residency(of: 0) == .host)
    #expect((cache.policy.surfaces, cache.policy.hostBytes, cache.policy.reservedHostBytes) == (1, 10, 0))
  }

  @Test func aDemotedFrameThatIsUsedIsCountedOnce() {
    var cache = SmallCache(host: 1, surfaces: 1)
    cache.insert(0, .gpu)
    cache.act { policy, _ in policy.countUse(0) }
    cache.insert(1, .gpu)
    cache.act { policy, _ in policy.countUse(0) }
    #expect(cache.policy.demotionsUsed == 0, "it is on the GPU still")
    #expect(cache.act { $0.demoted(0, hostBytes: 10, into: &$1) })
    for _ in 0..<2 { cache.act { policy, _ in policy.countUse(0) } }
    #expect((cache.policy.demotions, cache.policy.demotionsUsed) == (1, 1))
  }

  @Test func aDemotedFrameThatGoesBackIsNoUse() {
    var cache = SmallCache(host: 2, surfaces: 1)
    #expect(cache.insert(0) == 0)
    #expect(cache.insert(0, .gpu) == 0)
    cache.insert(1, .gpu)
    _ = cache.taken()
    cache.act { _ = $0.remove(key(1), cause: .explicit, into: &$1) }
    #expect(cache.act { $0.promoted(0, weight: .init(hostBytes: 10, surfaces: 1), into: &$1) })
    cache.act { policy, _ in policy.countUse(0) }
    #expect((cache.policy.demotions, cache.policy.demotionsUsed) == (1, 0))
  }

  @Test func demotionEvictsLessRecentHostFramesOnly() {
    var cache = SmallCache(host: 1, surfaces: 1)
    cache.insert(0)
    cache.insert(1, .gpu)
    cache.insert(2, .gpu)
    #expect(cache.taken() == [drop(0, 0, .host), .demote(1, key(1))])
    var other = SmallCache(host: 1, surfaces: 1)
    other.insert(1, .gpu)
    other.insert(0)
    other.insert(2, .gpu)
    #expect(other.taken() == [drop(0, 1, .gpu)])
  }

  @Test func withoutADemotionToSpareTheFrameIsEvicted() {
    var cache = SmallCache(host: 9, surfaces: 1, demotions: 1)
    for number in 0..<3 { cache.insert(number, .gpu) }
    #expect(cache.taken() == [.demote(0, key(0)), drop(1, 1, .gpu)])
  }

  @Test func aFailedDemotionEvicts() {
    var cache = SmallCache(host: 1, surfaces: 1)
    cache.insert(0, .gpu)
    cache.insert(1, .gpu)
    _ = cache.taken()
    cache.act { $0.demotionFailed(0, into: &$1) }
    #expect(cache.taken() == [drop(0, 0, .gpu)])
    #expect((cache.policy.reservedHostBytes, cache.policy.surfaces) == (0, 1))
  }

  @Test func aFramePinnedWhileItIsDemotedIsInBothTiers() {
    var cache = SmallCache(host: 1, surfaces: 1)
    cache.insert(0, .gpu)
    cache.insert(1, .gpu)
    cache.policy.pin(0)
    _ = cache.taken()
    #expect(cache.act { $0.demoted(0, hostBytes: 10, into: &$1) })
    #expect(cache.policy.residency(of: 0) == [.gpu, .host])
    #expect(cache.taken() == [drop(1, 1, .gpu)], "the other one makes room: the host budget is full of frame 0")
  }

  @Test func aRemovedPinnedFrameIsDroppedByItsLastUnpin() {
    var cache = SmallCache(host: 2, surfaces: 2)
    cache.insert(0, pinned: true)
    cache.insert(0, .gpu, pinned: true)
    cache.act { _ = $0.remove(key(0), cause: .explicit, into: &$1) }
    #expect(cache.taken() == [])
    #expect(cache.policy.lookUp(key(0)) == nil)
    #expect(cache.insert(0) == 1, "the slot is not free yet")
    cache.act { $0.unpin(0, into: &$1) }
    #expect(cache.taken() == [])
    cache.act { $0.unpin(0, into: &$1) }
    #expect(cache.taken() == [drop(0, 0, .gpu, .explicit, last: false), drop(0, 0, .host, .explicit)])
    #expect(cache.policy.evictions(.explicit) == 1)
    #expect(cache.policy.slot(of: key(0)) == 1)
  }

  @Test func aFrameRemovedWhileItIsDemotedIsDroppedByTheEndOfTheDownload() {
    var cache = SmallCache(host: 1, surfaces: 1)
    cache.insert(0, .gpu)
    cache.insert(1, .gpu)
    cache.act { $0.removeAll(cause: .explicit, into: &$1) }
    #expect(cache.taken() == [.demote(0, key(0)), drop(1, 1, .gpu, .explicit)])
    #expect(!cache.act { $0.demoted(0, hostBytes: 10, into: &$1) }, "the copy is of no use")
    #expect(cache.taken() == [drop(0, 0, .gpu, .explicit)])
    #expect((cache.policy.hostBytes, cache.policy.reservedHostBytes, cache.policy.surfaces) == (0, 0, 0))
  }

  @Test func aDownloadOfAReplacedObjectIsOfNoUse() {
    var cache = SmallCache(host: 1, surfaces: 1)
    cache.insert(0, .gpu)
    cache.insert(1, .gpu)
    cache.act { _ = $0.remove(key(1), cause: .explicit, into: &$1) }
    #expect(cache.insert(0, .gpu) == 0)
    #expect(!cache.act { $0.demoted(0, hostBytes: 10, into: &$1) })
    #expect(cache.policy.residency(of: 0) == .gpu)
  }

  @Test func theLostDeviceTakesItsSurfacesOnly() {
    var cache = SmallCache(host: 3, surfaces: 3)
    cache.insert(0)
    cache.insert(1, .gpu)
    cache.insert(2, .gpu, pinned: true)
    cache.insert(0, .gpu)
    cache.act { $0.loseDevice(into: &$1) }
    #expect(cache.taken() == [drop(0, 0, .gpu, .deviceLost, last: false), drop(1, 1, .gpu, .deviceLost)])
    #expect(cache.policy.residency(of: 0) == .host)
    #expect(cache.policy.slot(of: key(2)) == nil)
    cache.act { $0.unpin(2, into: &$1) }
    #expect(cache.taken() == [drop(2, 2, .gpu, .deviceLost)])
    #expect(cache.policy.surfaces == 0)
  }

  @Test func reclaimGivesUpTheLeastUsefulFirst() {
    var cache = SmallCache(host: 4, surfaces: 4)
    for number in 0..<3 { cache.insert(number) }
    cache.insert(0, .gpu)
    #expect(cache.act { $0.reclaim(hostBytes: 11, into: &$1) } == 20)
    #expect(cache.taken() == [drop(1, 1, .host), drop(2, 2, .host)])
    #expect(cache.act { $0.reclaim(hostBytes: 100, into: &$1) } == 10)
    #expect(cache.taken() == [drop(0, 0, .host, last: false)])
    #expect(cache.act { $0.reclaimSurfaces(3, into: &$1) } == 1)
    #expect(cache.taken() == [.demote(0, key(0))])
  }

  @Test func smallerLimitsGiveUpWhatIsOver() {
    var cache = SmallCache(host: 4)
    for number in 0..<4 { cache.insert(number, pinned: number == 0) }
    cache.act { $0.setLimits(.init(frames: 100, hostBytes: 5, surfaces: 0), into: &$1) }
    #expect(cache.taken() == [drop(1, 1, .host), drop(2, 2, .host), drop(3, 3, .host)])
    cache.act { $0.unpin(0, into: &$1) }
    #expect(cache.taken() == [drop(0, 0, .host)])
  }
}
