import Testing
import VABuf
import VABufTestKit

/// One buffer, its requests and its end, fed by a source that is not vabuf's decoder.
@Suite(.timeLimit(.minutes(10))) struct FrameBufferTests {
  // MARK: - Requests

  @Test func manyRequestsForAFrameAreOneDecode() async throws {
    let gate = Gate()
    let source = ScriptedSource(gates: [5: gate])
    let buffer = try FrameBuffer(source: source, configuration: configuration(), frameCount: 100)
    let tasks = (0..<20).map { _ in Task { try await buffer.frame(at: 5) } }
    await waitUntil { buffer.metrics.requests == 20 }
    gate.open()
    for task in tasks { expectFrame(try await task.value, 5) }
    #expect(source.sent == [5])
    #expect(source.requests.map(\.frames) == [5...5])
    #expect(buffer.metrics.misses == 1 && buffer.metrics.joinedHits == 19)
    expectFrame(try await buffer.frame(at: 5), 5)
    #expect(buffer.metrics.residentHits == 1)
    await buffer.close()
  }

  @Test func demandGoesBeforePrefetch() async throws {
    let gate = Gate()
    let source = ScriptedSource(gates: [2: gate])
    let buffer = try FrameBuffer(source: source, configuration: configuration(prefetch: 10), frameCount: 100)
    expectFrame(try await buffer.frame(at: 0), 0)
    expectFrame(try await buffer.frame(at: 1), 1)
    await gate.arrivals.wait(for: 1)
    #expect(source.requests.last?.frames == 1...11, "on the way to what is planned")
    let demand = Task { try await buffer.frame(at: 50) }
    await waitUntil { buffer.metrics.requests == 3 }
    gate.open()
    expectFrame(try await demand.value, 50)
    #expect(source.sent.prefix(3) == [0, 1, 50])
    #expect(source.abandoned.map(\.frames) == [1...11])
    #expect(source.requests.first { $0.frames.contains(50) }?.urgency == .demand)
    await buffer.close()
  }

  @Test func aSequenceIsReadAheadAndPrefetchIsCounted() async throws {
    let source = ScriptedSource()
    let buffer = try FrameBuffer(source: source, configuration: configuration(prefetch: 6), frameCount: 40)
    for try await frame in buffer.frames(0..<40) { expectFrame(frame, frame.number) }
    await source.sends.wait(for: 40)
    #expect(source.sent == Array(0..<40))
    let metrics = buffer.metrics
    #expect(metrics.prefetchIssued > 0 && metrics.prefetchUsed == metrics.prefetchIssued)
    #expect(metrics.prefetchWasted == 0)
    await buffer.close()
  }

  /// Its next step is not known, but its way is: the frames ahead are there, and no others.
  @Test func aHandOnATimeLineIsReadAheadOf() async throws {
    let source = ScriptedSource()
    let buffer = try FrameBuffer(source: source, configuration: configuration(prefetch: 4), frameCount: 100)
    for number in [10, 12, 15] { expectFrame(try await buffer.frame(at: number), number) }
    await source.sends.wait(for: 7)
    #expect(source.sent == [10, 12, 15, 16, 17, 18, 19])
    await waitUntil { buffer.snapshot.frames.contains { $0.number == 19 } }
    let misses = buffer.metrics.misses
    expectFrame(try await buffer.frame(at: 18), 18)
    #expect(buffer.metrics.misses == misses && buffer.metrics.prefetchUsed == 1)
    await buffer.close()
    #expect(source.sent.allSatisfy { $0 <= 22 }, "four ahead: \(source.sent)")
  }

  // MARK: - Cancellation

  @Test func aCancelledRequestThrowsAndTheOthersStillGetTheFrame() async throws {
    let gate = Gate()
    let source = ScriptedSource(gates: [5: gate])
    let buffer = try FrameBuffer(source: source, configuration: configuration(), frameCount: 100)
    let first = Task { try await buffer.frame(at: 5) }
    let second = Task { try await buffer.frame(at: 5) }
    await waitUntil { buffer.metrics.requests == 2 }
    first.cancel()
    await #expect(throws: CancellationError.self) { try await first.value }
    gate.open()
    expectFrame(try await second.value, 5)
    #expect(source.abandoned.isEmpty)
    await buffer.close()
  }

  @Test func whatNobodyWaitsForIsNoLongerCurrent() async throws {
    let gate = Gate()
    let source = ScriptedSource(gates: [5: gate])
    let buffer = try FrameBuffer(source: source, configuration: configuration(), frameCount: 100)
    let only = Task { try await buffer.frame(at: 5) }
    await gate.arrivals.wait(for: 1)
    only.cancel()
    await #expect(throws: CancellationError.self) { try await only.value }
    gate.open()
    expectFrame(try await buffer.frame(at: 7), 7)
    #expect(source.abandoned.map(\.frames) == [5...5])
    #expect(source.sent == [7])
    await buffer.close()
  }

  @Test func aTaskThatIsAlreadyCancelledDecodesNothing() async throws {
    let source = ScriptedSource()
    let buffer = try FrameBuffer(source: source, configuration: configuration(), frameCount: 10)
    let gate = Gate()
    let task = Task {
      try? await gate.pass()
      return try await buffer.frame(at: 3)
    }
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
    expectFrame(try await buffer.frame(at: 4), 4)
    #expect(source.sent == [4])
    #expect(buffer.metrics.requests == 2)
    await buffer.close()
  }

  // MARK: - Looking

  @Test func lookingDoesNotWaitAndIsDoneFirst() async throws {
    let gate = Gate()
    let source = ScriptedSource(gates: [2: gate])
    let buffer = try FrameBuffer(source: source, configuration: configuration(prefetch: 10), frameCount: 100)
    expectFrame(try await buffer.frame(at: 0), 0)
    expectFrame(try await buffer.frame(at: 1), 1)
    await gate.arrivals.wait(for: 1)
    #expect(try buffer.frameIfResident(at: 40) == nil)
    #expect(try buffer.frameIfResident(at: 40) == nil)
    #expect(buffer.metrics.misses == 3 && buffer.metrics.joinedHits == 1)
    expectFrame(try buffer.frameIfResident(at: 1), 1)
    gate.open()
    await source.sends.wait(for: 3)
    #expect(source.sent.prefix(3) == [0, 1, 40])
    #expect(source.requests.first { $0.frames.contains(40) }?.urgency == .demand)
    expectFrame(try await buffer.frame(at: 40), 40)
    expectFrame(try buffer.frameIfResident(at: 40), 40)
    await buffer.close()
  }

  @Test func looksThatNobodyRepeatsAreForgotten() async throws {
    let gate = Gate()
    let source = ScriptedSource(gates: [10: gate])
    let buffer = try FrameBuffer(source: source, configuration: configuration(), frameCount: 100)
    #expect(try buffer.frameIfResident(at: 10) == nil)
    await gate.arrivals.wait(for: 1)
    for number in stride(from: 20, through: 70, by: 10) { #expect(try buffer.frameIfResident(at: number) == nil) }
    gate.open()
    await source.sends.wait(for: 4)
    #expect(source.sent == [40, 50, 60, 70])
    await buffer.close()
  }

  // MARK: - Numbers

  @Test func numbersOutsideTheStreamAreErrorsWithItsLength() async throws {
    let buffer = try FrameBuffer(source: ScriptedSource(), configuration: configuration(), frameCount: 10)
    for number in [-1, 10, .max, .min] {
      let error = await #expect(throws: VABufError.self) { try await buffer.frame(at: number) }
      #expect(error?.code == .noSuchFrame)
      #expect(error?.why == "the stream has 10 frames, 0 to 9")
      #expect(throws: VABufError.self) { try buffer.frameIfResident(at: number) }
    }
    expectFrame(try await buffer.frame(at: 9), 9)
    #expect(buffer.metrics.requests == 9 && buffer.metrics.misses == 9)
    await buffer.close()
  }

  @Test func aRangeThatEndsFarBelowTheStreamIsReadAsFarAsItGoes() async throws {
    let buffer = try FrameBuffer(source: ScriptedSource(), configuration: configuration(), frameCount: 10)
    var numbers: [Int] = []
    let error = await #expect(throws: VABufError.self) {
      for try await frame in buffer.frames(.min..<5, direction: .backward) { numbers.append(frame.number) }
    }
    #expect(error?.code == .noSuchFrame && numbers == [4, 3, 2, 1, 0])
    await buffer.close()
  }

  @Test func aSourceWithoutALengthTakesAnyNumberButNegativeOnes() async throws {
    let buffer = try FrameBuffer(source: ScriptedSource(), configuration: configuration())
    #expect(buffer.frameCount == nil)
    expectFrame(try await buffer.frame(at: 1 << 20), 1 << 20)
    let error = await #expect(throws: VABufError.self) { try await buffer.frame(at: -1) }
    #expect(error?.code == .noSuchFrame && error?.why == "frames are numbered from 0")
    #expect(throws: VABufError.self) { try buffer.frameNumber(atSeconds: 1) }
    #expect(buffer.timings.isEmpty)
    await buffer.close()
  }

  // MARK: - Errors

  @Test func aFrameThatCannotBeHadDoesNotFailOthers() async throws {
    let gate = Gate()
    let source = ScriptedSource(gates: [4: gate], refused: [5])
    let buffer = try FrameBuffer(source: source, configuration: configuration(), frameCount: 100)
    let tasks = [4, 5, 6, 5].map { number in Task { try await buffer.frame(at: number) } }
    await waitUntil { buffer.metrics.requests == 4 }
    gate.open()
    expectFrame(try await tasks[0].value, 4)
    expectFrame(try await tasks[2].value, 6)
    for task in [tasks[1], tasks[3]] {
      let error = await #expect(throws: VABufError.self) { try await task.value }
      #expect(error == ScriptedSource.refusal(5))
    }
    expectFrame(try await buffer.frame(at: 7), 7)
    await buffer.close()
  }

  @Test(arguments: [
    configuration(ring: 0), configuration(cache: 0), configuration(channel: 0), configuration(bytes: 0),
    configuration(prefetch: -1),
  ])
  func configurationsThatMakeNoSenseAreRefused(_ configuration: Configuration) {
    let error = #expect(throws: VABufError.self) {
      try FrameBuffer(source: ScriptedSource(), configuration: configuration)
    }
    #expect(error?.code == .invalidConfiguration)
  }

  // MARK: - Memory

  /// More memory leased than the pool has: the request fails, and the next one works when leases are gone.
  @Test func leasesThatFillThePoolFailRequestsUntilTheyAreReleased() async throws {
    let source = ScriptedSource(byteCount: 4096)
    let buffer = try FrameBuffer(source: source, configuration: configuration(bytes: 6 * 4096), frameCount: 100)
    var held: [FrameLease] = []
    for number in 0..<6 { held.append(try await buffer.frame(at: number)) }
    let error = await #expect(throws: VABufError.self) { try await buffer.frame(at: 50) }
    #expect(error?.code == .hostMemoryExhausted)
    for (number, lease) in held.enumerated() { expectFrame(lease, number) }
    held.removeFirst()
    expectFrame(try await buffer.frame(at: 50), 50)
    #expect(buffer.pool.metrics.highWaterBytes <= buffer.pool.capacity)
    held = []
    await buffer.close()
    #expect(buffer.pool.metrics.bytesInUse == 0)
  }

  @Test func aSmallCacheKeepsItsNumberOfFrames() async throws {
    let buffer = try FrameBuffer(source: ScriptedSource(), configuration: configuration(cache: 5), frameCount: 100)
    for number in 0..<30 { expectFrame(try await buffer.frame(at: number * 3), number * 3) }
    #expect(buffer.metrics.cachedFrames == 5 && buffer.metrics.evictions == 25)
    await buffer.close()
    #expect(buffer.metrics.cachedFrames == 0 && buffer.metrics.cachedBytes == 0)
  }

  /// Any mixture of what readers do, with cancellations and errors: every answer is right, and every request is counted
  /// once.
  @Test func metricsAddUp() async throws {
    var random = SeededRandom(for: "metrics")
    let source = ScriptedSource(refused: [13])
    let buffer = try FrameBuffer(
      source: source, configuration: configuration(cache: 12, prefetch: 3), frameCount: 60)
    let seeds = (0..<8).map { _ in random.next() }
    let asked = await withTaskGroup(of: Int.self) { group in
      for seed in seeds {
        group.addTask {
          var random = SeededRandom(seed: seed)
          var asked = 0
          for _ in 0..<ShortRun.count(200) {
            let number = Int.random(in: -1...60, using: &random)
            asked += 1
            switch Int.random(in: 0..<5, using: &random) {
            case 0:
              if let frame = try? buffer.frameIfResident(at: number) { expectFrame(frame, number) }
            case 1:
              let task = Task { try await buffer.frame(at: number) }
              if Bool.random(using: &random) { await Task.yield() }
              task.cancel()
              if let frame = try? await task.value { expectFrame(frame, number) }
            case 2:
              // The one that it does not get is asked for, too.
              let frames = buffer.frames(max(0, number)..<max(0, number) + 4)
              do {
                for try await frame in frames {
                  expectFrame(frame, frame.number)
                  asked += 1
                }
                asked -= 1
              } catch {}
            default:
              let isThere = (0..<60).contains(number) && number != 13
              do {
                expectFrame(try await buffer.frame(at: number), number)
                #expect(isThere)
              } catch {
                #expect(!isThere, "\(error)")
              }
            }
          }
          return asked
        }
      }
      return await group.reduce(0, +)
    }
    let metrics = buffer.metrics
    #expect(metrics.requests == asked, "seed \(random.seed)")
    #expect(metrics.residentHits > 0 && metrics.misses > 0)
    #expect(metrics.cachedFrames <= 12)
    #expect(metrics.overallHitRate <= 1 && metrics.residentHitRate <= metrics.overallHitRate)
    await buffer.close()
  }
}
