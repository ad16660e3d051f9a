internal import BufferPolicy
internal import FrameModel

/// Everything of a buffer that its lock guards but the cache: who waits, who reads, what the source does.
///
/// Methods change the state and collect what has to happen outside in `effects`; the owner of the lock carries it out
/// after unlocking.
struct BufferState: ~Copyable {
  typealias WaiterID = RequestSchedule.WaiterID
  typealias ReaderID = Int

  /// The reader of requests that name none.
  static let anonymousReader: ReaderID = 0
  /// The reader of requests from which nothing follows for later ones.
  static let noReader: ReaderID = -1
  /// The same, of requests whose frame lies on the way to one that is asked for right after it.
  static let passingReader: ReaderID = -2

  /// A request that waits; without a continuation it only wants the frame to be decoded.
  struct Waiter {
    var frame: Int
    var continuation: CheckedContinuation<FrameLease, any Error>?
    var reader = BufferState.noReader
  }

  /// What is to be done after unlocking, once.
  struct Effects: ~Copyable {
    var arrived: [CheckedContinuation<FrameLease, any Error>] = []
    var failed: [(CheckedContinuation<FrameLease, any Error>, any Error)] = []
    var sources: [(CheckedContinuation<FrameRequest?, Never>, FrameRequest?)] = []
    var receiver: CheckedContinuation<Void, Never>?
    /// A reader will use these before what was asked of the source: they must not make room for it.
    var kept: Range<Int>?
    var resumptions = SegmentDesk.Resumptions()
    /// Those who waited until the channel was empty.
    var emptied: [CheckedContinuation<Void, Never>] = []
  }

  // First what each request of a cached frame changes: beside the lock, so that few cache lines go to and fro between
  // two processors that do.
  /// Requests that found their frame there, and of those, that found it in a surface only.
  private(set) var hits = (resident: 0, surface: 0)
  private var ring: PlaybackRing
  /// Few: to be looked through costs less than a table.
  private var readers: [BufferReader] = []
  private var schedule = RequestSchedule()
  private let prefetchFrames: Int
  /// About how many frames the cache has room for.
  var cacheFrames: Int
  private var lastReader: ReaderID = 0
  /// The reader that was removed last.
  private var former: (direction: Direction, pace: ReaderPace, range: Range<Int>)?
  private var waiters: [WaiterID: Waiter] = [:]
  private var lastWaiter: WaiterID = 0
  /// Waiters without a continuation, oldest first.
  private var looks: [WaiterID] = []
  /// The source waits for something to do.
  private var idleSource: (continuation: CheckedContinuation<FrameRequest?, Never>, position: Int?)?
  /// The receiver holds a frame that is too far ahead of the reader.
  private var heldReceiver: CheckedContinuation<Void, Never>?
  private var current: FrameRequest?
  /// Sent by the source and not yet in the cache.
  private var inTransit: Set<Int> = []
  /// How many of them are in the channel, where one may be twice.
  private var inChannel = 0
  /// Those who wait until it is empty. What comes out of it meanwhile is dropped.
  private var emptying: [CheckedContinuation<Void, Never>] = []
  private var retired = (issued: 0, used: 0, wasted: 0)
  private(set) var frameCount: Int?
  /// As far as they are known.
  private var seekPoints: SeekPoints
  private var decodePace = DecodePace()
  private var segments: SegmentDesk
  /// Why no more frames come; nil while they do.
  private(set) var end: VABufError?

  /// A stream of unknown length ends here: arithmetic on numbers must not overflow.
  private static let largestNumber = 1 << 62

  /// How far from a seek point a frame that is wanted alone may come without the pictures after it: measured,
  /// docs/adr/0022-frames-wanted-alone.md. A hand on a time line stays near, and only a keyframe does.
  private static let aloneFromAHand = 0
  /// One that jumps about will hardly ask for the next one.
  private static let aloneFromAJump = 16

  /// A look that nobody repeats is forgotten after so many others.
  private static let rememberedLooks = 4

  /// - Parameter segments: nil where the source decodes everything by itself.
  init(
    configuration: Configuration, cacheFrames: Int, frameCount: Int?, seekPoints: [Int],
    segments: SegmentPlan.Limits? = nil
  ) {
    self.cacheFrames = cacheFrames
    self.segments = SegmentDesk(limits: segments)
    ring = PlaybackRing(capacity: configuration.ringFrames)
    prefetchFrames = configuration.prefetchFrames
    self.frameCount = frameCount.map { max(0, $0) }
    self.seekPoints = SeekPoints(seekPoints)
  }

  // MARK: - Readers

  /// - Parameter isPart: what comes after the range will be wanted too.
  mutating func addReader(_ direction: Direction, of range: Range<Int>, isPart: Bool) -> ReaderID {
    lastReader += 1
    // Backward, the frames before a keyframe cost a whole run of decoding: that must begin earlier.
    var policy = newPolicy(depth: direction == .forward ? prefetchFrames : max(prefetchFrames, ring.capacity))
    policy.hint(direction: direction)
    // Whoever reads range after range backward goes on with the next one.
    let goesOn = isPart || former?.direction == .backward && former?.range.lowerBound == range.upperBound
    var reader = BufferReader(lastReader, policy, of: range, lowest: goesOn ? 0 : max(0, range.lowerBound))
    // Whoever takes over from another one goes at its pace.
    if let former, former.direction == direction { reader.pace = former.pace }
    readers.append(reader)
    return lastReader
  }

  mutating func removeReader(_ id: ReaderID, isResident: (Int) -> Bool, _ effects: inout Effects) {
    guard let index = index(of: id) else { return }
    let reader = readers.remove(at: index)
    segments.end(id, &effects.resumptions)
    former = (reader.policy.direction ?? .forward, reader.pace, reader.range)
    retired.issued += reader.policy.issued
    retired.used += reader.policy.used
    retired.wasted += reader.policy.wasted
    setPlan(first: nil)
    // Others may wait for what its segments were to give.
    feedSource(isResident, &effects)
  }

  private func index(of id: ReaderID) -> Int? { readers.firstIndex { $0.id == id } }

  /// Some reader may want the frames before the one that it asked for.
  private var looksBack: Bool {
    readers.isEmpty || readers.contains { $0.policy.looksBack }
  }

  private func newPolicy(depth: Int) -> PrefetchPolicy { PrefetchPolicy(depth: depth, lowWater: (depth + 1) / 2) }

  var prefetch: (issued: Int, used: Int, wasted: Int) {
    readers.reduce(into: retired) {
      $0.issued += $1.policy.issued
      $0.used += $1.policy.used
      $0.wasted += $1.policy.wasted
    }
  }

  // MARK: - Requests

  /// - Parameter isOnHost: as far as it is not in a surface only.
  mutating func countHit(isOnHost: Bool) {
    hits.resident += 1
    if !isOnHost { hits.surface += 1 }
  }

  /// A reader asked for a frame: its pattern, its pace, the playback window and, from time to time or after a miss, its plan
  /// follow.
  ///
  /// - Parameter now: nanoseconds of the buffer's clock.
  /// - Returns: whether there is something for `follow` to do. As a rule there is not, after a hit.
  mutating func note(
    _ frame: Int, _ id: ReaderID, isHit: Bool, at now: UInt64, isResident: (Int) -> Bool
  ) -> Bool {
    guard id >= Self.anonymousReader else { return false }
    let index = index(of: id) ?? readers.count
    if index == readers.count { readers.append(BufferReader(id, newPolicy(depth: prefetchFrames))) }
    let isDue = readers[index].observe(frame, isHit: isHit, at: now)
    let direction = readers[index].direction
    ring.taken(frame, direction ?? .forward)
    segments.moved(id, to: frame)
    if isDue {
      let lookAhead = direction == nil ? nil : lookAhead(at: readers[index].pace)
      let bounds = readers[index].range.clamped(to: 0..<(frameCount ?? .max))
      readers[index].look(lookAhead, isResident: isResident, within: bounds)
    }
    return readers[index].hasNewPlan || !isHit || segments.isDividing || heldReceiver != nil
  }

  /// What comes of a request that was noted: segments are divided and assigned, the source gets to know a new plan, and
  /// whoever waited for the reader to come nearer goes on.
  mutating func follow(_ id: ReaderID, isHit: Bool, isResident: (Int) -> Bool, _ effects: inout Effects) {
    guard let index = index(of: id) else { return }
    if !isHit, segments.isFree { divideRange(of: readers[index]) }
    segments.assign(isResident, &effects.resumptions)
    if readers[index].takeNewPlan() {
      setPlan(first: id)
      feedSource(isResident, &effects)
    } else {
      effects.receiver = effects.receiver ?? heldReceiver.take()
    }
  }

  /// Both, one after the other.
  mutating func observe(
    _ frame: Int, _ id: ReaderID, isHit: Bool, at now: UInt64, isResident: (Int) -> Bool, _ effects: inout Effects
  ) {
    guard note(frame, id, isHit: isHit, at: now, isResident: isResident) else { return }
    follow(id, isHit: isHit, isResident: isResident, &effects)
  }

  /// A reader has the frame now that it waited for.
  mutating func answered(_ id: ReaderID, at now: UInt64) {
    if let index = index(of: id) { readers[index].pace.answered(at: now) }
  }

  private func lookAhead(at pace: ReaderPace) -> LookAhead? {
    guard let readerPeriod = pace.period, let decodePeriod = decodePace.period else { return nil }
    return LookAhead(
      readerPeriod: readerPeriod, decodePeriod: decodePeriod, seekPoints: seekPoints, cacheFrames: cacheFrames)
  }

  /// Several sessions decode what a reader is going to read: as a rule where it waits for the decoder, and has read as much as
  /// the longest group. Who breaks off before, or reads short pieces, leaves a decoder that is where they are: a divided range
  /// does not.
  private mutating func divideRange(of reader: BufferReader) {
    guard reader.readsOn, let position = reader.policy.position, let step = reader.policy.step, let frameCount
    else { return }
    let range = reader.range.clamped(to: 0..<frameCount)
    if segments.isForThoseWhoWait {
      let read = step < 0 ? range.upperBound - 1 - position : position - range.lowerBound
      guard read >= seekPoints.longestRun, lookAhead(at: reader.pace)?.keepsWaiting(step) ?? false else { return }
    }
    let plan = segments.plan(
      from: position, step < 0 ? .backward : .forward, of: range, seekPoints, busy: current?.frames)
    if let plan { segments.begin(plan, for: reader.id) }
  }

  /// Several sessions decode what a reader is going to read.
  func isDivided(_ reader: ReaderID) -> Bool { segments.isDividing(for: reader) }

  private mutating func setPlan(first: ReaderID?) {
    var plan: [Int] = []
    for reader in readers where reader.id == first { plan += reader.plan }
    for reader in readers where reader.id != first { plan += reader.plan }
    schedule.setPrefetch(plan)
  }

  /// What the source works on.
  var underWay: ClosedRange<Int>? { idleSource == nil ? current?.frames : nil }

  /// What readers are expected to ask for, and nobody has.
  var planned: [Int] {
    let planned = Set(readers.flatMap(\.plan)).filter { schedule.isWanted($0) == .prefetch }
    return planned.union(segments.underWay.all.joined()).sorted()
  }

  /// How a request found its frame.
  enum Found { case joined, missed }

  /// Makes a request wait. Fails at once what cannot come.
  mutating func wait(
    _ waiter: Waiter, urgency: RequestSchedule.Urgency, _ effects: inout Effects
  ) -> (id: WaiterID, found: Found)? {
    if let error = end ?? outOfRange(waiter.frame) {
      if let continuation = waiter.continuation { effects.failed.append((continuation, error)) }
      return nil
    }
    let isUnderWay =
      inTransit.contains(waiter.frame) || current?.frames.contains(waiter.frame) ?? false
      || segments.underWay.contains(waiter.frame, for: urgency)
      || schedule.isWanted(waiter.frame).map { $0 > .prefetch } ?? false
    lastWaiter += 1
    waiters[lastWaiter] = waiter
    _ = schedule.want(waiter.frame, urgency: urgency, waiter: lastWaiter)
    if waiter.continuation == nil {
      looks.append(lastWaiter)
      if looks.count > Self.rememberedLooks { cancel(looks.removeFirst(), &effects) }
    }
    return (lastWaiter, isUnderWay ? .joined : .missed)
  }

  /// Whether a look at the frame is already on record.
  func isLookedFor(_ frame: Int) -> Bool { looks.contains { waiters[$0]?.frame == frame } }

  /// A request no longer waits: its task was cancelled.
  mutating func cancel(_ id: WaiterID, _ effects: inout Effects) {
    guard let waiter = waiters.removeValue(forKey: id) else { return }
    _ = schedule.cancel(id)
    if let continuation = waiter.continuation { effects.failed.append((continuation, CancellationError())) }
  }

  func outOfRange(_ frame: Int) -> VABufError? {
    if frame >= 0, frame < frameCount ?? Self.largestNumber { return nil }
    return .noSuchFrame(frame, of: frameCount)
  }

  // MARK: - The source

  mutating func sourceIsIdle(
    _ continuation: CheckedContinuation<FrameRequest?, Never>, position: Int?, isResident: (Int) -> Bool,
    _ effects: inout Effects
  ) {
    current = nil
    guard end == nil else {
      effects.sources.append((continuation, nil))
      return
    }
    // A source asks for one request at a time. Where it asks again, whoever asked before was left behind.
    if let idle = idleSource.take() { effects.sources.append((idle.continuation, nil)) }
    idleSource = (continuation, position)
    feedSource(isResident, &effects)
  }

  /// Gives an idle source the most urgent goal, without the frames that are already on their way.
  mutating func feedSource(_ isResident: (Int) -> Bool, _ effects: inout Effects) {
    effects.receiver = effects.receiver ?? heldReceiver.take()
    guard let idle = idleSource,
      let goal = schedule.nextGoal(
        position: idle.position, isResident: { inTransit.contains($0) || isResident($0) },
        underWay: segments.underWay)
    else { return }
    var frames = goal.frames
    while inTransit.contains(frames.lowerBound) {
      if frames.count == 1 { return }
      frames = frames.lowerBound + 1...frames.upperBound
    }
    var request = FrameRequest(
      frames: frames, urgency: .init(goal.urgency), serial: goal.serial, looksBack: looksBack)
    if let (position, step) = backwardReader(before: frames) {
      // As much of the group as there is room for, beside what the reader has not read yet: the rest costs another run.
      let unread = position - frames.upperBound
      let room = cacheFrames - frames.count - unread - Self.spareFrames
      let least = max(cacheFrames / 4, Int(clamping: step.magnitude))
      request.passed = room - Self.longestGap >= least ? passedOver(step, after: frames.upperBound, isResident) : 0
      request.reach = min(
        max(cacheFrames / 4, room - request.passed), frames.lowerBound - lowestWanted(before: frames))
      if unread > 1 { effects.kept = frames.upperBound + 1..<position }
    }
    current = request
    idleSource = nil
    effects.sources.append((idle.continuation, request))
  }

  /// How many frames between two of a hand's steps are worth decoding, while somebody may wait for others: most of so many are
  /// in the decoder already, for the sake of reordering and of its threads.
  private static let longestGap = 3

  /// Frames that are on their way while others are evicted.
  static let spareFrames = 2

  /// Where the reader is that goes backward and will come to these frames next, and its step. Not a hand, which goes here and
  /// there, while its steps differ: a whole group kept for it costs what it was at before (docs/adr/0018-in-time.md).
  private func backwardReader(before frames: ClosedRange<Int>) -> (position: Int, step: Int)? {
    var (nearest, theirs): ((position: Int, step: Int)?, (position: Int, step: Int)?) = (nil, nil)
    for reader in readers {
      guard let step = reader.policy.step, step < 0, let position = reader.policy.position,
        position >= frames.upperBound, position - frames.upperBound <= cacheFrames
      else { continue }
      if position <= nearest?.position ?? position { nearest = (position, step) }
      if wants(reader, frames), position <= theirs?.position ?? position { theirs = (position, step) }
    }
    guard nearest != nil, theirs == nil else { return theirs }
    // A decoder that stops behind them is of no use to somebody who goes on from there.
    return readers.contains { $0.policy.direction == .forward && wants($0, frames) } ? nil : nearest
  }

  /// How many frames after one the reader passed over that comes to it backward, and nobody has: up to the end of the group.
  /// They come with the run for little more, and a hand that turns would want the whole group again for the first of them.
  private func passedOver(_ step: Int, after frame: Int, _ isResident: (Int) -> Bool) -> Int {
    let passed = frame + 1..<frame + Int(clamping: step.magnitude)
    let missing = passed.prefix {
      $0 < frameCount ?? 0 && seekPoints.last(atOrBefore: $0) != $0 && !inTransit.contains($0) && !isResident($0)
    }
    return missing.count <= Self.longestGap ? missing.count : 0
  }

  /// It is this reader who asked for one of the frames, or will.
  private func wants(_ reader: BufferReader, _ frames: ClosedRange<Int>) -> Bool {
    reader.plan.contains { frames.contains($0) }
      || waiters.values.contains { $0.reader == reader.id && frames.contains($0.frame) }
  }

  /// The lowest frame that somebody may want who comes to these frames backward, or looks around there.
  private func lowestWanted(before frames: ClosedRange<Int>) -> Int {
    var lowest = frames.lowerBound
    for reader in readers where reader.policy.looksBack {
      guard let position = reader.policy.position else { continue }
      let isBackward = (reader.policy.step ?? 1) < 0
      if isBackward ? position >= frames.lowerBound : frames.contains(position) { lowest = min(lowest, reader.lowest) }
    }
    return lowest
  }

  /// How far from a seek point the frame of a request may be to come without the pictures after it; nil where more than it is
  /// known to be wanted: somebody waits, or goes somewhere, also where nothing is prefetched for that.
  func distanceAlone(_ request: FrameRequest) -> Int? {
    guard request.urgency == .demand, request.frames.count == 1, schedule.wantedCount == 1,
      !readers.contains(where: { $0.policy.direction != nil }),
      !waiters.values.contains(where: { $0.reader == Self.passingReader })
    else { return nil }
    return looksBack ? Self.aloneFromAHand : Self.aloneFromAJump
  }

  func isCurrent(_ request: FrameRequest, at position: Int) -> Bool {
    end == nil
      && schedule.isCurrent(
        .init(frames: request.frames, urgency: .init(request.urgency), serial: request.serial), at: position,
        underWay: segments.underWay)
  }

  /// Whether the source goes on to what the reader passed over: not while somebody waits for something else.
  func goesOnPast(_ request: FrameRequest, at position: Int) -> Bool {
    end == nil && request.passesOver(position)
      && waiters.values.allSatisfy {
        position...request.last ~= $0.frame || inTransit.contains($0.frame)
          || segments.underWay.contains($0.frame, for: .demand)
      }
  }

  /// Somebody waits for the frame.
  func isAwaited(_ frame: Int) -> Bool { schedule.isWanted(frame).map { $0 > .prefetch } ?? false }

  func isWanted(_ frame: Int) -> Bool { schedule.isWanted(frame) != nil }

  mutating func willSend(_ frame: Int) throws {
    if let end { throw end }
    inTransit.insert(frame)
    inChannel += 1
  }

  mutating func didNotSend(_ frame: Int, _ effects: inout Effects) {
    inTransit.remove(frame)
    received(&effects)
  }

  /// Whether a frame goes past the channel: nothing waits in there, and it need not wait either.
  func takesAtOnce(_ frame: Int) throws -> Bool {
    if let end { throw end }
    guard (0..<Self.largestNumber).contains(frame) else {
      throw VABufError(
        .noSuchFrame, what: "frame \(frame)", why: "no stream has a frame of that number",
        remedy: "send frames that are numbered from 0")
    }
    return inChannel == 0 && !isTooFarAhead(frame)
  }

  /// A frame came out of the channel, and was kept or dropped.
  mutating func received(_ effects: inout Effects) {
    inChannel -= 1
    resumeWhereEmpty(&effects)
  }

  /// Whether a frame that came out of the channel is of no use: its number turned out to be wrong.
  mutating func drops(_ frame: Int, isResident: (Int) -> Bool, _ effects: inout Effects) -> Bool {
    guard !emptying.isEmpty else { return false }
    inTransit.remove(frame)
    // Somebody may wait for the one that has this number now.
    feedSource(isResident, &effects)
    return true
  }

  /// Drops what is in the channel, then resumes the continuation.
  mutating func emptyChannel(_ continuation: CheckedContinuation<Void, Never>, _ effects: inout Effects) {
    emptying.append(continuation)
    effects.receiver = effects.receiver ?? heldReceiver.take()
    resumeWhereEmpty(&effects)
  }

  private mutating func resumeWhereEmpty(_ effects: inout Effects) {
    // A closed channel may keep what is in it.
    guard inChannel == 0 || end != nil else { return }
    effects.emptied += emptying
    emptying = []
  }

  /// Whether the receiver must keep a frame back until the reader comes nearer; it is then resumed.
  mutating func holds(_ frame: Int, _ continuation: CheckedContinuation<Void, Never>) -> Bool {
    guard end == nil, emptying.isEmpty, isTooFarAhead(frame) else { return false }
    heldReceiver = continuation
    return true
  }

  /// A frame that nobody wants, beyond the playback window, while nobody waits for another that may be behind it.
  private func isTooFarAhead(_ frame: Int) -> Bool {
    // On the way to what somebody who goes backward will want: such a run begins with the frames that are farthest away.
    if let current, current.reach != nil || ring.direction == .backward, frame <= current.last {
      return false
    }
    return waiters.isEmpty && schedule.isWanted(frame) == nil && ring.isBeyond(frame)
  }

  /// The source decoded so many frames in so many nanoseconds.
  mutating func decoded(_ frames: Int, nanoseconds: UInt64) { decodePace.add(frames: frames, nanoseconds: nanoseconds) }

  /// - Parameter now: as for `observe`.
  mutating func arrived(_ frame: Int, at now: UInt64, isResident: (Int) -> Bool, _ effects: inout Effects) {
    inTransit.remove(frame)
    segments.arrived(frame)
    var ids: [WaiterID] = []
    schedule.arrived(frame, into: &ids)
    for id in ids {
      looks.removeAll { $0 == id }
      guard let waiter = waiters.removeValue(forKey: id), let continuation = waiter.continuation else { continue }
      answered(waiter.reader, at: now)
      effects.arrived.append(continuation)
    }
    for index in readers.indices { readers[index].policy.delivered(frame) }
    feedSource(isResident, &effects)
  }

  mutating func evicted(_ frame: Int) {
    for index in readers.indices { readers[index].policy.evicted(frame) }
  }

  /// Frames that cannot be had: those who wait for one that is not on its way get the error.
  mutating func fail(_ frames: ClosedRange<Int>, _ error: VABufError, _ effects: inout Effects) {
    fail(frames, { _ in error }, &effects)
  }

  private mutating func fail(_ frames: ClosedRange<Int>, _ error: (Int) -> VABufError, _ effects: inout Effects) {
    for index in readers.indices { readers[index].plan.removeAll { frames.contains($0) } }
    setPlan(first: nil)
    for (id, waiter) in waiters where frames.contains(waiter.frame) && !inTransit.contains(waiter.frame) {
      waiters[id] = nil
      _ = schedule.cancel(id)
      if let continuation = waiter.continuation { effects.failed.append((continuation, error(waiter.frame))) }
    }
    looks.removeAll { waiters[$0] == nil }
  }

  /// - Parameter seekPoints: nil where they are the same as before.
  mutating func setFrameCount(_ count: Int, seekPoints: [Int]?, _ effects: inout Effects) {
    let count = max(0, count)
    frameCount = count
    if let seekPoints { self.seekPoints = SeekPoints(seekPoints) }
    fail(count...Int.max, { .noSuchFrame($0, of: count) }, &effects)
  }

  /// No more frames come. What is cached stays readable until the buffer is closed.
  mutating func finish(_ error: VABufError, isClosing: Bool, _ effects: inout Effects) {
    end = isClosing ? error : end ?? error
    for waiter in waiters.values {
      if let continuation = waiter.continuation { effects.failed.append((continuation, error)) }
    }
    waiters.removeAll()
    looks.removeAll()
    var ids: [WaiterID] = []
    schedule.failAll(into: &ids)
    if let idle = idleSource.take() { effects.sources.append((idle.continuation, nil)) }
    effects.receiver = effects.receiver ?? heldReceiver.take()
    resumeWhereEmpty(&effects)
    segments.close(&effects.resumptions)
  }

  // MARK: - Sessions side by side

  mutating func sessionIsIdle(
    _ continuation: CheckedContinuation<SegmentDesk.Work?, Never>, isOpen: Bool, isResident: (Int) -> Bool,
    _ effects: inout Effects
  ) {
    segments.wait(for: continuation, isOpen: isOpen, isResident: isResident, &effects.resumptions)
  }

  var segmentCount: Int { segments.count }

  func segmentGoesOn(_ id: SegmentPlan.SegmentID, at frame: Int) -> Bool? { segments.goesOn(id, at: frame) }

  mutating func waitForReader(
    _ id: SegmentPlan.SegmentID, at frame: Int, _ continuation: CheckedContinuation<Bool, Never>,
    _ effects: inout Effects
  ) {
    segments.wait(id, at: frame, continuation, &effects.resumptions)
  }

  /// A session is through with a segment. What it did not give is the source's.
  mutating func segmentIsOver(_ id: SegmentPlan.SegmentID, isResident: (Int) -> Bool, _ effects: inout Effects) {
    segments.ended(id, &effects.resumptions)
    segments.assign(isResident, &effects.resumptions)
    segmentsChanged(isResident, &effects)
  }

  /// What sessions no longer give is the source's: what readers planned, and what others wait for.
  private mutating func segmentsChanged(_ isResident: (Int) -> Bool, _ effects: inout Effects) {
    setPlan(first: nil)
    feedSource(isResident, &effects)
  }

  mutating func allowSegments(_ isAllowed: Bool, isResident: (Int) -> Bool, _ effects: inout Effects) {
    segments.allow(isAllowed, &effects.resumptions)
    segmentsChanged(isResident, &effects)
  }

  mutating func forbidSegments(
    _ continuation: CheckedContinuation<Void, Never>, isResident: (Int) -> Bool, _ effects: inout Effects
  ) {
    segments.forbid(continuation, &effects.resumptions)
    segmentsChanged(isResident, &effects)
  }

  mutating func closeSegments(isResident: (Int) -> Bool, _ effects: inout Effects) {
    segments.close(&effects.resumptions)
    feedSource(isResident, &effects)
  }
}
