import BufferPolicy
import Testing

@Suite struct PaceTests {
  private let ms: UInt64 = 1_000_000

  @Test func aReaderIsKnownByItsOwnTime() {
    var pace = ReaderPace()
    var now: UInt64 = 5
    pace.asked(at: now)
    for request in 0..<6 {
      // It waits a second for each second frame, and takes 40 ms for itself.
      now += request % 2 == 0 ? 1000 * ms : 0
      pace.answered(at: now)
      #expect(pace.period == (request < 4 ? nil : 40 * ms), "after \(request)")
      now += 40 * ms
      pace.asked(at: now)
    }
    #expect(pace.period == 40 * ms)
  }

  @Test func aRestAndABurstChangeNothing() {
    var pace = ReaderPace()
    var now: UInt64 = 0
    for ownTime: UInt64 in [40, 40, 40, 40, 40, 9000, 0, 0] {
      pace.answered(at: now)
      now += ownTime * ms
      pace.asked(at: now)
    }
    #expect(pace.period == 40 * ms)
    // A request that was not answered says nothing.
    for _ in 0..<20 { pace.asked(at: now) }
    #expect(pace.period == 40 * ms)
    // Another pace is believed when half of what is remembered says so.
    for _ in 0..<5 {
      pace.answered(at: now)
      now += 10 * ms
      pace.asked(at: now)
    }
    #expect(pace.period == 10 * ms)
  }

  @Test func aClockThatGoesBackIsNoTime() {
    var pace = ReaderPace()
    for _ in 0..<8 {
      pace.answered(at: 10)
      pace.asked(at: 9)
    }
    #expect(pace.period == 0)
  }

  @Test func decodingIsAMeanOfLate() throws {
    var pace = DecodePace()
    #expect(pace.period == nil)
    pace.add(frames: 0, nanoseconds: 7)
    #expect(pace.period == nil, "no frame, no pace")
    pace.add(frames: 10, nanoseconds: 100 * ms)
    #expect(pace.period == 10 * ms)
    for _ in 0..<300 { pace.add(frames: 1, nanoseconds: 20 * ms) }
    let late = try #require(pace.period)
    #expect((19_900_000...20_000_000).contains(late), "\(late)")
    var (one, many) = (pace, pace)
    for _ in 0..<5 { one.add(frames: 1, nanoseconds: 4 * ms) }
    many.add(frames: 5, nanoseconds: 20 * ms)
    #expect(abs(Int(try #require(one.period)) - Int(try #require(many.period))) <= 1, "together as one by one")
    many.add(frames: .max, nanoseconds: .max)
    #expect(many.period != nil)
  }
}

@Suite struct LookAheadTests {
  private let ms: UInt64 = 1_000_000

  private func lookAhead(
    reader: UInt64 = 40, decoder: UInt64 = 10, seekPoints: [Int] = [0, 100, 250, 600], cacheFrames: Int = 200
  ) -> LookAhead {
    LookAhead(
      readerPeriod: reader * ms, decodePeriod: decoder * ms, seekPoints: SeekPoints(seekPoints),
      cacheFrames: cacheFrames)
  }

  @Test(
    arguments: [(40, 10, 12), (1000, 10, 2), (0, 10, 16), (100, 10, 5), (100, 100, 8), (33, 30, 15), (33, 1000, 16)]
      as [(UInt64, UInt64, Int)])
  func halfASecondIsEnough(reader: UInt64, decoder: UInt64, depth: Int) {
    #expect(lookAhead(reader: reader, decoder: decoder).depth(upTo: 16) == depth)
    #expect(lookAhead(reader: reader, decoder: decoder).depth(upTo: 1) == 1)
  }

  @Test func aLeadIsTheTimeOfTheRun() {
    let some = lookAhead()
    // 50 frames, 10 ms each, twice: 1 s, which is 25 of the reader's.
    #expect(some.lead(to: 149, step: -1) == 25)
    #expect(some.lead(to: 99, step: -1) == 50, "from 0")
    #expect(some.lead(to: 100, step: -1) == 1, "a seek point itself")
    #expect(some.lead(to: 149, step: -4) == 25, "requests, not frames")
    #expect(lookAhead(seekPoints: []).lead(to: 149, step: -1) == 0)
    #expect(lookAhead(seekPoints: [200]).lead(to: 149, step: -1) == 0, "before all of them")
  }

  @Test func halfOfTheCacheIsTheMost() {
    // 5 s, 125 requests.
    #expect(lookAhead(cacheFrames: 130).lead(to: 499, step: -1) == 65)
    #expect(lookAhead(cacheFrames: 100).longestLead(-1) == 50)
    #expect(lookAhead(cacheFrames: 100).longestLead(-4) == 12)
    #expect(lookAhead(reader: 0).longestLead(-1) == 0, "no run is so short that it would be there in time")
    #expect(lookAhead(cacheFrames: 120).lead(to: 499, step: -1) == 0, "it will wait with any")
    #expect(lookAhead(reader: 0).lead(to: 499, step: -1) == 0, "as fast as it can")
    #expect(lookAhead(cacheFrames: 490).lead(to: 499, step: -4) == 0, "500 frames in the cache")
  }
}
