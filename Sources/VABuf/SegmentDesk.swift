internal import BufferPolicy
internal import FrameModel

/// Where the sessions of a long range get their segments: who waits for one, and who for the reader to come nearer.
///
/// A part of `BufferState`, under its lock. At most one reader at a time has its range divided.
struct SegmentDesk: ~Copyable {
  typealias SegmentID = SegmentPlan.SegmentID

  /// What a session is to do next.
  enum Work: Sendable {
    case decode(SegmentPlan.Segment)
    /// Nobody reads a long range: its decoder need not wait open.
    case close
  }

  /// Sessions that wait, to be resumed after unlocking.
  struct Resumptions {
    var idle: [(CheckedContinuation<Work?, Never>, Work?)] = []
    var early: [(CheckedContinuation<Bool, Never>, Bool)] = []
    var quiet: [CheckedContinuation<Void, Never>] = []

    func resume() {
      for (continuation, work) in idle { continuation.resume(returning: work) }
      for (continuation, goesOn) in early { continuation.resume(returning: goesOn) }
      for continuation in quiet { continuation.resume() }
    }
  }

  private struct Idle {
    var continuation: CheckedContinuation<Work?, Never>
    var isOpen: Bool
  }

  private struct TooEarly {
    var id: SegmentID
    var frame: Int
    var continuation: CheckedContinuation<Bool, Never>
  }

  /// Nil where the buffer's own session decodes everything.
  private var limits: SegmentPlan.Limits?
  private var plan: SegmentPlan?
  private var reader: Int?
  private var lastID: SegmentID = 0
  private var idle: [Idle] = []
  private var early: [TooEarly] = []
  /// Segments that sessions are at, wanted or not, and who waits until there are none.
  private var active: Set<SegmentID> = []
  private var quiet: [CheckedContinuation<Void, Never>] = []
  private var isAllowed = true
  private var isClosed = false

  init(limits: SegmentPlan.Limits?) { self.limits = limits }

  /// How many segments were assigned.
  var count: Int { Int(lastID) }

  /// What its sessions are going to give.
  var underWay: RequestSchedule.UnderWay { plan?.underWay ?? RequestSchedule.UnderWay() }

  /// Whether only a reader that waits for the decoder has its range divided.
  var isForThoseWhoWait: Bool { !(limits?.dividesAll ?? false) }

  /// Somebody's range is divided.
  var isDividing: Bool { plan != nil }

  /// It is this reader's range that is divided.
  func isDividing(for reader: Int) -> Bool { self.reader == reader }

  /// Somebody's range may be divided.
  var isFree: Bool { plan == nil && limits != nil && isAllowed && !isClosed }

  mutating func begin(_ plan: SegmentPlan, for reader: Int) {
    self.plan = plan
    self.reader = reader
  }

  mutating func arrived(_ frame: Int) { plan?.arrived(frame) }

  mutating func moved(_ reader: Int, to frame: Int) {
    if self.reader == reader { plan?.moved(to: frame) }
  }

  /// The reader is gone, or for nil: no range is divided any more.
  mutating func end(_ reader: Int?, _ resumptions: inout Resumptions) {
    guard reader == nil || reader == self.reader else { return }
    plan = nil
    self.reader = nil
    for waiting in early { resumptions.early.append((waiting.continuation, false)) }
    early = []
    let open = idle.filter(\.isOpen)
    idle.removeAll(where: \.isOpen)
    for waiting in open { resumptions.idle.append((waiting.continuation, .close)) }
  }

  /// Whether ranges may be divided from now on; else the buffer's own session decodes everything.
  mutating func allow(_ isAllowed: Bool, _ resumptions: inout Resumptions) {
    self.isAllowed = isAllowed
    if !isAllowed { end(nil, &resumptions) }
  }

  /// For good, once no session is at a segment.
  mutating func forbid(_ continuation: CheckedContinuation<Void, Never>, _ resumptions: inout Resumptions) {
    limits = nil
    end(nil, &resumptions)
    quiet.append(continuation)
    resumeQuiet(&resumptions)
  }

  private mutating func resumeQuiet(_ resumptions: inout Resumptions) {
    guard active.isEmpty else { return }
    resumptions.quiet += quiet
    quiet = []
  }

  /// The sessions end.
  mutating func close(_ resumptions: inout Resumptions) {
    isClosed = true
    end(nil, &resumptions)
    for waiting in idle { resumptions.idle.append((waiting.continuation, nil)) }
    idle = []
  }

  /// A session has nothing to do.
  ///
  /// - Parameter isOpen: it has a decoder, which it closes where there is nothing to do.
  mutating func wait(
    for continuation: CheckedContinuation<Work?, Never>, isOpen: Bool, isResident: (Int) -> Bool,
    _ resumptions: inout Resumptions
  ) {
    if isClosed {
      resumptions.idle.append((continuation, nil))
    } else if isOpen, plan == nil {
      resumptions.idle.append((continuation, .close))
    } else {
      idle.append(Idle(continuation: continuation, isOpen: isOpen))
      assign(isResident, &resumptions)
    }
  }

  /// Gives segments to those that wait, and lets those go on whom the reader has come near. To be called when something
  /// changed.
  mutating func assign(_ isResident: (Int) -> Bool, _ resumptions: inout Resumptions) {
    guard plan != nil else { return }
    early.removeAll { waiting in
      guard plan?.progress(of: waiting.id, at: waiting.frame) != .wait else { return false }
      resumptions.early.append((waiting.continuation, true))
      return true
    }
    while !idle.isEmpty, let segment = plan?.next(isResident: isResident) {
      lastID = segment.id
      active.insert(segment.id)
      // Those that have a decoder first.
      let index = idle.firstIndex(where: \.isOpen) ?? 0
      resumptions.idle.append((idle.remove(at: index).continuation, .decode(segment)))
    }
    if plan?.isOver ?? false { end(nil, &resumptions) }
  }

  /// Whether a session decodes a frame of its segment now. Nil: it is to wait, by `wait`.
  func goesOn(_ id: SegmentID, at frame: Int) -> Bool? {
    switch plan?.progress(of: id, at: frame) {
    case .goOn: true
    case .wait: nil
    case .stop, nil: false
    }
  }

  /// Waits until the reader is near enough.
  mutating func wait(
    _ id: SegmentID, at frame: Int, _ continuation: CheckedContinuation<Bool, Never>, _ resumptions: inout Resumptions
  ) {
    if let goesOn = goesOn(id, at: frame) {
      resumptions.early.append((continuation, goesOn))
    } else {
      early.append(TooEarly(id: id, frame: frame, continuation: continuation))
    }
  }

  /// A session is through with its segment, or gave it up.
  mutating func ended(_ id: SegmentID, _ resumptions: inout Resumptions) {
    plan?.end(id)
    active.remove(id)
    resumeQuiet(&resumptions)
  }

  /// A plan for a reader; nil where sessions side by side do not pay.
  func plan(
    from position: Int, _ direction: Direction, of range: Range<Int>, _ seekPoints: SeekPoints,
    busy: ClosedRange<Int>?
  ) -> SegmentPlan? {
    limits.flatMap {
      SegmentPlan(
        from: position, direction, of: range, seekPoints: seekPoints, limits: $0, busy: busy, lastID: lastID)
    }
  }
}
