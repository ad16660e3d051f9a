/// What the decoder does next.
extension RequestSchedule {
  /// The most urgent run of wanted frames, or nil where nothing is wanted.
  ///
  /// Demands come first, then ranges, then the plan. Among demands (and among ranges) the oldest comes first, except
  /// that one in `position ..< position + horizon` is taken before the decoder jumps away; no frame is overtaken in
  /// this way more than `maxOvertakings` times. The plan is taken in its order; what is resident is dropped from it.
  ///
  /// A goal is the run of consecutive frames around that frame, up to `maxRun` each way: before it, those that have its
  /// urgency or a higher one; after it, all that are wanted, for the decoder is on its way to them. Once only less
  /// urgent ones are left, the goal yields like a goal of theirs (`isCurrent`).
  ///
  /// - Parameter position: the next frame that the decoder would emit; nil where it must seek anyway.
  package mutating func nextGoal(position: Int?, isResident: (Int) -> Bool) -> Goal? {
    if let goal = oldestGoal(.demand, position, isResident) ?? oldestGoal(.range, position, isResident) {
      return goal
    }
    while let slot = levels[Urgency.prefetch.rawValue].byAge.first {
      if wants[slot].waiters.isEmpty, isResident(wants[slot].frame) {
        unplan(slot)
        continue
      }
      return goal(run(around: wants[slot].frame, .prefetch, isResident), .prefetch)
    }
    return nil
  }

  /// Whether the decoder, at `position`, should go on with a goal. False as soon as nobody wants any of the rest of the
  /// goal, or something more urgent is wanted that is not in the rest. What is wanted of the rest counts with its
  /// present urgency: a goal whose demands were cancelled yields like the prefetch that is left of it.
  package func isCurrent(_ goal: Goal, at position: Int) -> Bool {
    guard position <= goal.frames.upperBound else { return false }
    let rest = max(goal.frames.lowerBound, position)...goal.frames.upperBound
    let highest: Urgency
    if count(.demand, in: rest) > 0 {
      highest = .demand
    } else if count(.range, in: rest) > 0 {
      highest = .range
    } else if count(.prefetch, in: rest) > 0 {
      highest = .prefetch
    } else {
      return false
    }
    let urgency = min(goal.urgency, highest)
    return !isMoreUrgent(.demand, than: urgency, outside: rest) && !isMoreUrgent(.range, than: urgency, outside: rest)
  }

  private func count(_ urgency: Urgency, in frames: ClosedRange<Int>) -> Int {
    levels[urgency.rawValue].sorted.count(in: frames)
  }

  private func isMoreUrgent(_ other: Urgency, than urgency: Urgency, outside rest: ClosedRange<Int>) -> Bool {
    other > urgency && levels[other.rawValue].sorted.count > count(other, in: rest)
  }

  private mutating func oldestGoal(
    _ urgency: Urgency, _ position: Int?, _ isResident: (Int) -> Bool
  ) -> Goal? {
    guard let oldest = levels[urgency.rawValue].byAge.first else { return nil }
    return goal(run(around: choose(oldest, urgency, position: position), urgency, isResident), urgency)
  }

  /// The frame to go for: the oldest, or one just ahead of the decoder.
  private mutating func choose(_ oldest: Int, _ urgency: Urgency, position: Int?) -> Int {
    let level = urgency.rawValue
    let frame = wants[oldest].frame
    guard let position, let near = levels[level].sorted.first(atOrAfter: position), near - position < horizon,
      near != frame, levels[level].overtakings - wants[oldest].since < maxOvertakings
    else { return frame }
    levels[level].overtakings += 1
    return near
  }

  private mutating func goal(_ frames: ClosedRange<Int>, _ urgency: Urgency) -> Goal {
    lastSerial += 1
    return Goal(frames: frames, urgency: urgency, serial: lastSerial)
  }

  private mutating func run(
    around frame: Int, _ urgency: Urgency, _ isResident: (Int) -> Bool
  ) -> ClosedRange<Int> {
    var upper = frame
    while upper - frame < maxRun - 1, extends(to: upper + 1, .prefetch, isResident) { upper += 1 }
    var lower = frame
    while frame - lower < maxRun - 1, extends(to: lower - 1, urgency, isResident) { lower -= 1 }
    return lower...upper
  }

  /// Whether a run of that urgency goes on to this frame. One that only the plan wants is dropped where it is resident.
  private mutating func extends(to frame: Int, _ urgency: Urgency, _ isResident: (Int) -> Bool) -> Bool {
    guard let slot = byFrame[frame], wants[slot].urgency >= urgency else { return false }
    if wants[slot].waiters.isEmpty, isResident(frame) {
      unplan(slot)
      return false
    }
    return true
  }
}
