import BufferPolicy
import FrameModel
import Testing
import VABufTestKit

@Suite struct CacheNearTests {
  /// Windows of every size around every frame of caches with holes, against what counting says.
  @Test func theNearestOnBothSides() {
    var random = SeededRandom(for: "near")
    for _ in 0..<ShortRun.count(200) {
      var cache = SmallCache(host: 32)
      let there = (0..<24).filter { _ in Int.random(in: 0..<3, using: &random) == 0 }
      for number in there { cache.insert(number) }
      for number in 0..<24 {
        let (low, high) = (Int.random(in: 0...24, using: &random), Int.random(in: 0...40, using: &random))
        for window in [low...max(low, high), 0...Int.max, number...number] {
          let found = cache.policy.nearest(to: key(number), in: window)
          let usable = there.filter { window.contains($0) }
          #expect(found.atOrBefore == usable.last { $0 <= number }, "seed \(random.seed)")
          #expect(found.after == usable.first { $0 > number }, "seed \(random.seed)")
        }
      }
    }
  }

  @Test func itIsNoUseAndNoOtherStream() {
    var cache = SmallCache(host: 2)
    cache.insert(0)
    cache.insert(1)
    #expect(cache.policy.nearest(to: key(0), in: 0...0).atOrBefore == 0)
    let other = FrameKey(stream: 99, number: 0)
    for window in [0...0, 0...100] {
      let found = cache.policy.nearest(to: other, in: window)
      #expect(found.atOrBefore == nil && found.after == nil)
    }
    cache.insert(2)
    #expect(cache.taken() == [drop(0, 0, .host)])
  }
}
