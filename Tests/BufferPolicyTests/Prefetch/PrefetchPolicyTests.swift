import BufferPolicy
import FrameModel
import Testing

@Suite struct PrefetchPolicyTests {
  private func policy(after requests: [Int], depth: Int = 4, lowWater: Int = 2) -> PrefetchPolicy {
    var policy = PrefetchPolicy(depth: depth, lowWater: lowWater)
    for request in requests { policy.observe(request: request) }
    return policy
  }

  @Test(
    arguments: [
      ([10], nil), ([10, 11], 1), ([10, 9], -1), ([10, 12, 14], nil), ([10, 12, 14, 16], 2), ([82, 50, 18, -14], -32),
      ([0, 33, 66, 99], nil), ([1, 2, 3, 90], nil), ([1, 2, 3, 90, 91], 1), ([0, 2, 4, 6, 7], 1),
      ([0, 2, 4, 6, 9], nil),
      ([0, 3, 5, 7, 9], 2), ([0, 3, 6, 8, 10], nil), ([5, 5, 6, 6, 7], 1), ([0, 2, 2, 4, 6], 2),
      ([Int.min, Int.max], nil),
    ] as [([Int], Int?)])
  func patterns(requests: [Int], step: Int?) {
    #expect(policy(after: requests).step == step)
  }

  @Test(arguments: [
    ([0, 100, 200], false), ([0, 100, 200, 50], true), ([0, 100, 200, 50, 52], false), ([0, 1, 2, 3], false),
    ([0, 100, 200, 50, 50], true), ([0, 100, 102, 200, 300], false),
  ])
  func jumpsOneAfterTheOther(requests: [Int], isJumping: Bool) {
    #expect(policy(after: requests).isJumping == isJumping)
  }

  @Test(
    arguments: [
      ([10], true), ([10, 11], true), ([10, 12, 14, 16], true), ([13, 12, 11, 10], true), ([0, 100, 200, 50], false),
      // 31 steps of a hand, 32 of a machine, and one that turns back.
      ([10] + (1...31).map { 10 + 4 * $0 }, true), ([10] + (1...32).map { 10 + 4 * $0 }, false),
      ([10] + (1...32).map { 10 + 4 * $0 } + [130], true), ((0...40).map { 200 - $0 }, true),
    ] as [([Int], Bool)])
  func whoLooksBack(requests: [Int], looksBack: Bool) {
    #expect(policy(after: requests).looksBack == looksBack)
    var hinted = policy(after: requests)
    hinted.hint(direction: .forward)
    #expect(!hinted.looksBack)
    hinted.hint(direction: .backward, stride: 3)
    #expect(hinted.looksBack)
  }

  @Test func aPlanLooksAheadInTheDirection() {
    var forward = policy(after: [10, 11])
    #expect(forward.plan(isResident: { $0 == 13 }, within: 0..<Int.max) == [12, 14, 15])
    var backward = policy(after: [8, 6, 4, 2])
    #expect(backward.plan(isResident: { _ in false }, within: 0..<Int.max) == [0])
    var last = policy(after: [8, 9])
    #expect(last.plan(isResident: { _ in false }, within: 0..<11) == [10])
    #expect(last.plan(isResident: { _ in false }, within: 0..<11) == nil)
  }

  /// Steps of a hand on a time line: which comes next is not known, but that it lies ahead.
  @Test(
    arguments: [
      ([10, 12, 15], [16, 17, 18, 19]), ([10, 12, 14], [15, 16, 17, 18]), ([20, 17, 15], [14, 13, 12, 11]),
      ([10, 18, 26], [27, 28, 29, 30]), ([20, 17, 15, 15], [14, 13, 12, 11]), ([90, 17, 15, 12], [11, 10, 9, 8]),
      // One step, a turn, a step that is too long, a jump and one step.
      ([10, 12], nil), ([10, 13, 11], nil), ([10, 12, 21], nil), ([10, 12, 15, 80, 82], nil),
      ([Int.min + 5, Int.min + 3, Int.max], nil),
      // A step of 1 may be a beginning of many, and then is not.
      ([10, 12, 13], [14, 15, 16, 17]), ([10, 12, 13, 16], [17, 18, 19, 20]),
    ] as [([Int], [Int]?)])
  func aHandGoesOneWay(requests: [Int], plan: [Int]?) {
    var policy = policy(after: requests)
    #expect((policy.direction != nil) == (plan != nil))
    #expect(policy.plan(isResident: { _ in false }, within: 0..<Int.max) == plan)
    #expect(policy.looksBack)
    guard plan != nil else { return }
    policy.observe(request: 500)
    #expect(policy.direction == nil)
    #expect(policy.plan(isResident: { _ in false }, within: 0..<Int.max) == [], "a jump ends it")
  }

  /// What is known of a reader's pace is of its requests, each of which is several frames on.
  @Test func theDepthOfAJogIsOfFrames() {
    var slow = policy(after: [10, 12, 15], depth: 8)
    // In half a second come two requests at most, of up to three frames each.
    #expect(
      slow.plan(lookAhead(reader: 300_000_000), isResident: { _ in false }, within: 0..<Int.max) == [
        16, 17, 18, 19, 20,
      ])
    var steady = policy(after: [10, 13, 16, 19], depth: 8)
    #expect(steady.plan(lookAhead(reader: 300_000_000), isResident: { _ in false }, within: 0..<Int.max) == [22, 25])
    // A quarter of the plan is used up by two requests of two frames each, or by four of one.
    for (requests, interval) in [([10, 12, 14], 2), ([10, 11, 12], 4)] {
      var policy = policy(after: requests, depth: 16, lowWater: 8)
      #expect(policy.plan(isResident: { _ in false }, within: 0..<Int.max)?.count == 16)
      #expect(policy.lookInterval == interval)
    }
  }

  /// While all that is ahead is there, nobody need look until it becomes too little.
  @Test func aReaderOfWhatIsThereIsLeftAlone() {
    var policy = policy(after: [10, 11, 12], depth: 16, lowWater: 8)
    let plan = { (policy: inout PrefetchPolicy) in
      policy.plan(isResident: { $0 <= 28 }, within: 0..<Int.max)
    }
    #expect(plan(&policy) == nil)
    let interval = policy.lookInterval
    #expect(interval == 9)
    for frame in 13..<12 + interval { policy.observe(request: frame) }
    #expect(plan(&policy) == nil, "8 are there")
    policy.observe(request: 12 + interval)
    #expect(plan(&policy)?.first == 29)
    // Backward, a frame farther off may be due before.
    var backward = self.policy(after: [90, 89, 88], depth: 16, lowWater: 8)
    #expect(backward.plan(isResident: { _ in true }, within: 0..<Int.max) == nil)
    #expect(backward.lookInterval == 4)
  }

  /// But who turns, jumps or steps farther is looked at again, and so is who loses a frame that was ahead.
  @Test(arguments: [[11], [400], [400, 401], [14, 17]]) func aReaderThatGoesAnotherWayIsLookedAt(requests: [Int]) {
    var policy = policy(after: [10, 11, 12], depth: 16, lowWater: 8)
    #expect(policy.plan(isResident: { _ in false }, within: 0..<Int.max) == Array(13...28))
    for frame in 13...28 { policy.delivered(frame) }
    #expect(policy.plan(isResident: { _ in true }, within: 0..<Int.max) == nil)
    var evicting = policy
    #expect(policy.lookInterval == 9)
    for frame in requests { policy.observe(request: frame) }
    #expect(policy.lookInterval == 1)
    evicting.evicted(14)
    #expect(evicting.lookInterval == 1)
  }

  /// Backward it begins in time: 20 frames of 10, twice, while the reader asks for as many every 31.
  @Test func aJogBackwardBeginsInTime() {
    var policy = policy(after: [90, 88, 85])
    let lookAhead = lookAhead(reader: 93)
    #expect(policy.plan(lookAhead, isResident: { $0 >= 60 }, within: 0..<Int.max) == nil, "59 is 26 away")
    policy.observe(request: 82)
    policy.observe(request: 80)
    policy.observe(request: 77)
    policy.observe(request: 74)
    #expect(policy.plan(lookAhead, isResident: { $0 >= 60 }, within: 0..<Int.max) == nil, "59 is 15 away")
    #expect(policy.lookInterval == 1, "two frames are less than a request of three")
    policy.observe(request: 72)
    #expect(policy.plan(lookAhead, isResident: { $0 >= 60 }, within: 0..<Int.max) == [59, 58, 57, 56])
  }

  @Test func aPlanIsMadeAnewBelowTheLowWatermark() {
    var policy = policy(after: [0, 1])
    let plan = { (policy: inout PrefetchPolicy) in policy.plan(isResident: { _ in false }, within: 0..<Int.max) }
    #expect(plan(&policy) == [2, 3, 4, 5])
    #expect(plan(&policy) == nil, "all are pending")
    policy.observe(request: 2)
    policy.observe(request: 3)
    #expect(plan(&policy) == nil, "two are pending")
    policy.observe(request: 4)
    #expect(plan(&policy) == [5, 6, 7, 8])
    #expect((policy.issued, policy.used) == (7, 3))
  }

  private func lookAhead(reader: UInt64, cacheFrames: Int = 100) -> LookAhead {
    LookAhead(readerPeriod: reader, decodePeriod: 10, seekPoints: SeekPoints([0, 40, 1000]), cacheFrames: cacheFrames)
  }

  @Test func aLoopIsKnownByItsSecondJump() {
    var policy = policy(after: Array(100..<150) + Array(100..<150))
    #expect(policy.plan(isResident: { _ in false }, within: 0..<Int.max) == [150, 151, 152, 153], "one jump")
    policy.observe(request: 100)
    #expect(policy.step == 1, "the second jump fits")
    for frame in 101..<148 { policy.observe(request: frame) }
    #expect(policy.plan(isResident: { _ in false }, within: 0..<Int.max) == [148, 149, 100, 101])
    policy.observe(request: 148)
    policy.observe(request: 149)
    #expect(policy.plan(isResident: { _ in false }, within: 0..<Int.max) == nil, "the next two are pending")
    // It leaves the loop by its end, and by another jump.
    policy.observe(request: 150)
    #expect(policy.plan(isResident: { _ in false }, within: 0..<Int.max) == [151, 152, 153, 154])
    policy.observe(request: 10)
    policy.observe(request: 11)
    for frame in 12..<150 { policy.observe(request: frame) }
    #expect(policy.plan(isResident: { _ in false }, within: 0..<Int.max) == [150, 151, 152, 153])
  }

  @Test func aLoopThatWasLeftIsNone() {
    // Three jumps from 320 to 224, a step out of it, another pattern that comes by.
    var policy = policy(
      after: [224, 256, 288, 320, 224, 256, 288, 320, 224, 256, 288, 320, 224, 260, 0, 32, 64, 96], depth: 15,
      lowWater: 7)
    let plan = policy.plan(isResident: { _ in false }, within: 0..<Int.max) ?? []
    #expect(plan == Array(stride(from: 128, through: 576, by: 32)))
    policy.observe(request: 128)
    #expect(policy.issued == policy.used + policy.pendingCount)
  }

  @Test func aLoopShorterThanAPlanIsPlannedOnce() {
    var policy = policy(after: Array(0..<40) + Array(0..<40) + [0], depth: 60, lowWater: 60)
    let plan = policy.plan(isResident: { _ in false }, within: 0..<Int.max) ?? []
    #expect(Set(plan).count == plan.count, "a frame is planned once: \(plan)")
    #expect(plan.count == 39)
  }

  @Test func forASlowReaderLessIsEnough() {
    var policy = policy(after: [0, 1], depth: 8, lowWater: 4)
    let slow = lookAhead(reader: 125_000_000)
    #expect(policy.plan(slow, isResident: { _ in false }, within: 0..<Int.max) == [2, 3, 4, 5])
    policy.observe(request: 2)
    policy.observe(request: 3)
    #expect(policy.plan(slow, isResident: { _ in false }, within: 0..<Int.max) == nil, "two are pending")
    policy.observe(request: 4)
    #expect(policy.plan(slow, isResident: { _ in false }, within: 0..<Int.max) == [5, 6, 7, 8])
    let fast = lookAhead(reader: 1)
    policy = self.policy(after: [3, 4], depth: 8, lowWater: 4)
    #expect(policy.plan(fast, isResident: { $0 < 7 }, within: 0..<Int.max) == [7, 8, 9, 10, 11, 12])
  }

  @Test func backwardARunBeginsInTime() {
    var policy = policy(after: [81, 80])
    // 20 frames of 10, twice: 13 requests of 31.
    let lookAhead = lookAhead(reader: 31)
    #expect(policy.plan(lookAhead, isResident: { $0 >= 60 }, within: 0..<Int.max) == nil, "59 is 21 away")
    policy.observe(request: 73)
    policy.observe(request: 72)
    #expect(policy.plan(lookAhead, isResident: { $0 >= 60 }, within: 0..<Int.max) == [59, 58, 57, 56])
    #expect(policy.pendingCount == 4)
    #expect(policy.plan(isResident: { $0 >= 60 }, within: 0..<Int.max) == [], "without a pace the depth is all")
    // What is under way is not missing: the next is 55.
    #expect(policy.plan(lookAhead, isResident: { $0 >= 60 }, within: 0..<Int.max) == [59, 58, 57, 56])
    #expect(policy.plan(lookAhead, isResident: { $0 >= 60 || $0 < 56 }, within: 0..<Int.max) == nil)
    // At the beginning of the range nothing is due.
    #expect(policy.plan(lookAhead, isResident: { $0 >= 60 }, within: 60..<100) == [])
    #expect(policy.plan(lookAhead, isResident: { $0 >= 60 }, within: 60..<100) == nil)
  }

  @Test func aJumpStopsOnce() {
    var policy = policy(after: [0, 1])
    _ = policy.plan(isResident: { _ in false }, within: 0..<Int.max)
    policy.observe(request: 500)
    #expect(policy.plan(isResident: { _ in false }, within: 0..<Int.max) == [])
    #expect(policy.plan(isResident: { _ in false }, within: 0..<Int.max) == nil)
    #expect(policy.withdrawn == 4)
    policy.observe(request: 499)
    #expect(policy.plan(isResident: { _ in false }, within: 0..<Int.max) == [498, 497, 496, 495])
  }

  @Test func aTurnReplacesThePlan() {
    var policy = policy(after: [10, 11])
    _ = policy.plan(isResident: { _ in false }, within: 0..<Int.max)
    policy.observe(request: 10)
    #expect(policy.plan(isResident: { $0 == 9 }, within: 0..<Int.max) == [8, 7, 6])
    policy.observe(request: 11)
    #expect(
      policy.plan(isResident: { $0 > 9 }, within: 0..<Int.max) == [],
      "all ahead is there, and the old plan is of no use")
  }

  @Test func aHintNeedsNoPattern() {
    var policy = policy(after: [10])
    policy.hint(direction: .backward, stride: 3)
    #expect(policy.plan(isResident: { _ in false }, within: 0..<Int.max) == [7, 4, 1])
    policy.observe(request: 90)
    #expect(policy.plan(isResident: { _ in false }, within: 0..<Int.max) == [87, 84, 81, 78])
  }

  @Test func nothingIsPlannedWhereAllIsResident() {
    var policy = policy(after: [0, 1])
    #expect(policy.plan(isResident: { _ in true }, within: 0..<Int.max) == nil)
    #expect(policy.plan(isResident: { $0 < 4 }, within: 0..<Int.max) == nil)
    #expect(policy.plan(isResident: { $0 < 3 }, within: 0..<Int.max) == [3, 4, 5])
  }

  @Test func efficiencyIsCounted() {
    var policy = policy(after: [0, 1])
    _ = policy.plan(isResident: { _ in false }, within: 0..<Int.max)
    policy.delivered(2)
    policy.delivered(3)
    policy.delivered(99)
    policy.evicted(3)
    policy.evicted(2_000)
    policy.requested(2)
    policy.requested(2)
    policy.requested(4)
    #expect((policy.issued, policy.used, policy.wasted, policy.pendingCount) == (4, 2, 1, 1))
  }
}

@Suite struct PrefetchPropertyTests {
  /// A reader that plays, turns, strides and jumps, with a small cache that forgets.
  @Test(arguments: Seeds.all) func countsAddUpAndPlansAreWhatIsMissingAhead(seed: UInt64) throws {
    var rng = SeededGenerator(seed: seed)
    var run = Run(seed: seed)
    let depth = 6
    let lowWater = 3
    var policy = PrefetchPolicy(depth: depth, lowWater: lowWater)
    var resident: Set<Int> = []
    var requests: [Int] = []
    var pending: Set<Int> = []
    var position = 100
    var step = 1
    var isRunning = false
    var expectedBefore: Int?
    var lastJump: [Int] = []
    var loop: [Int]?
    var jogs = 0
    var looping = 0
    var loops = 0
    for index in 0..<4000 {
      run.step = index
      if rng.chance(10) { step = [1, -1, 2, -7, 32, 40].randomElement(using: &rng) ?? 1 }
      let change = rng.chance(30) ? Int.random(in: 0...2, using: &rng) * step.signum() : 0
      if rng.chance(1), looping == 0 { looping = 150 }
      if looping > 0 {
        looping -= 1
        position = (50..<90).contains(position) ? position + 1 : 50
      } else {
        position = rng.chance(5) ? Int.random(in: 0..<300, using: &rng) : min(max(position + step + change, 0), 299)
      }
      run.event = "request \(position)"
      policy.observe(request: position)
      pending.remove(position)
      if requests.last != position { requests.append(position) }
      // The pattern, from the last four requests and the last jump out of one.
      let steps = zip(requests.suffix(4), requests.suffix(4).dropFirst()).map { $1 - $0 }
      var expected: Int?
      if let last = steps.last, abs(last) == 1 || (steps == [last, last, last] && abs(last) <= 32) {
        expected = last
      }
      if steps.last != nil, steps.last == expectedBefore { expected = expectedBefore }
      if let before = expectedBefore, let last = steps.last, abs(last) > 32, expected == nil {
        let jump = [requests[requests.count - 2], position]
        loop = jump == lastJump ? jump : nil
        lastJump = jump
        if loop != nil {
          expected = before
          loops += 1
        }
      }
      if expected != expectedBefore { loop = nil }
      expectedBefore = expected
      try run.same(policy.step, expected, "step of \(requests.suffix(4))")

      // Two steps the same way, neither longer than eight.
      let isJog = steps.count > 1 && steps.suffix(2).allSatisfy { abs($0) <= 8 && $0.signum() == steps.last?.signum() }
      let jog = isJog && expected == nil ? steps.last?.signum() : nil
      if jog != nil { jogs += 1 }
      try run.same(policy.direction?.rawValue, (expected ?? jog)?.signum(), "direction")

      var ahead: [Int] = []
      var next = position
      while let step = expected ?? jog, ahead.count < depth {
        let isJump = next == loop?[0]
        if isJump, ahead.contains(next), ahead.contains(loop?[1] ?? 0) { break }
        next = isJump ? loop?[1] ?? 0 : next + step
        guard (0..<300).contains(next), next != position else { break }
        ahead.append(next)
      }
      let ready = ahead.filter { resident.contains($0) || pending.contains($0) }.count
      // A reader that is as fast as it can changes nothing.
      let fast = LookAhead(readerPeriod: 0, decodePeriod: 1000, seekPoints: SeekPoints([0, 100, 200]), cacheFrames: 40)
      let lookAhead = index % 3 == 0 ? fast : nil
      let plan = policy.plan(lookAhead, isResident: { resident.contains($0) }, within: 0..<300)
      let missing = ahead.filter { !resident.contains($0) }
      let isEnough = ready >= min(lowWater, ahead.count) && pending.isSubset(of: ahead)
      let stopped: [Int]? = isRunning ? [] : nil
      try run.same(plan, ahead.isEmpty ? stopped : isEnough ? nil : missing.isEmpty ? stopped : missing, "plan")
      if let plan {
        pending = Set(plan)
        isRunning = !plan.isEmpty
      }
      for frame in pending.sorted() where rng.chance(40) {
        pending.remove(frame)
        resident.insert(frame)
        policy.delivered(frame)
      }
      for frame in resident.sorted() where rng.chance(5) {
        resident.remove(frame)
        policy.evicted(frame)
      }
      let sum = policy.used + policy.wasted + policy.withdrawn + policy.pendingCount + policy.unusedCount
      try run.same(policy.issued, sum, "issued")
      try run.same(policy.pendingCount, pending.count, "pending")
      try run.check(policy.unusedCount <= 4 * depth, "unused frames are bounded")
    }
    try run.check(loops > 0 && jogs > 0, "there are loops, and jogs")
    try run.check(policy.used > 0 && policy.wasted > 0 && policy.withdrawn > 0, "every count is exercised")
  }
}
