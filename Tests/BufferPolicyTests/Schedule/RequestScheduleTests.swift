import BufferPolicy
import Testing

@Suite struct RequestScheduleTests {
  private func goal(
    _ schedule: inout RequestSchedule, at position: Int? = nil, resident: Set<Int> = []
  ) -> ClosedRange<Int>? {
    schedule.nextGoal(position: position) { resident.contains($0) }?.frames
  }

  @Test func aFrameIsWantedOnce() {
    var schedule = RequestSchedule()
    #expect(schedule.want(5, urgency: .demand, waiter: 1) == true)
    #expect(schedule.want(5, urgency: .range, waiter: 2) == false)
    #expect(schedule.isWanted(5) == .demand)
    var waiters: [UInt64] = []
    schedule.arrived(5, into: &waiters)
    #expect(waiters == [1, 2])
    #expect(schedule.isWanted(5) == nil)
    #expect(goal(&schedule) == nil)
    #expect(schedule.cancel(1) == false, "it no longer waits")
  }

  @Test func theLastCancelEndsTheWant() {
    var schedule = RequestSchedule()
    _ = schedule.want(5, urgency: .demand, waiter: 1)
    _ = schedule.want(5, urgency: .range, waiter: 2)
    #expect(schedule.cancel(1) == false)
    #expect(schedule.isWanted(5) == .range)
    #expect(schedule.cancel(2) == true)
    #expect(schedule.isWanted(5) == nil)
  }

  @Test func thePlanKeepsWhatNobodyWaitsFor() {
    var schedule = RequestSchedule()
    schedule.setPrefetch([4, 5])
    #expect(schedule.want(5, urgency: .demand, waiter: 1) == false)
    #expect(schedule.isWanted(5) == .demand)
    #expect(schedule.cancel(1) == true)
    #expect(schedule.isWanted(5) == .prefetch)
    schedule.setPrefetch([])
    #expect(schedule.wantedCount == 0)
  }

  @Test func demandsThenRangesThenPrefetch() {
    var schedule = RequestSchedule()
    schedule.setPrefetch([30])
    _ = schedule.want(20, urgency: .range, waiter: 1)
    _ = schedule.want(10, urgency: .demand, waiter: 2)
    var waiters: [UInt64] = []
    for frame in [10, 20, 30] {
      #expect(goal(&schedule) == frame...frame)
      schedule.arrived(frame, into: &waiters)
    }
    #expect(waiters == [2, 1])
  }

  @Test func demandsAreServedOldestFirst() {
    var schedule = RequestSchedule()
    _ = schedule.want(90, urgency: .demand, waiter: 1)
    _ = schedule.want(10, urgency: .demand, waiter: 2)
    #expect(goal(&schedule) == 90...90)
    #expect(goal(&schedule, at: 11) == 90...90)
    #expect(goal(&schedule, at: 2) == 90...90, "10 is out of the horizon")
    #expect(goal(&schedule, at: 3) == 10...10)
  }

  @Test func noDemandIsOvertakenTooOften() {
    var schedule = RequestSchedule(horizon: 8, maxOvertakings: 2)
    var waiters: [UInt64] = []
    _ = schedule.want(1000, urgency: .demand, waiter: 0)
    for (position, expected) in [(0, 0), (2, 2), (4, 1000)] {
      _ = schedule.want(position, urgency: .demand, waiter: UInt64(position) + 1)
      #expect(goal(&schedule, at: position) == expected...expected)
      schedule.arrived(position, into: &waiters)
    }
  }

  @Test func consecutiveFramesAreOneGoal() {
    var schedule = RequestSchedule()
    for (index, frame) in [12, 10, 11, 14].enumerated() {
      _ = schedule.want(frame, urgency: .range, waiter: UInt64(index))
    }
    #expect(goal(&schedule) == 10...12)
    _ = schedule.want(13, urgency: .prefetch, waiter: 9)
    #expect(goal(&schedule) == 10...14, "what is wanted next is on the way")
    _ = schedule.want(13, urgency: .demand, waiter: 10)
    #expect(goal(&schedule) == 13...14, "less urgent frames before it are no part of it")
  }

  @Test func aGoalYieldsLikeWhatIsLeftOfIt() throws {
    var schedule = RequestSchedule()
    schedule.setPrefetch([6, 7, 8])
    _ = schedule.want(5, urgency: .demand, waiter: 1)
    _ = schedule.want(90, urgency: .range, waiter: 2)
    let goal = try #require(schedule.nextGoal(position: nil) { _ in false })
    #expect(goal.frames == 5...8)
    #expect(schedule.isCurrent(goal, at: 5))
    var waiters: [UInt64] = []
    schedule.arrived(5, into: &waiters)
    #expect(schedule.isCurrent(goal, at: 6) == false, "a range goes before prefetch")
  }

  @Test func aDescendingPlanIsDecodedForward() {
    var schedule = RequestSchedule()
    schedule.setPrefetch([9, 8, 7, 6, 3])
    #expect(goal(&schedule) == 6...9)
    #expect(goal(&schedule, resident: [9, 8]) == 6...7)
    #expect(schedule.isWanted(9) == nil)
    #expect(goal(&schedule, resident: [7, 6, 3]) == nil)
    #expect(schedule.wantedCount == 0)
  }

  @Test func aLongRunIsTakenInPieces() {
    var schedule = RequestSchedule(maxRun: 4)
    for frame in 0..<10 { _ = schedule.want(frame, urgency: .range, waiter: UInt64(frame)) }
    #expect(goal(&schedule) == 0...3)
    var waiters: [UInt64] = []
    for frame in 0..<4 { schedule.arrived(frame, into: &waiters) }
    #expect(goal(&schedule, at: 4) == 4...7)
  }

  @Test func aGoalIsCurrentWhileItsRestIsWantedAndNothingElseIsMoreUrgent() throws {
    var schedule = RequestSchedule()
    for frame in 5...8 { _ = schedule.want(frame, urgency: .range, waiter: UInt64(frame)) }
    let goal = try #require(schedule.nextGoal(position: nil) { _ in false })
    #expect(schedule.isCurrent(goal, at: 0))
    #expect(schedule.isCurrent(goal, at: 9) == false)
    _ = schedule.want(7, urgency: .demand, waiter: 100)
    #expect(schedule.isCurrent(goal, at: 6), "it is on the way")
    #expect(schedule.isCurrent(goal, at: 8) == false, "it is behind")
    var waiters: [UInt64] = []
    schedule.arrived(7, into: &waiters)
    _ = schedule.want(50, urgency: .demand, waiter: 101)
    #expect(schedule.isCurrent(goal, at: 5) == false)
    #expect(schedule.cancel(101) == true)
    #expect(schedule.isCurrent(goal, at: 8))
    #expect(schedule.cancel(8) == true)
    #expect(schedule.isCurrent(goal, at: 8) == false, "nobody wants the rest")
  }

  @Test func whatAnotherDecoderIsOnItsWayToIsNoGoal() throws {
    var schedule = RequestSchedule()
    var underWay = RequestSchedule.UnderWay()
    underWay.all = [10..<20, 30..<30]
    underWay.soon = [10..<15, 30..<30]
    func goal(at position: Int? = nil) -> RequestSchedule.Goal? {
      schedule.nextGoal(position: position, isResident: { _ in false }, underWay: underWay)
    }
    for frame in [12, 13] { _ = schedule.want(frame, urgency: .demand, waiter: UInt64(frame)) }
    #expect(goal() == nil && schedule.wantedCount == 2, "they are waited for")
    _ = schedule.want(9, urgency: .range, waiter: 9)
    for frame in 18...21 { _ = schedule.want(frame, urgency: .range, waiter: UInt64(frame)) }
    let range = try #require(goal(at: 12))
    #expect(range.frames == 9...9)
    #expect(!schedule.isCurrent(range, at: 9))
    #expect(schedule.isCurrent(range, at: 9, underWay: underWay), "demands that are met elsewhere are no reason")
    _ = schedule.want(17, urgency: .demand, waiter: 17)
    #expect(!schedule.isCurrent(range, at: 9, underWay: underWay), "it does not come soon")
    #expect(goal(at: 12)?.frames == 17...17)
    #expect(schedule.cancel(17) == true)
    #expect(schedule.cancel(9) == true)
    #expect(goal(at: 12)?.frames == 20...21)
    var waiters: [UInt64] = []
    for frame in 18...21 { schedule.arrived(frame, into: &waiters) }
    schedule.setPrefetch([11, 14, 25])
    #expect(goal()?.frames == 25...25)
    #expect(schedule.isWanted(14) == nil && schedule.isWanted(12) == .demand)
  }

  @Test func aGoalWhoseDemandIsGoneYieldsToARange() throws {
    var schedule = RequestSchedule()
    schedule.setPrefetch([5])
    _ = schedule.want(5, urgency: .demand, waiter: 1)
    _ = schedule.want(90, urgency: .range, waiter: 2)
    let goal = try #require(schedule.nextGoal(position: nil) { _ in false })
    #expect(goal.frames == 5...5)
    #expect(schedule.isCurrent(goal, at: 0))
    _ = schedule.cancel(1)
    #expect(schedule.isCurrent(goal, at: 0) == false)
  }

  @Test func failuresEndTheWaits() {
    var schedule = RequestSchedule()
    schedule.setPrefetch([1, 2])
    _ = schedule.want(2, urgency: .demand, waiter: 1)
    _ = schedule.want(3, urgency: .range, waiter: 2)
    _ = schedule.want(4, urgency: .demand, waiter: 3)
    var waiters: [UInt64] = []
    schedule.arrived(2, into: &waiters)
    #expect(waiters == [1])
    #expect(schedule.isWanted(2) == nil)
    schedule.failAll(into: &waiters)
    #expect(waiters == [1, 3, 2])
    #expect((schedule.wantedCount, schedule.waiterCount) == (0, 0))
  }
}
