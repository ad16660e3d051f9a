/// Decides when each turn of a run is shown, and which ones are not.
///
/// The clock starts with the first picture. A frame is *late* when it is there more than half its time on the screen (at
/// least 2 ms) after it was due. It is *dropped* when all its time on the screen has passed and the next one is due:
/// playback then goes on at the frame that is due next. Where that one is not in time either, it is shown all the same,
/// late, and the clock goes on from it: what is too slow gives a slow picture, not none.
///
/// Times are seconds of any clock that never stands still.
package struct Pacer: Sendable {
  /// What is to be done.
  package enum Decision: Equatable, Sendable {
    /// Nothing before this time.
    case wait(until: Double)
    /// Show the next turn's frame, now.
    case present
    /// Pass over turns: the next one is this one.
    case skip(to: Int)
    /// The run is over, all of its time has passed.
    case end
  }

  package let run: Run
  private let timetable: Timetable
  /// When the first turn was due.
  private var origin: Double?
  /// The turn that is shown next.
  package private(set) var next = 0
  private var isChasing = false

  package init(_ run: Run, _ timetable: Timetable, origin: Double? = nil) {
    self.run = run
    self.timetable = timetable
    self.origin = origin
  }

  /// When the next turn is due; nil before the clock has started.
  package var due: Double? { origin.map { $0 + timetable.due(next, of: run) } }

  /// When all is over; nil before the clock has started.
  package var endTime: Double? {
    origin.map { $0 + timetable.due(run.count - 1, of: run) + timetable.duration(run.count - 1, of: run) }
  }

  /// Whether a turn has been shown or passed over: its frame came too late to be of use.
  package func isPast(_ turn: Int) -> Bool { turn < next }

  /// Whether something else may be drawn first, which takes so many seconds: the next turn is not due that soon, or its
  /// frame should have been there for as long.
  package func hasTime(_ seconds: Double, at now: Double) -> Bool {
    guard let moment = next < run.count ? due : endTime else { return true }
    return abs(moment - now) > seconds
  }

  /// What to do with the next turn, whose frame is there.
  ///
  /// - Parameter lead: how long it takes from the decision until the picture is on the screen.
  package func decide(now: Double, lead: Double) -> Decision {
    guard next < run.count else {
      guard let endTime, now < endTime else { return .end }
      return .wait(until: endTime)
    }
    guard let due else { return .present }
    if now + lead < due { return .wait(until: due - lead) }
    let duration = timetable.duration(next, of: run)
    if now + lead - due >= duration, next + 1 < run.count, !isChasing, let origin {
      return .skip(to: max(next + 1, timetable.turn(at: now + lead - origin, of: run, from: next)))
    }
    return .present
  }

  /// Turns before this one are not shown.
  ///
  /// - Returns: how many were dropped.
  package mutating func skip(to index: Int) -> Int {
    precondition(index > next && index < run.count, "turn \(index) after \(next)")
    defer {
      next = index
      isChasing = true
    }
    return index - next
  }

  /// The next turn's frame is on the screen.
  ///
  /// - Returns: how long after it was due, in seconds, which may be negative; and whether that counts as late.
  package mutating func presented(at now: Double) -> (error: Double, isLate: Bool) {
    let begin = origin ?? now
    let error = now - begin - timetable.due(next, of: run)
    let duration = timetable.duration(next, of: run)
    // Nothing is in time any more: the clock goes on from here.
    origin = isChasing && error >= duration ? now - timetable.due(next, of: run) : begin
    isChasing = false
    next += 1
    return (error, error > max(duration / 2, 0.002))
  }
}
