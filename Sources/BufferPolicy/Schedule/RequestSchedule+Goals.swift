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
  /// - Parameters:
  ///   - position: the next frame that the decoder would emit; nil where it must seek anyway.
  ///   - underWay: is in no goal, and dropped from the plan.
  package mutating func nextGoal(
    position: Int?, isResident: (Int) -> Bool, underWay: UnderWay = UnderWay()
  ) -> Goal? {
    if let goal = oldestGoal(.demand, position, isResident, underWay)
      ?? oldestGoal(.range, position, isResident, underWay)
    {
      return goal
    }
    while let slot = levels[Urgency.prefetch.rawValue].byAge.first {
      if wants[slot].waiters.isEmpty,
        isResident(wants[slot].frame) || underWay.contains(wants[slot].frame, for: .prefetch)
      {
        unplan(slot)
        continue
      }
      return goal(run(around: wants[slot].frame, .prefetch, isResident, underWay), .prefetch)
    }
    return nil
  }

  /// Whether the decoder, at `position`, should go on with a goal. False as soon as nobody wants any of the rest of the
  /// goal, or something more urgent is wanted that is not in the rest. What is wanted of the rest counts with its
  /// present urgency: a goal whose demands were cancelled yields like the prefetch that is left of it.
  ///
  /// - Parameter underWay: is no reason to yield.
  package func isCurrent(_ goal: Goal, at position: Int, underWay: UnderWay = UnderWay()) -> Bool {
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
    return !isMoreUrgent(.demand, than: urgency, outside: rest, underWay)
      && !isMoreUrgent(.range, than: urgency, outside: rest, underWay)
  }

  private func count(_ urgency: Urgency, in frames: ClosedRange<Int>) -> Int {
    levels[urgency.rawValue].sorted.count(in: frames)
  }

  private func isMoreUrgent(
    _ other: Urgency, than urgency: Urgency, outside rest: ClosedRange<Int>, _ underWay: UnderWay
  ) -> Bool {
    guard other > urgency else { return false }
    let known = underWay.frames(for: other).reduce(count(other, in: rest)) { sum, frames in
      frames.isEmpty || frames.overlaps(rest) ? sum : sum + count(other, in: ClosedRange(frames))
    }
    return levels[other.rawValue].sorted.count > known
  }

  private mutating func oldestGoal(
    _ urgency: Urgency, _ position: Int?, _ isResident: (Int) -> Bool, _ underWay: UnderWay
  ) -> Goal? {
    var slot = levels[urgency.rawValue].byAge.first
    while let next = slot, underWay.contains(wants[next].frame, for: urgency) { slot = ageLinks.slot(after: next) }
    guard let oldest = slot else { return nil }
    let frame = choose(oldest, urgency, position: position, underWay)
    return goal(run(around: frame, urgency, isResident, underWay), urgency)
  }

  /// The frame to go for: the oldest, or one just ahead of the decoder.
  private mutating func choose(
    _ oldest: Int, _ urgency: Urgency, position: Int?, _ underWay: UnderWay
  ) -> Int {
    let level = urgency.rawValue
    let frame = wants[oldest].frame
    guard let position, let near = levels[level].sorted.first(atOrAfter: position), near - position < horizon,
      near != frame, !underWay.contains(near, for: urgency),
      levels[level].overtakings - wants[oldest].since < maxOvertakings
    else { return frame }
    levels[level].overtakings += 1
    return near
  }

  private mutating func goal(_ frames: ClosedRange<Int>, _ urgency: Urgency) -> Goal {
    lastSerial += 1
    return Goal(frames: frames, urgency: urgency, serial: lastSerial)
  }

  private mutating func run(
    around frame: Int, _ urgency: Urgency, _ isResident: (Int) -> Bool, _ underWay: UnderWay
  ) -> ClosedRange<Int> {
    var upper = frame
    while upper - frame < maxRun - 1, extends(to: upper + 1, .prefetch, isResident, underWay) { upper += 1 }
    var lower = frame
    while frame - lower < maxRun - 1, extends(to: lower - 1, urgency, isResident, underWay) { lower -= 1 }
    return lower...upper
  }

  /// Whether a run of that urgency goes on to this frame. One that only the plan wants is dropped where it is resident.
  private mutating func extends(
    to frame: Int, _ urgency: Urgency, _ isResident: (Int) -> Bool, _ underWay: UnderWay
  ) -> Bool {
    guard let slot = byFrame[frame], wants[slot].urgency >= urgency,
      !underWay.contains(frame, for: wants[slot].urgency)
    else { return false }
    if wants[slot].waiters.isEmpty, isResident(frame) {
      unplan(slot)
      return false
    }
    return true
  }
}
