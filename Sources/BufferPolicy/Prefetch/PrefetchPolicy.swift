package import FrameModel

/// Which frames one reader will want soon.
///
/// The pattern of its requests is:
/// - *unknown*: at first, and after a step that does not fit (a jump, or another stride).
/// - *known*: by one step of 1 or -1, or by three equal steps of 2...32 (either sign); steps that fit keep it. Two would be
///   one in four of a hand's steps on a time line.
/// - *jogging*: two steps or more the same way, of at most 8 frames each, that are not known: a hand on a time line. Which
///   frame it asks for next is open, but that it lies among the next ones.
/// - *hinted*: by `hint`, from a reader that says where it goes; whatever it requests.
///
/// A known pattern that jumps twice from the same frame to the same other one is a *loop*: from then on that jump fits,
/// until there is another.
///
/// A request of the same frame again is no step.
///
/// A frame that a plan has is *issued*: it is *pending* until it is delivered, requested, or *withdrawn* because a later
/// plan no longer has it. A delivered one is *unused* until it is *used* by a request or *wasted* by its eviction.
/// `issued = used + wasted + withdrawn + pending + unused` after every call.
package struct PrefetchPolicy: Sendable {
  package static let longestStride = 32
  private static let stepsThatTell = 3
  private static let stepsOfAJog = 2
  private static let longestStepOfAJog = 8
  /// After so many equal steps it is taken for a machine, which does not turn back; a hand's runs are shorter.
  private static let stepsOfAMachine = 32

  private struct Jump: Equatable, Sendable {
    var from: Int
    var to: Int
  }

  private enum Pattern: Equatable, Sendable {
    case unknown
    case known(Int)
    case jogging(Direction)
    case hinted(Int)

    var step: Int? {
      switch self {
      case .unknown, .jogging: nil
      case .known(let step), .hinted(let step): step
      }
    }
  }

  /// How many frames a plan looks ahead, and below how many of them that are resident or pending it is made anew.
  package let depth: Int
  package let lowWater: Int

  package private(set) var issued = 0
  package private(set) var used = 0
  package private(set) var wasted = 0
  package private(set) var withdrawn = 0
  package var pendingCount: Int { pending.count }
  package var unusedCount: Int { unused.count }
  /// The step from one request to the next, where it is known or hinted.
  package var step: Int? { pattern.step }

  /// Where it goes, by steps that are known or not; nil where it goes nowhere.
  package var direction: Direction? {
    if case .jogging(let direction) = pattern { return direction }
    return step.map { $0 < 0 ? .backward : .forward }
  }

  /// The frame that was asked for last.
  package var position: Int? { last }

  /// It asks here and there: what lies around a frame is of no use to it.
  package var isJumping: Bool { jumps >= Self.jumpsThatTell }
  /// What lies before a frame that it asks for may be of use to it: unless it goes forward steadily, or jumps.
  package var looksBack: Bool {
    switch pattern {
    case .hinted(let step): step < 0
    case .known(let step) where equalSteps >= Self.stepsOfAMachine: step < 0
    default: !isJumping
    }
  }
  /// A hand on a time line jumps too, but then looks around.
  private static let jumpsThatTell = 3

  /// After so many requests that found their frame, `plan` is to be asked again.
  package private(set) var lookInterval = 1

  /// Issued and not delivered, in the order of the plan: at most `depth`.
  private var pending: [Int] = []
  /// Delivered and not yet requested, oldest first: at most `4 * depth`.
  private var unused: [Int] = []
  /// Whether the last plan that was given out had frames.
  private var isRunning = false
  /// The last jump out of a known pattern, and whether it came twice.
  private var lastJump: Jump?
  private var isLoop = false
  // Last, side by side, what each request changes: see `BufferState`.
  private var pattern = Pattern.unknown
  /// Steps one after the other that were longer than any stride.
  private var jumps = 0
  private var last: Int?
  private var lastStep: Int?
  /// How many steps came one after the other that are as `lastStep`.
  private var equalSteps = 0
  /// How many steps came one after the other the same way, none longer than a jog's, and the longest of them.
  private var jogSteps = 0
  private var longestJogStep = 1

  package init(depth: Int, lowWater: Int) {
    precondition(depth >= 0 && (0...depth).contains(lowWater), "a low watermark is within the depth")
    self.depth = depth
    self.lowWater = lowWater
  }

  // MARK: - The pattern

  /// The reader asks for a frame. Counts as `requested`, too.
  ///
  /// - Returns: `direction`, as it is now.
  @discardableResult
  package mutating func observe(request frame: Int) -> Direction? {
    requested(frame)
    step(to: frame)
    return direction
  }

  private mutating func step(to frame: Int) {
    guard let last, last != frame else {
      last = frame
      return
    }
    self.last = frame
    let (step, overflow) = frame.subtractingReportingOverflow(last)
    let before = (pattern, longestJogStep)
    equalSteps = step == lastStep ? min(equalSteps + 1, Self.stepsOfAMachine) : 1
    noteJog(overflow ? nil : step)
    lastStep = overflow ? nil : step
    jumps = step.magnitude > Self.longestStride ? min(jumps + 1, Self.jumpsThatTell) : 0
    switch pattern {
    case .hinted: break
    case .known(let known) where known == step: break
    case .known where step.magnitude > Self.longestStride && isRepeated(Jump(from: last, to: frame)): break
    case .known, .jogging, .unknown:
      let isClear = step.magnitude == 1 || (step.magnitude <= Self.longestStride && equalSteps >= Self.stepsThatTell)
      let isJog = jogSteps >= Self.stepsOfAJog
      pattern =
        isClear && !overflow ? .known(step) : isJog ? .jogging(step < 0 ? .backward : .forward) : .unknown
      isLoop = false
    }
    // What was enough for the way that it went is not for another one.
    let isTold = step.magnitude <= Self.longestStride && before == (pattern, longestJogStep)
    if !isTold, isRunning || planStep != nil { lookInterval = 1 }
  }

  /// - Parameter step: before it becomes the last one.
  private mutating func noteJog(_ step: Int?) {
    guard let step, step.magnitude <= Self.longestStepOfAJog else {
      jogSteps = 0
      return
    }
    let goesOn = jogSteps > 0 && lastStep.map { ($0 < 0) == (step < 0) } ?? false
    jogSteps = goesOn ? min(jogSteps + 1, Self.stepsOfAJog) : 1
    longestJogStep = max(goesOn ? longestJogStep : 1, abs(step))
  }

  private mutating func isRepeated(_ jump: Jump) -> Bool {
    isLoop = lastJump == jump
    lastJump = jump
    return isLoop
  }

  /// The reader says where it goes.
  package mutating func hint(direction: Direction, stride: Int = 1) {
    precondition(stride >= 1, "a stride of \(stride)")
    pattern = .hinted(direction.rawValue * stride)
    isLoop = false
  }

  // MARK: - The plan

  /// The frames to prefetch, most useful first: those of the `depth` ahead that are not resident. Nil: leave the plan
  /// as it is, because at least `lowWater` of the frames ahead (or all, near the end) are resident or pending, and no
  /// pending one lies elsewhere. Empty: stop.
  ///
  /// - Parameters:
  ///   - lookAhead: what is known of the reader's pace. Forward, it makes the depth less for a slow reader. Backward, the
  ///     plan is also made anew, and begins farther ahead, when the first missing frame is due for decoding.
  ///   - bounds: the frames that there are for the reader.
  package mutating func plan(
    _ lookAhead: LookAhead? = nil, isResident: (Int) -> Bool, within bounds: Range<Int>
  ) -> [Int]? {
    guard let last, let (step, framesARequest) = planStep else { return stop() }
    let lookAhead = lookAhead?.perFrame(framesARequest: framesARequest)
    let enough = step > 0 ? max(lookAhead?.depth(upTo: depth) ?? depth, min(depth, framesARequest)) : depth
    let farthest = step < 0 ? max(depth, lookAhead?.longestLead(step) ?? 0) : depth
    lookInterval = max(1, enough / (4 * framesARequest))
    var ahead = 0
    var ready = 0
    var pendingAhead = 0
    var isDue = false
    var isFirst = true
    var missing: [Int] = []
    Self.forEachAhead(of: last, step, isLoop ? lastJump : nil, bounds, farthest) { distance, frame in
      let isPending = pending.contains(frame)
      let isThere = isResident(frame)
      if isPending { pendingAhead += 1 }
      if distance <= enough {
        ahead += 1
        if isPending || isThere { ready += 1 }
      }
      if !isThere {
        if isFirst, !isPending {
          isFirst = false
          if step < 0, let lookAhead {
            let spare = distance - lookAhead.lead(to: frame, step: step)
            isDue = spare <= 0
            lookInterval = min(lookInterval, max(1, spare / framesARequest))
          }
        }
        if missing.count < enough, distance <= enough || isPending || isDue { missing.append(frame) }
      }
      // Beyond what is wanted at least, only the first that is missing counts, and what is pending there.
      let isKnown = !isFirst && (!isDue || missing.count == enough)
      return distance < depth || !isKnown || pendingAhead < pending.count
    }
    guard ahead > 0 else { return stop() }
    let few = min(lowWater, (enough + 1) / 2, ahead)
    if ready >= few, pendingAhead == pending.count, !isDue {
      // Not before so many requests are there too few. Backward, what is missing farther off may be due before that.
      if isFirst, step > 0 { lookInterval = max(lookInterval, (ready - few) / framesARequest + 1) }
      return nil
    }
    if missing.isEmpty { return stop() }
    replacePending(by: missing)
    isRunning = true
    return missing
  }

  /// From one frame of a plan to the next, and how many of them a request may go on by.
  private var planStep: (step: Int, framesARequest: Int)? {
    if case .jogging(let direction) = pattern { return (direction.rawValue, longestJogStep) }
    return pattern.step.map { ($0, 1) }
  }

  private mutating func stop() -> [Int]? {
    guard isRunning else { return nil }
    isRunning = false
    replacePending(by: [])
    return []
  }

  /// Calls `body` for the frames ahead, until it returns false.
  ///
  /// - Parameter loop: its jump back, where it goes around in one.
  private static func forEachAhead(
    of frame: Int, _ step: Int, _ loop: Jump?, _ bounds: Range<Int>, _ count: Int,
    _ body: (_ distance: Int, Int) -> Bool
  ) {
    guard count > 0 else { return }
    var next = frame
    var hasJumped = false
    for distance in 1...count {
      if let loop, loop.from == next {
        // Once around is all of a loop.
        if hasJumped { return }
        hasJumped = true
        next = loop.to
      } else {
        let (sum, overflow) = next.addingReportingOverflow(step)
        if overflow { return }
        next = sum
      }
      guard bounds.contains(next), next != frame, body(distance, next) else { return }
    }
  }

  private mutating func replacePending(by plan: [Int]) {
    for frame in pending where !plan.contains(frame) { withdrawn += 1 }
    for frame in plan where !pending.contains(frame) {
      issued += 1
      // It was delivered, and is resident no more, though nobody said that it was evicted.
      evicted(frame)
    }
    pending = plan
  }

  // MARK: - What became of it

  /// A frame was delivered by the decoder.
  package mutating func delivered(_ frame: Int) {
    guard let index = pending.firstIndex(of: frame) else { return }
    pending.remove(at: index)
    unused.append(frame)
    if unused.count > 4 * depth {
      unused.removeFirst()
      wasted += 1
    }
  }

  /// A frame was asked for: if it was prefetched, also if it is only under way, that was of use.
  package mutating func requested(_ frame: Int) {
    if let index = unused.firstIndex(of: frame) {
      unused.remove(at: index)
      used += 1
    } else if let index = pending.firstIndex(of: frame) {
      pending.remove(at: index)
      used += 1
    }
  }

  /// A frame is resident no more.
  package mutating func evicted(_ frame: Int) {
    guard let index = unused.firstIndex(of: frame) else { return }
    unused.remove(at: index)
    wasted += 1
    lookInterval = 1
  }
}
