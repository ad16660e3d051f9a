package import FrameModel

/// What plays, where it is and which way it goes: what the keys of a player act on.
///
/// States, and what leaves them:
/// - *playing* a run: `pause`, `seek` (another run from elsewhere), `shuttle`, the end of the run.
/// - *paused* on a frame: `resume`, `step`, `seek`, `shuttle`.
/// - *scrubbing*, with the hand on the time line: `release` goes back to what was before.
package struct Transport: Sendable {
  /// What is to be done about a change.
  package enum Action: Equatable, Sendable {
    /// Show these frames one after the other.
    case play(Run)
    /// Show this frame, exactly.
    case show(Int)
    /// Show what is near this frame at once, and the frame when the hand rests.
    case scrub(Int)
    /// The last round is over, and nobody took over by hand.
    case finish
  }

  /// The fastest shuttle.
  package static let fastest = 16.0
  /// Frames a second that are worth showing.
  private static let mostFrames = 60.0
  private static let seekSeconds = 5.0

  private let timetable: Timetable
  /// The frames that are played.
  package let bounds: ClosedRange<Int>
  /// Rounds that are still to come; nil for no end.
  private var rounds: Int?
  /// The speed of `toggle`, negative backward: what was asked for at first, in the last direction.
  private var usual: Double
  /// The run that is under way; nil while paused.
  package private(set) var run: Run?
  /// The frame on the screen, or on its way there.
  package private(set) var position: Int
  /// Negative backward; 0 while paused.
  package private(set) var speed: Double
  /// Somebody took the controls.
  package private(set) var isTouched = false
  package private(set) var isScrubbing = false
  /// The speed before the hand came; 0 for paused.
  private var speedBefore = 0.0
  private var lastRun = 0

  /// - Parameters:
  ///   - bounds: the frames to play, both included.
  ///   - speed: above 0.
  ///   - rounds: how many times; nil for no end.
  package init(
    _ timetable: Timetable, bounds: ClosedRange<Int>, speed: Double, direction: Direction, rounds: Int?
  ) {
    self.timetable = timetable
    self.bounds = bounds
    self.rounds = rounds.map { $0 - 1 }
    usual = speed * Double(direction.rawValue)
    self.speed = 0
    position = direction == .forward ? bounds.lowerBound : bounds.upperBound
  }

  package var isPaused: Bool { run == nil }

  /// Plays from where it is.
  package mutating func start() -> Action { play(from: position, at: usual) }

  private mutating func play(from frame: Int, at speed: Double) -> Action {
    lastRun += 1
    let stride = max(1, Int((abs(speed) * timetable.rate / Self.mostFrames).rounded(.up)))
    let run = Run(
      id: lastRun, first: frame, last: speed < 0 ? bounds.lowerBound : bounds.upperBound, speed: abs(speed),
      stride: abs(speed) > 1 ? stride : 1)
    self.run = run
    self.speed = speed
    position = frame
    return .play(run)
  }

  private mutating func pause(at frame: Int) -> Action {
    if speed != 0 { usual = speed < 0 ? -abs(usual) : abs(usual) }
    run = nil
    speed = 0
    position = min(max(frame, bounds.lowerBound), bounds.upperBound)
    return .show(position)
  }

  // MARK: - What the picture does

  /// A frame of the run is on the screen.
  package mutating func shown(_ frame: Int) { if run != nil { position = frame } }

  /// All of the run's time has passed.
  package mutating func reachedEnd() -> Action {
    guard run != nil else { return .show(position) }
    // Who shuttled to an end stays there; rounds are for what was asked for at the start.
    guard !isTouched else { return pause(at: position) }
    if rounds == 0 { return .finish }
    rounds = rounds.map { $0 - 1 }
    // A run of one frame has no direction of its own.
    return play(from: speed < 0 ? bounds.upperBound : bounds.lowerBound, at: speed)
  }

  /// A frame could not be drawn as it came: it is got once more, and all goes on as it did. No hand did that.
  package mutating func again(_ frame: Int) -> Action {
    run == nil ? .show(frame) : play(from: frame, at: speed)
  }

  // MARK: - What hands do

  /// Pauses, or plays on in the last direction; from an end, from the other end.
  package mutating func toggle() -> Action {
    isTouched = true
    guard isPaused else { return pause(at: position) }
    if usual > 0, position == bounds.upperBound { return play(from: bounds.lowerBound, at: usual) }
    if usual < 0, position == bounds.lowerBound { return play(from: bounds.upperBound, at: usual) }
    return play(from: position, at: usual)
  }

  package mutating func pause() -> Action {
    isTouched = true
    return pause(at: position)
  }

  /// Plays in a direction; where it does so already, twice as fast.
  package mutating func shuttle(_ direction: Direction) -> Action {
    isTouched = true
    let sign = Double(direction.rawValue)
    return play(from: position, at: speed * sign > 0 ? min(abs(speed) * 2, Self.fastest) * sign : sign)
  }

  /// A frame further where paused, else some seconds.
  package mutating func step(_ direction: Direction) -> Action {
    isTouched = true
    if isPaused { return pause(at: position + direction.rawValue) }
    return jump(
      to: timetable.frame(at: timetable.start(position) + Self.seekSeconds * Double(direction.rawValue)))
  }

  /// Goes to a frame, and plays on from there if it played.
  package mutating func jump(to frame: Int) -> Action {
    isTouched = true
    let frame = min(max(frame, bounds.lowerBound), bounds.upperBound)
    return isPaused ? pause(at: frame) : play(from: frame, at: speed)
  }

  /// Goes to a share of the whole, 0 to 1.
  package mutating func jump(toShare share: Double) -> Action { jump(to: frame(atShare: share)) }

  /// The last frame, and pauses there.
  package mutating func jumpToEnd() -> Action {
    isTouched = true
    return pause(at: bounds.upperBound)
  }

  /// The hand is on the time line, at a share of its width.
  package mutating func scrub(toShare share: Double) -> Action {
    if !isScrubbing { speedBefore = speed }
    // A key may have let it play below the hand.
    _ = pause(at: position)
    isTouched = true
    isScrubbing = true
    position = frame(atShare: share)
    return .scrub(position)
  }

  /// The hand left the time line.
  package mutating func release() -> Action? {
    guard isScrubbing else { return nil }
    isScrubbing = false
    return speedBefore != 0 ? play(from: position, at: speedBefore) : pause(at: position)
  }

  private func frame(atShare share: Double) -> Int {
    let (begin, end) = (timetable.start(bounds.lowerBound), timetable.start(bounds.upperBound + 1))
    let frame = timetable.frame(at: begin + (end - begin) * min(max(share, 0), 1))
    return min(max(frame, bounds.lowerBound), bounds.upperBound)
  }

  /// Where a frame lies in the whole, 0 to 1.
  package func share(of frame: Int) -> Double {
    let (begin, end) = (timetable.start(bounds.lowerBound), timetable.start(bounds.upperBound + 1))
    return end > begin ? min(max((timetable.start(frame) - begin) / (end - begin), 0), 1) : 0
  }
}
