import BufferPolicy
import Testing

/// What several decoders save, decided here and measured on clips (docs/adr/0017-parked-decoders.md).
@Suite struct DecodeSimulatorTests {
  private static let seeds: ClosedRange<UInt64> = 1...16
  private static let long = [0, 106, 355, 470]
  private static let short = Array(stride(from: 0, to: 600, by: 12))

  /// 1080p in 512 MiB: about 160 frames. A decoder that waits takes five of them: its references are cached as well.
  private func simulator(_ keyframes: [Int], decoders: Int) -> DecodeSimulator {
    DecodeSimulator(frames: 600, keyframes: keyframes, capacity: 150 - 5 * (decoders - 1), decoders: decoders)
  }

  private func requests(_ workload: String, _ seed: UInt64) -> [Int] {
    var rng = SeededGenerator(seed: seed)
    switch workload {
    case "random": return Array((0..<600).shuffled(using: &rng).prefix(60))
    case "ranges":
      return (0..<20).flatMap { _ in
        let start = Int.random(in: 0..<584, using: &rng)
        return Array(start..<start + 16)
      }
    default:
      // A hand on a time line: runs of small steps, now and then from elsewhere.
      var asked: [Int] = []
      var position = 300
      while asked.count < 300 {
        if rng.chance(25) { position = Int.random(in: 0..<600, using: &rng) }
        let direction = rng.chance(50) ? 1 : -1
        for _ in 0..<Int.random(in: 5...30, using: &rng) {
          position = min(599, max(0, position + direction * Int.random(in: 1...4, using: &rng)))
          asked.append(position)
        }
      }
      return Array(asked.prefix(300))
    }
  }

  private func work(_ workload: String, _ keyframes: [Int], decoders: Int) -> Double {
    var decoded = 0
    var least = 0
    for seed in Self.seeds {
      let list = requests(workload, seed)
      decoded += simulator(keyframes, decoders: decoders).replay(list, isForward: workload == "ranges")
      least += DecodeSimulator(frames: 600, keyframes: keyframes, capacity: 160, decoders: 4).offline(list)
    }
    return Double(decoded) / Double(least)
  }

  @Test func theWorkOfKnownLists() {
    var one = DecodeSimulator(frames: 100, keyframes: [0, 50], capacity: 10, decoders: 1)
    #expect(one.offline([9]) == 10)
    #expect(one.offline([9, 8, 7]) == 10)
    // The second leaves the decoder at 60, so frame 10 costs a run from the keyframe.
    #expect(one.offline([9, 59, 10]) == 10 + 10 + 11)
    one.decoders = 2
    #expect(one.offline([9, 59, 10]) == 10 + 10 + 1)
    // Half of the frames are not needed on the way to the fourth jump.
    let few = DecodeSimulator(frames: 600, keyframes: [0], capacity: 1, decoders: 1)
    #expect(few.replay([599], isForward: true) < 400)
    #expect(few.replay([599], isForward: false) < 400)
    #expect(
      DecodeSimulator(frames: 600, keyframes: [0], capacity: 1200, decoders: 1).replay([599], isForward: false) == 600)
  }

  /// The sums over all seeds: what one list of requests does is luck.
  @Test func readersOfRangesComeNearToKnowingTheFuture() {
    let works = [1, 2, 4].map { work("ranges", Self.long, decoders: $0) }
    print("ranges, long groups: one, two, four decoders: \(works) of the offline work")
    #expect(works[1] < works[0] && works[2] < works[1])
    #expect(works[2] <= 1.5)
    #expect(work("ranges", Self.short, decoders: 4) <= 1.1)
  }

  /// A hand on a time line lives on the cache: decoders help some and take memory from others.
  @Test func aHandOnATimeLineLosesLittle() {
    let works = [1, 2, 4].map { work("scrub", Self.long, decoders: $0) }
    print("scrub, long groups: one, two, four decoders: \(works) of the offline work")
    #expect(works[2] <= works[0] * 1.05)
    #expect(works[2] <= 1.7)
    #expect(work("scrub", Self.short, decoders: 4) <= 1.5)
  }

  @Test func jumpsGainByEachDecoder() {
    let works = [1, 2, 4].map { work("random", Self.long, decoders: $0) }
    print("random, long groups: one, two, four decoders: \(works) of the offline work")
    #expect(works[1] < works[0] && works[2] < works[1])
  }
}
