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
}
