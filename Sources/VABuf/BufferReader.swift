internal import BufferPolicy
internal import FrameModel

/// One of those who ask a buffer for frames: its pattern, its pace, and what is planned for it.
///
/// A part of `BufferState`, under its lock.
struct BufferReader {
  let id: BufferState.ReaderID
  /// What it is going to read, at most.
  let range: Range<Int>
  /// It is going to read all of its range.
  let readsOn: Bool
  /// The lowest frame that it may want, or whoever follows it.
  let lowest: Int
  var plan: [Int] = []
  /// The plan is another one than the schedule knows.
  private(set) var hasNewPlan = false
  // From here on side by side what each request changes (`BufferState`).
  var policy: PrefetchPolicy
  /// Hits since the plan was last looked at.
  private var hits = 0
  /// Which way it went at its last request; nil where it goes nowhere.
  private(set) var direction: Direction?
  var pace = ReaderPace()

  init(_ id: BufferState.ReaderID, _ policy: PrefetchPolicy) {
    self.id = id
    self.policy = policy
    (range, readsOn, lowest) = (0..<Int.max, false, 0)
  }

  init(_ id: BufferState.ReaderID, _ policy: PrefetchPolicy, of range: Range<Int>, lowest: Int) {
    self.id = id
    self.policy = policy
    self.range = range
    self.lowest = lowest
    readsOn = true
  }

  /// It asked for a frame.
  ///
  /// - Returns: whether its plan is to be looked at.
  mutating func observe(_ frame: Int, isHit: Bool, at now: UInt64) -> Bool {
    direction = policy.observe(request: frame)
    pace.asked(at: now)
    // Others are answered when their frame arrives.
    if isHit { pace.answered(at: now) }
    hits += 1
    return !isHit || hits >= policy.lookInterval
  }

  /// Makes its plan anew, where that changes something.
  mutating func look(_ lookAhead: LookAhead?, isResident: (Int) -> Bool, within bounds: Range<Int>) {
    hits = 0
    guard let plan = policy.plan(lookAhead, isResident: isResident, within: bounds) else { return }
    self.plan = plan
    hasNewPlan = true
  }

  /// The schedule gets to know its plan.
  mutating func takeNewPlan() -> Bool {
    defer { hasNewPlan = false }
    return hasNewPlan
  }
}
