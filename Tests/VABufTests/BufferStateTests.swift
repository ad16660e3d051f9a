import BufferPolicy
import Testing

@testable import VABuf

/// What others ask between the two halves of a request: it is noted under the lock, and followed up when that was let go of.
@Suite(.timeLimit(.minutes(5))) struct BufferStateTests {
  /// Notes the second frame of a reader while a frame is held back that is too far ahead of it, lets `between` come, and
  /// follows up.
  ///
  /// - Returns: whether the frame was let go between the two, and at the end.
  private func note(
    then between: (inout BufferState, _ reader: Int, inout BufferState.Effects) -> Void,
    look: (borrowing BufferState) -> Void = { _ in }
  ) async -> (between: Bool, afterwards: Bool) {
    var isResumed = (between: false, afterwards: false)
    // The continuation is resumed once, or the test traps.
    await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
      var state = BufferState(
        configuration: configuration(cache: 100, prefetch: 8), cacheFrames: 100, frameCount: 1000, seekPoints: [0])
      let reader = state.addReader(.forward, of: 0..<1000, isPart: false)
      var effects = BufferState.Effects()
      state.observe(0, reader, isHit: true, at: 1, isResident: { $0 < 50 }, &effects)
      let isHeld = state.holds(900, continuation)
      let isToBeFollowed = state.note(1, reader, isHit: true, at: 2, isResident: { $0 < 50 })
      #expect(isHeld && isToBeFollowed)
      between(&state, reader, &effects)
      isResumed.between = effects.receiver != nil
      effects.receiver?.resume()
      var last = BufferState.Effects()
      state.follow(reader, isHit: true, isResident: { $0 < 50 }, &last)
      isResumed.afterwards = last.receiver != nil
      last.receiver?.resume()
      look(state)
      if !isHeld || !isResumed.between && !isResumed.afterwards {
        Issue.record("the frame is held for ever")
        continuation.resume()
      }
    }
    return isResumed
  }

  @Test func whoFollowsUpLetsTheFrameGo() async {
    let resumed = await note { _, _, _ in }
    #expect(!resumed.between && resumed.afterwards)
  }

  @Test func aFrameIsLetGoOnceWhoeverComesBetween() async {
    let asked = await note { state, _, effects in
      state.observe(3, BufferState.anonymousReader, isHit: false, at: 3, isResident: { $0 < 50 }, &effects)
    }
    #expect(asked.between && !asked.afterwards)
    let removed = await note { state, reader, effects in
      state.removeReader(reader, isResident: { $0 < 50 }, &effects)
    }
    #expect(removed.between && !removed.afterwards)
  }

  @Test func aPlanThatWasMadeIsNotLost() async {
    _ = await note { state, reader, effects in
      // A miss makes a new plan; a hit of the same reader and another one's request come before it is followed up.
      _ = state.note(60, reader, isHit: false, at: 3, isResident: { $0 < 50 })
      let isToBeFollowed = state.note(49, reader, isHit: true, at: 3, isResident: { $0 < 50 })
      #expect(isToBeFollowed)
      state.observe(3, BufferState.anonymousReader, isHit: false, at: 4, isResident: { $0 < 50 }, &effects)
    } look: { state in
      let planned = state.planned
      #expect(planned.contains(61), "\(planned)")
    }
  }

  /// A range of groups of ten is read by somebody who waits for the decoder, and each request is a miss.
  ///
  /// - Returns: the frame at which it was divided; nil where it never was.
  private func division(of range: Range<Int>, _ direction: Direction, dividesAll: Bool = false) -> Int? {
    let points = Array(stride(from: 0, to: 200, by: 10))
    var state = BufferState(
      configuration: configuration(cache: 100, prefetch: 8), cacheFrames: 100, frameCount: 200, seekPoints: points,
      segments: .init(sessions: 2, ahead: 45, shortest: 1, dividesAll: dividesAll))
    state.decoded(100, nanoseconds: 100 * 1_000_000)
    let reader = state.addReader(direction, of: range, isPart: false)
    let frames = direction == .forward ? Array(range) : range.reversed()
    for (index, frame) in frames.enumerated() {
      let now = UInt64(index) * 100_000
      var effects = BufferState.Effects()
      state.observe(frame, reader, isHit: false, at: now, isResident: { _ in false }, &effects)
      state.answered(reader, at: now)
      if state.isDivided(reader) { return frame }
      let isAnothers = state.isDivided(BufferState.anonymousReader)
      #expect(!isAnothers)
    }
    return nil
  }

  /// Pieces are too short for it, and whoever begins somewhere and breaks off is gone before.
  @Test func aRangeIsDividedOnceAGroupOfItWasRead() {
    #expect(division(of: 0..<200, .forward) == 10)
    #expect(division(of: 33..<200, .forward) == 43)
    #expect(division(of: 0..<200, .backward) == 189)
    #expect(division(of: 30..<50, .forward) == nil && division(of: 30..<50, .backward) == nil)
    #expect(division(of: 30..<40, .forward, dividesAll: true) == nil)
    #expect(division(of: 0..<200, .forward, dividesAll: true) ?? .max < 3)
  }

  /// What the source is given when readers did `body`.
  private func request(
    cache: Int = 100, isResident: (Int) -> Bool = { _ in false },
    after body: (inout BufferState, inout BufferState.Effects) -> Void,
    look: (borrowing BufferState) -> Void = { _ in }
  ) async -> FrameRequest? {
    await withCheckedContinuation { continuation in
      var state = BufferState(
        configuration: configuration(cache: 100, prefetch: 8), cacheFrames: cache, frameCount: 1000,
        seekPoints: [0, 250])
      var effects = BufferState.Effects()
      body(&state, &effects)
      state.sourceIsIdle(continuation, position: nil, isResident: isResident, &effects)
      look(state)
      if effects.sources.isEmpty { continuation.resume(returning: nil) }
      for (continuation, request) in effects.sources { continuation.resume(returning: request) }
    }
  }

  private func ask(
    _ frame: Int, _ reader: Int, _ state: inout BufferState, _ effects: inout BufferState.Effects
  ) {
    _ = state.wait(.init(frame: frame, reader: reader), urgency: .range, &effects)
    state.observe(frame, reader, isHit: false, at: 1, isResident: { _ in false }, &effects)
  }

  /// Somebody who went backward beyond them is none whom the frames of another one reach.
  @Test func aGoalIsReadBackwardOnlyByWhoWantsIt() async {
    func stepBack(_ frames: [Int], _ state: inout BufferState, _ effects: inout BufferState.Effects) {
      for frame in frames {
        state.observe(
          frame, BufferState.anonymousReader, isHit: true, at: 1, isResident: { _ in true }, &effects)
      }
    }
    let forward = await request { state, effects in
      stepBack([180, 179, 178], &state, &effects)
      let reader = state.addReader(.forward, of: 100..<400, isPart: false)
      ask(100, reader, &state, &effects)
    }
    #expect(forward?.frames.lowerBound == 100 && forward?.reach == nil, "\(String(describing: forward))")
    let backward = await request { state, effects in
      stepBack([180, 179, 178], &state, &effects)
      ask(177, BufferState.anonymousReader, &state, &effects)
    }
    #expect(backward?.frames.upperBound == 177 && backward?.reach != nil, "\(String(describing: backward))")
  }

  /// What a hand steps over on its way back comes with the rest: as far as it is of the same group, and not there.
  @Test(arguments: [
    (from: 309, by: -3, passed: 2), (309, -1, 0), (260, -3, 1), (258, -3, 2), (258, -4, 3), (264, -3, 0), (263, -3, 1),
    // Larger gaps are not filled, but for what is left of them.
    (900, -20, 0), (300, -5, 0), (286, -9, 2), (285, -9, 0), (284, -9, 1),
  ]) func whatAHandStepsOverComesToo(start: (from: Int, by: Int, passed: Int)) async {
    let asked = (0..<5).map { start.from + $0 * start.by }
    // The first frames of a group, of which 253 is there.
    let request = await request(isResident: { $0 == 253 }) { state, effects in
      for frame in asked.dropLast() {
        state.observe(
          frame, BufferState.anonymousReader, isHit: true, at: 1, isResident: { _ in true }, &effects)
      }
      ask(asked[4], BufferState.anonymousReader, &state, &effects)
    }
    #expect(request?.frames == asked[4]...asked[4] && request?.reach != nil, "\(String(describing: request))")
    #expect(request?.passed == start.passed)
    #expect(request.map { $0.passesOver($0.last + 1) || $0.passesOver(asked[4]) } == false)
  }

  /// They do not push out what the hand comes to next.
  @Test(arguments: [(cache: 8, passed: 0), (9, 0), (10, 3)])
  func whatAHandStepsOverNeedsRoom(room: (cache: Int, passed: Int)) async {
    let request = await request(cache: room.cache) { state, effects in
      for frame in [116, 112, 108, 104] {
        state.observe(
          frame, BufferState.anonymousReader, isHit: true, at: 1, isResident: { _ in true }, &effects)
      }
      ask(100, BufferState.anonymousReader, &state, &effects)
    }
    #expect(request?.passed == room.passed && request?.reach ?? 0 >= 4, "\(String(describing: request))")
  }

  /// Nor does anybody wait for them who waits for something else.
  @Test func whoWaitsElsewhereGoesFirst() {
    var state = BufferState(
      configuration: configuration(cache: 100, prefetch: 8), cacheFrames: 100, frameCount: 1000, seekPoints: [0])
    var effects = BufferState.Effects()
    var request = FrameRequest(frames: 100...100, urgency: .demand, serial: 1)
    request.passed = 3
    func goesOn(_ state: borrowing BufferState) -> [Int] {
      (99...105).filter { state.goesOnPast(request, at: $0) }
    }
    func wait(_ frame: Int) -> BufferState.WaiterID? {
      state.wait(.init(frame: frame), urgency: .demand, &effects)?.id
    }
    // The one that was asked for, and is on its way; and one that comes with the rest.
    _ = wait(100)
    #expect(throws: Never.self) { try state.willSend(100) }
    _ = wait(103)
    var goesOnAt = goesOn(state)
    #expect(goesOnAt == [101, 102, 103])
    let other = wait(99)
    goesOnAt = goesOn(state)
    #expect(goesOnAt == [])
    if let other { state.cancel(other, &effects) }
    goesOnAt = goesOn(state)
    #expect(goesOnAt == [101, 102, 103])
    state.finish(VABufError(.closed, what: "a buffer", why: "a test", remedy: "none"), isClosing: true, &effects)
    goesOnAt = goesOn(state)
    #expect(goesOnAt == [])
  }

  /// Somebody who waits for a frame that is on its way gets it, whatever becomes of what else was asked for with it.
  @Test func aFrameOnItsWayDoesNotFail() {
    var state = BufferState(
      configuration: configuration(cache: 100, prefetch: 8), cacheFrames: 100, frameCount: 1000, seekPoints: [0])
    var effects = BufferState.Effects()
    for frame in [10, 11] {
      _ = state.wait(.init(frame: frame, reader: BufferState.anonymousReader), urgency: .demand, &effects)
    }
    #expect(throws: Never.self) { try state.willSend(10) }
    state.fail(10...11, VABufError(.decodingFailed, what: "frames", why: "a test", remedy: "none"), &effects)
    let isAwaited = (state.isAwaited(10), state.isAwaited(11))
    #expect(isAwaited == (true, false))
  }

  /// The run to what a hand will want that jogs backward begins far behind it, and does not stop there.
  @Test func aJogBackwardHoldsNothingBack() async {
    let request = await request { state, effects in
      for frame in [900, 897, 894] {
        state.observe(
          frame, BufferState.anonymousReader, isHit: true, at: 1, isResident: { $0 >= 894 }, &effects)
      }
    } look: { state in
      for frame in [894 - 8 - 99, 893] { #expect((try? state.takesAtOnce(frame)) == true, "\(frame)") }
    }
    #expect(request?.urgency == .prefetch && request?.frames == 886...893, "\(String(describing: request))")
  }

  /// Whoever forgets all frames waits for those that are on their way, also where a number is among them twice.
  @Test func aChannelIsEmptied() async {
    await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
      var state = BufferState(
        configuration: configuration(cache: 100, prefetch: 8), cacheFrames: 100, frameCount: 1000, seekPoints: [0])
      for frame in [5, 6, 5] { #expect(throws: Never.self) { try state.willSend(frame) } }
      var effects = BufferState.Effects()
      let isKept = !state.drops(5, isResident: { _ in false }, &effects)
      state.arrived(5, at: 1, isResident: { _ in false }, &effects)
      state.received(&effects)
      state.emptyChannel(continuation, &effects)
      for frame in [6, 5] {
        let isDropped = state.drops(frame, isResident: { _ in false }, &effects)
        #expect(isKept && isDropped && effects.emptied.isEmpty, "frame \(frame)")
        state.received(&effects)
      }
      #expect(effects.emptied.count == 1)
      let isKeptAgain = !state.drops(5, isResident: { _ in false }, &effects)
      let isAtOnce = (try? state.takesAtOnce(5)) == true
      #expect(isKeptAgain && isAtOnce)
      continuation.resume()
    }
  }
}
