import Testing
import VABuf
import VABufTestKit

/// Near enough, then exact, from a source that says nothing of keyframes.
@Suite(.timeLimit(.minutes(10))) struct NearTests {
  private func buffer(_ source: ScriptedSource, prefetch: Int = 0) throws -> FrameBuffer {
    try FrameBuffer(source: source, configuration: configuration(prefetch: prefetch), frameCount: 100)
  }

  // MARK: - Near

  @Test func theNearestFrameThatIsThereComesWithoutDecoding() async throws {
    let source = ScriptedSource()
    let buffer = try buffer(source)
    for number in [10, 20] { expectFrame(try await buffer.frame(at: number), number) }
    for (asked, given) in [(14, 10), (16, 20), (15, 10), (9, 10), (25, 20), (20, 20)] {
      expectFrame(try await buffer.frame(near: asked, tolerance: 5), given)
    }
    for tolerance in [100, .max] { expectFrame(try await buffer.frame(near: 90, tolerance: tolerance), 20) }
    #expect(source.sent == [10, 20])
    let metrics = buffer.metrics
    #expect(metrics.decodedFrames == 2 && metrics.misses == 2 && metrics.residentHits == 8)
    #expect(metrics.nearFrames == 7, "frame 20 was asked for itself once")
    #expect(metrics.requests == 10)
    await buffer.close()
  }

  @Test func whereNothingIsNearEnoughTheExactFrameIsDecoded() async throws {
    let source = ScriptedSource()
    let buffer = try buffer(source)
    expectFrame(try await buffer.frame(at: 10), 10)
    expectFrame(try await buffer.frame(near: 14, tolerance: 3), 14)
    expectFrame(try await buffer.frame(near: 16, tolerance: 0), 16)
    expectFrame(try await buffer.frame(near: 16, tolerance: 0), 16)
    #expect(source.sent == [10, 14, 16])
    let metrics = buffer.metrics
    #expect(metrics.nearFrames == 0 && metrics.misses == 3 && metrics.residentHits == 1)
    await buffer.close()
  }

  /// What is asked for makes the pattern; a frame that stands in for it is no step anywhere.
  @Test func framesThatStandInAreNoPattern() async throws {
    let source = ScriptedSource()
    let buffer = try buffer(source, prefetch: 6)
    for number in [10, 60, 11, 80, 12] { expectFrame(try await buffer.frame(at: number), number) }
    // 10, 11, 12: had these been requests, the frames after them would be planned now.
    for (asked, given) in [(7, 10), (7, 10), (14, 12), (13, 12)] {
      expectFrame(try await buffer.frame(near: asked, tolerance: 3), given)
    }
    #expect(buffer.metrics.prefetchIssued == 0)
    #expect(source.requests.allSatisfy { $0.urgency == .demand })
    // The same request without a tolerance is one: 12, 13.
    expectFrame(try await buffer.frame(near: 13, tolerance: 0), 13)
    #expect(buffer.metrics.prefetchIssued > 0)
    await buffer.close()
  }

  @Test func numbersOutsideTheStreamAreErrorsWhateverIsNear() async throws {
    let source = ScriptedSource()
    let buffer = try buffer(source)
    for number in [0, 99] { expectFrame(try await buffer.frame(at: number), number) }
    for number in [-1, 100, .max, .min] {
      for tolerance in [0, 5, .max] {
        let error = await #expect(throws: VABufError.self) {
          try await buffer.frame(near: number, tolerance: tolerance)
        }
        #expect(error?.code == .noSuchFrame)
        let other = await #expect(throws: VABufError.self) {
          for try await _ in buffer.approach(number, within: tolerance) {}
        }
        #expect(other?.code == .noSuchFrame)
      }
    }
    #expect(source.sent == [0, 99])
    #expect(buffer.metrics.requests == 2 + 24)
    await buffer.close()
  }

  @Test func timesNeedAnIndex() async throws {
    let buffer = try buffer(ScriptedSource())
    let error = await #expect(throws: VABufError.self) { try await buffer.frame(nearSeconds: 1, tolerance: 1) }
    #expect(error?.code == .sourceFailed)
    #expect(throws: VABufError.self) { try buffer.approach(atSeconds: 1, within: 1) }
    await buffer.close()
  }

  @Test func aClosedBufferGivesNothingNear() async throws {
    let buffer = try buffer(ScriptedSource())
    expectFrame(try await buffer.frame(at: 10), 10)
    let approach = buffer.approach(12, within: 5)
    await buffer.close()
    let error = await #expect(throws: VABufError.self) { try await buffer.frame(near: 12, tolerance: 5) }
    #expect(error?.code == .closed)
    let other = await #expect(throws: VABufError.self) { for try await _ in approach {} }
    #expect(other?.code == .closed)
  }

  @Test func aFrameThatCannotBeHadFailsAfterTheOneAtHand() async throws {
    let source = ScriptedSource(refused: [30])
    let buffer = try buffer(source)
    expectFrame(try await buffer.frame(at: 25), 25)
    var frames = buffer.approach(30, within: 10).makeAsyncIterator()
    expectFrame(try await frames.next(), 25)
    let error = await #expect(throws: VABufError.self) { try await frames.next() }
    #expect(error == ScriptedSource.refusal(30))
    #expect(try await frames.next() == nil)
    await buffer.close()
  }

  // MARK: - Then exact

  @Test func theExactFrameFollowsAndIsDemandedMeanwhile() async throws {
    let gate = Gate()
    let source = ScriptedSource(gates: [30: gate])
    let buffer = try buffer(source)
    expectFrame(try await buffer.frame(at: 25), 25)
    var frames = buffer.approach(30, within: 10).makeAsyncIterator()
    expectFrame(try await frames.next(), 25)
    // Nobody has asked for the second one yet.
    await gate.arrivals.wait(for: 1)
    #expect(source.requests.last?.urgency == .demand)
    gate.open()
    expectFrame(try await frames.next(), 30)
    #expect(try await frames.next() == nil)
    #expect(source.sent == [25, 30])
    #expect(buffer.metrics.nearFrames == 1 && buffer.metrics.requests == 3)
    await buffer.close()
  }

  @Test func aFrameThatIsThereIsTheOnlyOne() async throws {
    let source = ScriptedSource()
    let buffer = try buffer(source)
    for number in [29, 30] { expectFrame(try await buffer.frame(at: number), number) }
    var given: [Int] = []
    for try await frame in buffer.approach(30, within: 10) { given.append(frame.number) }
    // Too far from anything.
    for try await frame in buffer.approach(50, within: 10) { given.append(frame.number) }
    #expect(given == [30, 50])
    #expect(source.sent == [29, 30, 50] && buffer.metrics.nearFrames == 0)
    await buffer.close()
  }

  @Test func aHandThatMovedOnDropsTheDemandAtOnce() async throws {
    let gate = Gate()
    let source = ScriptedSource(gates: [30: gate])
    let buffer = try buffer(source)
    expectFrame(try await buffer.frame(at: 25), 25)
    let seen = Tally()
    let scrub = Task {
      for try await frame in buffer.approach(30, within: 10) {
        expectFrame(frame, 25)
        seen.add()
      }
    }
    await seen.wait(for: 1)
    await gate.arrivals.wait(for: 1)
    scrub.cancel()
    await #expect(throws: CancellationError.self) { try await scrub.value }
    gate.open()
    expectFrame(try await buffer.frame(at: 7), 7)
    #expect(source.abandoned.map(\.frames) == [30...30])
    #expect(source.sent == [25, 7])
    await buffer.close()
  }

  @Test func anIteratorThatIsLetGoDropsItsDemand() async throws {
    let gate = Gate()
    let source = ScriptedSource(gates: [30: gate])
    let buffer = try buffer(source)
    expectFrame(try await buffer.frame(at: 25), 25)
    for try await frame in buffer.approach(30, within: 10) {
      expectFrame(frame, 25)
      await gate.arrivals.wait(for: 1)
      break
    }
    gate.open()
    expectFrame(try await buffer.frame(at: 7), 7)
    #expect(source.abandoned.map(\.frames) == [30...30])
    #expect(source.sent == [25, 7])
    await buffer.close()
  }

  @Test func aTaskThatIsAlreadyCancelledDemandsNothing() async throws {
    let source = ScriptedSource()
    let buffer = try buffer(source)
    let gate = Gate()
    let task = Task {
      try? await gate.pass()
      for try await _ in buffer.approach(30, within: 10) {}
    }
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
    #expect(source.requests.isEmpty && buffer.metrics.requests == 0)
    await buffer.close()
  }
}
