import FrameModel
import Testing

@testable import BufferPolicy

/// How a long range is divided.
@Suite struct SegmentPlanTests {
  private static let groups = SeekPoints(Array(stride(from: 0, to: 120, by: 10)))

  private func divided(
    from position: Int = 0, _ direction: Direction = .forward, of range: Range<Int> = 0..<120,
    seekPoints: SeekPoints = groups, sessions: Int = 2, ahead: Int = 40, shortest: Int = 1,
    busy: ClosedRange<Int>? = nil
  ) -> SegmentPlan? {
    SegmentPlan(
      from: position, direction, of: range, seekPoints: seekPoints,
      limits: .init(sessions: sessions, ahead: ahead, shortest: shortest), busy: busy)
  }

  private func next(_ plan: inout SegmentPlan, resident: Set<Int> = []) -> ClosedRange<Int>? {
    plan.next { resident.contains($0) }?.frames
  }

  @Test func forwardEachGroupFollowsTheLast() throws {
    var plan = try #require(divided(from: 3))
    #expect(plan.sessions == 2)
    #expect(next(&plan) == 10...19)
    #expect(next(&plan) == 20...29)
    #expect(next(&plan) == nil, "both are at work")
    #expect(plan.underWay.all == [10..<20, 20..<30])
    for frame in 10...19 { plan.arrived(frame) }
    #expect(plan.underWay.all == [20..<30])
    plan.end(1)
    #expect(next(&plan) == 30...39)
  }

  @Test func backwardTheGroupsBelowTheReaderCome() throws {
    var plan = try #require(divided(from: 95, .backward))
    #expect(next(&plan) == 80...89)
    #expect(next(&plan) == 70...79)
    plan.end(1)
    #expect(next(&plan) == 60...69)
    plan.end(2)
    #expect(next(&plan) == nil, "too far ahead")
    plan.moved(to: 85)
    #expect(next(&plan) == 50...59)
  }

  @Test func whatTheSourceIsAtIsNotDividedToo() throws {
    var plan = try #require(divided(from: 3, busy: 4...25))
    #expect(next(&plan) == 30...39)
    plan = try #require(divided(from: 95, .backward, busy: 72...75))
    #expect(next(&plan) == 60...69)
  }

  @Test func shortGroupsAreTakenTogether() throws {
    var plan = try #require(divided(ahead: 80, shortest: 25))
    #expect(next(&plan) == 10...39)
    #expect(next(&plan) == 40...69)
    plan = try #require(divided(from: 119, .backward, ahead: 120, shortest: 25))
    #expect(next(&plan) == 80...109)
    #expect(next(&plan) == 50...79)
  }

  /// Whoever waits for one frame does not wait for all groups before it, at a part of the threads.
  @Test func whatADemandWaitsForEndsWithTheGroup() throws {
    var plan = try #require(divided(ahead: 80, shortest: 25))
    #expect(next(&plan) == 10...39)
    #expect(plan.underWay.soon == [10..<20])
    for frame in 10...25 { plan.arrived(frame) }
    #expect(plan.underWay.soon == [26..<30] && plan.underWay.all == [26..<40])
  }

  @Test func aLongLastGroupCounts() {
    #expect(divided(of: 0..<200) == nil)
    #expect(divided(of: 0..<140) != nil)
  }

  @Test func aRangeEndsWhereItEnds() throws {
    var plan = try #require(divided(of: 0..<34, sessions: 4, ahead: 100))
    for frames in [10...19, 20...29, 30...33, nil] as [ClosedRange<Int>?] { #expect(next(&plan) == frames) }
    #expect(!plan.isOver)
    for id: UInt64 in 1...3 { plan.end(id) }
    #expect(plan.isOver)
    plan = try #require(divided(from: 95, .backward, of: 63..<120, sessions: 4, ahead: 100))
    for frames in [80...89, 70...79, 63...69, nil] as [ClosedRange<Int>?] { #expect(next(&plan) == frames) }
  }

  @Test func aLastSegmentAloneIsTheSources() throws {
    var plan = try #require(divided(of: 0..<30))
    #expect(next(&plan) == 10...19)
    plan.end(1)
    #expect(next(&plan) == nil && plan.isOver)
  }

  @Test(arguments: [
    (direction: Direction.forward, ahead: 19, sessions: 2), (.forward, 20, 3), (.forward, 11, 2), (.backward, 30, 2),
    (.backward, 45, 3),
  ])
  func asManySessionsAsAreAlwaysAtWork(direction: Direction, ahead: Int, sessions: Int) {
    let position = direction == .forward ? 0 : 119
    #expect(divided(from: position, direction, sessions: 9, ahead: ahead)?.sessions == sessions)
  }

  @Test func noPlanWhereItDoesNotPay() {
    #expect(divided(ahead: 9) == nil, "a group is too long")
    #expect(divided(from: 119, .backward, ahead: 29) == nil)
    #expect(divided(sessions: 1) == nil)
    #expect(divided(of: 0..<20) == nil, "one segment")
    #expect(divided(from: 105) == nil)
    #expect(divided(seekPoints: SeekPoints([0])) == nil)
    #expect(divided(seekPoints: SeekPoints([])) == nil)
    #expect(divided(from: 15, .backward) == nil)
  }

  @Test func whatIsThereIsNotDecodedAgain() throws {
    var plan = try #require(divided())
    #expect(next(&plan, resident: Set(10...22).union([28, 29])) == 23...27)
    #expect(plan.underWay.all == [23..<28])
  }

  @Test func nobodyRunsAwayFromTheReader() throws {
    var plan = try #require(divided(sessions: 9, ahead: 25))
    #expect(next(&plan) == 10...19)
    #expect(next(&plan) == 20...29)
    #expect(next(&plan) == nil)
    #expect(plan.underWay.all == [10..<20, 20..<26], "what has to wait for the reader may never come")
    #expect(plan.progress(of: 2, at: 25) == .goOn)
    #expect(plan.progress(of: 2, at: 26) == .wait)
    plan.moved(to: 1)
    #expect(plan.underWay.all == [10..<20, 20..<27])
    #expect(plan.progress(of: 2, at: 26) == .goOn)
    plan.end(2)
    #expect(plan.progress(of: 2, at: 26) == .stop)
  }

  /// Whatever the stream, the range and the order of events: no frame is given by two sessions, none too far ahead, and the
  /// reader, and whoever demands a frame in between, comes to it.
  @Test(arguments: 0..<50)
  func everyFrameIsSomebodys(seed: UInt64) throws {
    var rng = SeededGenerator(seed: seed)
    let count = Int.random(in: 1..<400, using: &rng)
    let seekPoints = [0] + (0..<count).filter { _ in rng.chance(6) }
    let ends = [Int.random(in: 0...count, using: &rng), Int.random(in: 0...count, using: &rng)].sorted()
    let range = ends[0]..<ends[1]
    let direction: Direction = rng.chance(50) ? .forward : .backward
    guard var position = direction == .forward ? range.first : range.last else { return }
    let limits = SegmentPlan.Limits(
      sessions: Int.random(in: 1..<6, using: &rng), ahead: Int.random(in: 1..<200, using: &rng),
      shortest: Int.random(in: 1..<40, using: &rng))
    guard
      var plan = SegmentPlan(
        from: position, direction, of: range, seekPoints: SeekPoints(seekPoints), limits: limits, busy: nil)
    else { return }

    var there: Set<Int> = []
    var givenBySessions: Set<Int> = []
    var atWork: [(segment: SegmentPlan.Segment, next: Int)] = []
    var demanded: Int?
    var attempts = 0
    /// The frame is there, or comes: from a session, else from the source, at once.
    func has(_ frame: Int, _ urgency: RequestSchedule.Urgency) -> Bool {
      if !there.contains(frame), !plan.underWay.contains(frame, for: urgency) {
        there.insert(frame)
        plan.arrived(frame)
      }
      return there.contains(frame)
    }
    while range.contains(position) {
      attempts += 1
      try #require(attempts < 1000, "nobody goes on at \(position)")
      while let segment = plan.next(isResident: { there.contains($0) }) {
        try #require(range.contains(segment.frames.lowerBound) && range.contains(segment.frames.upperBound))
        atWork.append((segment, segment.frames.lowerBound))
        try #require(atWork.count <= plan.sessions && segment.sessions == plan.sessions)
      }
      if let index = atWork.indices.randomElement(using: &rng) {
        let (segment, next) = atWork[index]
        if plan.progress(of: segment.id, at: next) == .goOn {
          attempts = 0
          try #require((next - position) * direction.rawValue <= limits.ahead)
          try #require(givenBySessions.insert(next).inserted, "\(next) is given twice")
          there.insert(next)
          plan.arrived(next)
          if next == segment.frames.upperBound {
            plan.end(segment.id)
            atWork.remove(at: index)
          } else {
            atWork[index].next += 1
          }
        }
      }
      // Now and then the reader waits for another frame of the range, and goes on when that is there.
      if demanded == nil, rng.chance(10) { demanded = range.randomElement(using: &rng) }
      if let frame = demanded {
        if has(frame, .demand) { demanded = nil }
      } else if has(position, .range) {
        attempts = 0
        position += direction.rawValue
        plan.moved(to: position)
      }
    }
  }

  @Test func howManySessionsPay() {
    #expect(SegmentPlan.sessions(codec: "vp9", threads: 2) == 2)
    #expect(SegmentPlan.sessions(codec: "vp9", threads: 3) == 2)
    #expect(SegmentPlan.sessions(codec: "vp9", threads: 4) == 2)
    #expect(SegmentPlan.sessions(codec: "vp9", threads: 16) == 4)
    #expect(SegmentPlan.sessions(codec: "hevc", threads: 2) == 1)
    #expect(SegmentPlan.sessions(codec: "hevc", threads: 8) == 2)
    #expect(SegmentPlan.sessions(codec: "h264", threads: 16) == 1)
    #expect(SegmentPlan.sessions(codec: "prores", threads: 16) == 1)
    for codec in ["vp9", "h264", "hevc"] { #expect(SegmentPlan.sessions(codec: codec, threads: 1) == 1) }
  }
}
