import Testing
import VABuf
import VABufTestKit

/// Frames of a range, one after the other.
@Suite(.timeLimit(.minutes(10))) struct FrameSequenceTests {
  private func numbers(_ sequence: FrameSequence) async throws -> [Int] {
    var numbers: [Int] = []
    for try await frame in sequence {
      expectFrame(frame, frame.number)
      numbers.append(frame.number)
    }
    return numbers
  }

  private func buffer(_ source: ScriptedSource = ScriptedSource(), prefetch: Int = 3, cache: Int = 64) throws
    -> FrameBuffer
  {
    try FrameBuffer(source: source, configuration: configuration(cache: cache, prefetch: prefetch), frameCount: 30)
  }

  @Test(arguments: [0, 1, 5, 40])
  func forwardBackwardEmptyAndClamped(prefetch: Int) async throws {
    let buffer = try buffer(prefetch: prefetch)
    #expect(try await numbers(buffer.frames(3..<11)) == Array(3..<11))
    #expect(try await numbers(buffer.frames(3..<11, direction: .backward)) == (3..<11).reversed())
    #expect(try await numbers(buffer.frames(5..<5)) == [])
    #expect(try await numbers(buffer.frames(5..<5, direction: .backward)) == [])
    #expect(try await numbers(buffer.frames(25..<99)) == Array(25..<30))
    #expect(try await numbers(buffer.frames(25..<Int.max, direction: .backward)) == (25..<30).reversed())
    #expect(try await numbers(buffer.frames(30..<40)) == [])
    #expect(try await numbers(buffer.frames(40..<50, direction: .backward)) == [])
    #expect(try await numbers(buffer.frames(0..<30)) == Array(0..<30))
    await buffer.close()
  }

  @Test func aNegativeBeginningIsAnError() async throws {
    let buffer = try buffer()
    let error = await #expect(throws: VABufError.self) { try await self.numbers(buffer.frames(-3..<3)) }
    #expect(error?.code == .noSuchFrame)
    await buffer.close()
  }

  @Test func aReaderDoesNotLookBeyondItsRange() async throws {
    let source = ScriptedSource()
    let buffer = try buffer(source, prefetch: 20)
    #expect(try await numbers(buffer.frames(4..<9)) == Array(4..<9))
    #expect(try await numbers(buffer.frames(20..<25, direction: .backward)) == (20..<25).reversed())
    // What came after it was asked for by nobody: give it time to come.
    expectFrame(try await buffer.frame(at: 0), 0)
    #expect(source.sent.allSatisfy { $0 == 0 || 4..<9 ~= $0 || 20..<25 ~= $0 }, "\(source.sent)")
    await buffer.close()
  }

  /// Half a second of it is three frames: no more are decoded ahead, and those are there.
  @Test func aSlowReaderFindsItsFrames() async throws {
    let source = ScriptedSource(decodeTime: .milliseconds(1))
    let buffer = try buffer(source, prefetch: 12)
    for number in 0..<18 {
      expectFrame(try await buffer.frame(at: number), number)
      try await Task.sleep(for: .milliseconds(160))
    }
    #expect(buffer.metrics.residentHits >= 14)
    #expect(source.sent.count <= 23, "\(source.sent.count) frames, where 30 are 12 ahead")
    await buffer.close()
  }

  @Test func aShortRangeStaysWhole() async throws {
    let source = ScriptedSource()
    let buffer = try buffer(source)
    for _ in 0..<2 { #expect(try await numbers(buffer.frames(2..<22)) == Array(2..<22)) }
    #expect(source.sent.count == 20)
    await buffer.close()
  }

  @Test func aReaderThatBreaksOffTakesItsLookAheadWithIt() async throws {
    let gate = Gate()
    let source = ScriptedSource(gates: [10: gate])
    let buffer = try buffer(source, prefetch: 20)
    for try await frame in buffer.frames(0..<30) where frame.number == 5 {
      await gate.arrivals.wait(for: 1)
      break
    }
    gate.open()
    expectFrame(try await buffer.frame(at: 29), 29)
    #expect(!source.sent.contains(10))
    #expect(source.abandoned.last?.frames.contains(10) == true)
    await buffer.close()
  }

  /// A frame that arrives between a miss and the request for it is there: the source does not go back for it.
  /// The moment is short: many rounds meet it now and then.
  @Test func aSequenceDecodesEachFrameOnce() async throws {
    for _ in 0..<500 {
      let source = ScriptedSource()
      let buffer = try buffer(source, prefetch: 1)
      #expect(try await numbers(buffer.frames(0..<30)) == Array(0..<30))
      await buffer.close()
      let sent = source.sent
      #expect(Set(sent).count == sent.count, "\(sent)")
    }
  }

  @Test func aSequenceCanBeReadTwice() async throws {
    let source = ScriptedSource()
    let buffer = try buffer(source)
    let sequence = buffer.frames(2..<8)
    #expect(try await numbers(sequence) == Array(2..<8))
    #expect(try await numbers(sequence) == Array(2..<8))
    await buffer.close()
  }

  @Test(arguments: [4, 8, 64])
  func twoReadersAtOnceGetEverything(cache: Int) async throws {
    let buffer = try buffer(cache: cache)
    async let forward = numbers(buffer.frames(0..<30))
    async let backward = numbers(buffer.frames(0..<30, direction: .backward))
    async let again = numbers(buffer.frames(10..<20))
    #expect(try await forward == Array(0..<30))
    #expect(try await backward == (0..<30).reversed())
    #expect(try await again == Array(10..<20))
    await buffer.close()
  }

  @Test func aCancelledReaderThrows() async throws {
    let gate = Gate()
    let buffer = try buffer(ScriptedSource(gates: [4: gate]), prefetch: 0)
    let reading = Task { try await self.numbers(buffer.frames(0..<30)) }
    await gate.arrivals.wait(for: 1)
    reading.cancel()
    await #expect(throws: CancellationError.self) { try await reading.value }
    gate.open()
    expectFrame(try await buffer.frame(at: 4), 4)
    await buffer.close()
  }

  @Test func preloadingSaysHowManyAreThere() async throws {
    let source = ScriptedSource()
    let buffer = try buffer(source)
    #expect(try await buffer.preload(5..<12) >= 1)
    let sent = source.sent.count
    #expect(try await buffer.preload(30..<40) == 0)
    #expect(try await buffer.preload(3..<3) == 0)
    #expect(source.sent.count >= sent)
    await buffer.close()
  }

  /// What is preloaded is there: nothing is decoded to read it.
  @Test func whatIsPreloadedIsNotDecodedAgain() async throws {
    let source = ScriptedSource()
    let buffer = try buffer(source, prefetch: 0)
    #expect(try await buffer.preload(0..<30) == 30)
    #expect(try await numbers(buffer.frames(0..<30)) == Array(0..<30))
    #expect(source.sent == Array(0..<30))
    await buffer.close()
  }
}
