import BufferPolicy
import Testing
import VABufTestKit

@Suite struct ParkingPolicyTests {
  private func station(
    _ position: Int?, from seekPoint: Int = 0, reaches: Bool = true, used: UInt64 = 1, demand: Bool = true
  ) -> ParkingPolicy.Station {
    .init(position: position, seekPoint: seekPoint, reaches: reaches, lastUse: used, servesDemand: demand)
  }

  private func choice(
    _ frame: Int, from seekPoint: Int = 0, _ stations: [ParkingPolicy.Station], most: Int = 4, demand: Bool = true
  ) -> ParkingPolicy.Choice {
    ParkingPolicy(most: most).choose(for: frame, seekPoint: seekPoint, among: stations, now: 100, isDemand: demand)
  }

  @Test func theNearestBehindGoesOn() {
    #expect(choice(50, [station(20), station(40), station(51)]) == .resume(1))
    #expect(choice(50, [station(50), station(40)]) == .resume(0))
    // Which of two at one place does not matter; the one in use is not changed.
    #expect(choice(50, [station(40), station(40)]) == .resume(0))
  }

  @Test func aNearerSeekPointIsTaken() {
    #expect(choice(50, from: 48, [station(40), station(nil)]) == .start(1))
    // So few frames are decoded sooner than a decoder is flushed.
    #expect(choice(50, from: 44, [station(40), station(nil)]) == .resume(0))
    #expect(choice(50, from: 45, [station(40), station(nil)]) == .start(1))
  }

  @Test func oneThatWasSparedTheFrameDoesNotGiveIt() {
    #expect(choice(50, [station(49, reaches: false), station(40)]) == .resume(1))
    #expect(choice(50, [station(49, reaches: false)], most: 1) == .start(0))
  }

  @Test func anotherIsOpenedForAJump() {
    #expect(choice(10, [station(50)]) == .open)
    // What is hardly begun is not worth keeping.
    #expect(choice(10, [station(50, from: 46)]) == .start(0))
    #expect(choice(10, [station(50)], most: 1) == .start(0))
    let policy = ParkingPolicy(most: 4)
    let backward = policy.choose(
      for: 10, seekPoint: 0, among: [station(50), station(30)], now: 100, isDemand: true, parks: false)
    #expect(backward == .start(0))
  }

  @Test func whatIsWorthLeastForItsAgeGoes() {
    let stations = [station(250, used: 99), station(130, from: 129, used: 99), station(90, used: 99)]
    #expect(choice(10, stations, most: 3) == .start(1))
    // 90 frames are worth more than 40, unless nobody used them for long.
    let old = [station(90, used: 10), station(340, from: 300, used: 98)]
    #expect(choice(10, old, most: 2) == .start(0))
    // Beyond another one it is worth what lies between them.
    let close = [station(90, used: 99), station(100, used: 99), station(300, from: 250, used: 99)]
    #expect(choice(10, close, most: 3) == .start(1))
    // Of two at one place one is worth nothing.
    #expect(choice(10, [station(90, used: 99), station(90, used: 99)], most: 2) == .start(1))
  }

  @Test func prefetchDoesNotTakeTheDecoderOfADemand() {
    let stations = [station(20, from: 10, used: 99), station(200, used: 98, demand: false)]
    #expect(choice(5, stations, most: 2) == .start(0))
    #expect(choice(5, stations, most: 2, demand: false) == .start(1))
    // Where there is one decoder only, it is for all.
    #expect(choice(5, [stations[0]], most: 1, demand: false) == .start(0))
  }

  /// Whoever is chosen can do it, and no other would have less to decode.
  @Test(arguments: Seeds.all) func theChoiceIsPossibleAndCheapest(seed: UInt64) throws {
    var rng = SeededGenerator(seed: seed)
    var run = Run(seed: seed)
    for step in 0..<2000 {
      run.step = step
      let most = Int.random(in: 1...5, using: &rng)
      let gop = [1, 12, 100].randomElement(using: &rng) ?? 1
      let stations = (0..<Int.random(in: 1...most, using: &rng)).map { _ in
        let position = rng.chance(80) ? Int.random(in: 0..<400, using: &rng) : nil
        return station(
          position, from: (position ?? 0) / gop * gop, reaches: rng.chance(90),
          used: UInt64.random(in: 0..<100, using: &rng),
          demand: rng.chance(50))
      }
      let frame = Int.random(in: 0..<400, using: &rng)
      let seekPoint = frame / gop * gop
      let able = stations.compactMap { $0.reaches && $0.position ?? .max <= frame ? $0.position : nil }
      let answer = choice(frame, from: seekPoint, stations, most: most, demand: rng.chance(50))
      run.event = "\(frame) from \(seekPoint) among \(stations) of \(most): \(answer)"
      switch answer {
      case .resume(let index):
        try run.check(stations[index].reaches && stations[index].position == able.max(), "it is not the nearest")
        try run.check((able.max() ?? 0) + 4 >= seekPoint, "the seek point is much nearer")
      case .start(let index):
        try run.check(stations.indices.contains(index), "there is none")
        try run.check((able.max() ?? -5) + 4 < seekPoint || able.isEmpty, "one could have gone on")
      case .open:
        try run.check(stations.count < most, "too many are open")
        try run.check(!stations.contains { $0.position == nil }, "one is free")
      }
    }
  }
}
