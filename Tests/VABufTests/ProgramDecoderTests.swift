import Logging
import Testing
import VABuf
import VABufTestKit

/// Decoders that are not vabuf's own, well-behaved and otherwise.
@Suite(.timeLimit(.minutes(10))) struct ProgramDecoderTests {
  // MARK: - Back-pressure

  /// A source that sends unasked is held: it gets through `ring + channel` sends, and stands in the next one.
  @Test(arguments: [1, 4, 9])
  func anUnaskedSourceIsHeldAtRingAndChannel(ring: Int) async throws {
    let source = ScriptedSource(.push(0..<200))
    let buffer = try FrameBuffer(source: source, configuration: configuration(ring: ring, channel: 1))
    await source.begun.wait(for: ring + 2)
    for _ in 0..<2000 { await Task.yield() }
    #expect(source.sends.value == ring + 1)
    #expect(source.begun.value == ring + 2)
    // A reader that goes on for five frames and stops again.
    var last = -1
    for try await frame in buffer.frames(0..<5) {
      expectFrame(frame, last + 1)
      last = frame.number
    }
    await source.begun.wait(for: last + 1 + ring + 2)
    for _ in 0..<2000 { await Task.yield() }
    #expect(source.sends.value == last + 1 + ring + 1)
    // Nothing was dropped on the way.
    for try await frame in buffer.frames(5..<200) {
      expectFrame(frame, last + 1)
      last = frame.number
      #expect(source.begun.value <= last + 1 + ring + 2)
    }
    #expect(last == 199)
    await buffer.close()
  }

  /// A longer channel is filled in bursts, never beyond its length.
  @Test(arguments: [2, 3, 8])
  func aLongerChannelIsNeverOverfilled(channel: Int) async throws {
    let ring = 4
    let source = ScriptedSource(.push(0..<200))
    let buffer = try FrameBuffer(source: source, configuration: configuration(ring: ring, channel: channel))
    await source.begun.wait(for: ring + 1 + channel / 2)
    for _ in 0..<2000 { await Task.yield() }
    #expect(source.sends.value <= ring + channel)
    var count = 0
    for try await frame in buffer.frames(0..<200) {
      #expect(source.sends.value <= frame.number + 1 + ring + channel)
      expectFrame(frame, count)
      count += 1
    }
    #expect(count == 200)
    await buffer.close()
  }

  // MARK: - Requests

  @Test func aMissComesBeforeWhatIsReadAhead() async throws {
    let gate = Gate()
    let source = ScriptedSource(gates: [5: gate])
    let buffer = try FrameBuffer(source: source, configuration: configuration(prefetch: 20), frameCount: 100)
    var reader = buffer.frames(0..<100).makeAsyncIterator()
    expectFrame(try await reader.next(), 0)
    await gate.arrivals.wait(for: 1)
    let miss = Task { try await buffer.frame(at: 60) }
    await waitUntil { buffer.metrics.requests == 2 }
    gate.open()
    expectFrame(try await miss.value, 60)
    #expect(source.sent.prefix(6) == [0, 1, 2, 3, 4, 60])
    for number in 1..<30 { expectFrame(try await reader.next(), number) }
    await buffer.close()
  }

  @Test func aSourceThatSendsNothingHoldsNobodyWhoGivesUp() async throws {
    let gate = Gate()
    let silent = SilentSource(gate)
    let buffer = try FrameBuffer(source: silent, configuration: configuration(), frameCount: 10)
    let first = Task { try await buffer.frame(at: 1) }
    let second = Task { try await buffer.frame(at: 2) }
    await gate.arrivals.wait(for: 1)
    await waitUntil { buffer.metrics.requests == 2 }
    first.cancel()
    await #expect(throws: CancellationError.self) { try await first.value }
    #expect(try buffer.frameIfResident(at: 1) == nil)
    // Then it ends.
    gate.open()
    let error = await #expect(throws: VABufError.self) { try await second.value }
    #expect(error?.code == .sourceFailed && error?.why == "it ended")
    await buffer.close()
  }

  /// Takes one request, and ends when its gate opens.
  private struct SilentSource: FrameSource {
    let gate: Gate
    init(_ gate: Gate) { self.gate = gate }

    func run(_ port: FramePort) async throws {
      _ = await port.nextRequest(position: nil)
      try await gate.pass()
    }
  }

  @Test func aWrongFrameIsKeptUnderItsOwnNumber() async throws {
    let source = ScriptedSource(.serveWrongFirst)
    let buffer = try FrameBuffer(source: source, configuration: configuration(), frameCount: 100)
    expectFrame(try await buffer.frame(at: 7), 7)
    #expect(source.sent == [8, 7])
    expectFrame(try buffer.frameIfResident(at: 8), 8)
    await buffer.close()
  }

  // MARK: - Ends

  private let silence = Logger(label: "none") { _ in SwiftLogNoOpLogHandler() }

  @Test func aSourceThatDiesFailsWhoWaitsAndWhatIsCachedStays() async throws {
    let source = ScriptedSource(end: .dies(at: 5))
    let buffer = try FrameBuffer(
      source: source, configuration: configuration(), frameCount: 100, logger: silence)
    for number in 0..<5 { expectFrame(try await buffer.frame(at: number), number) }
    let error = await #expect(throws: VABufError.self) { try await buffer.frame(at: 5) }
    #expect(error?.code == .sourceFailed && error?.why == "died at frame 5")
    for number in 0..<5 { expectFrame(try await buffer.frame(at: number), number) }
    let later = await #expect(throws: VABufError.self) { try await buffer.frame(at: 6) }
    #expect(later == error)
    #expect(throws: VABufError.self) { try buffer.frameIfResident(at: 6) }
    await buffer.close()
    let closed = await #expect(throws: VABufError.self) { try await buffer.frame(at: 0) }
    #expect(closed?.code == .closed)
  }

  /// What a source sent before it died is delivered.
  @Test func theLastWordsOfADyingSourceAreHeard() async throws {
    for last in 0..<ShortRun.count(100) {
      let source = ScriptedSource(end: .diesAfter(last))
      let buffer = try FrameBuffer(
        source: source, configuration: configuration(channel: 2), frameCount: 200, logger: silence)
      expectFrame(try await buffer.frame(at: last), last)
      let error = await #expect(throws: VABufError.self) { try await buffer.frame(at: last + 1) }
      #expect(error?.why == "died at frame \(last)")
      await buffer.close()
    }
  }

  @Test func aSourceThatReturnsEarlyFailsTheRest() async throws {
    let source = ScriptedSource(.push(0..<50), end: .returns(at: 20))
    let buffer = try FrameBuffer(source: source, configuration: configuration(ring: 4, channel: 2))
    var count = 0
    let error = await #expect(throws: VABufError.self) {
      for try await frame in buffer.frames(0..<50) {
        expectFrame(frame, count)
        count += 1
      }
    }
    #expect(count == 20)
    #expect(error?.code == .sourceFailed)
    expectFrame(try await buffer.frame(at: 19), 19)
    await buffer.close()
  }

  /// A source that says where the stream ends, after somebody asked for more.
  @Test func aLengthThatIsLearntLateEndsSequences() async throws {
    let buffer = try FrameBuffer(source: LateLength(count: 12), configuration: configuration(prefetch: 4))
    var count = 0
    for try await frame in buffer.frames(0..<Int.max) {
      #expect(frame.number == count)
      count += 1
    }
    #expect(count == 12)
    #expect(buffer.frameCount == 12)
    let error = await #expect(throws: VABufError.self) { try await buffer.frame(at: 12) }
    #expect(error?.code == .noSuchFrame)
    await buffer.close()
  }

  /// Each of those who waited hears of its own frame.
  @Test func aFrameBeyondALateLengthIsNamed() async throws {
    for count in [12, 1, 0] {
      let buffer = try FrameBuffer(source: LateLength(count: count), configuration: configuration())
      let error = await #expect(throws: VABufError.self) { try await buffer.frame(at: 20) }
      #expect(error?.code == .noSuchFrame && error?.what == "frame 20")
      let known = ["the stream has 12 frames, 0 to 11", "the stream has one frame, 0", "the stream has no frame"]
      #expect(error?.why == known[count == 12 ? 0 : 2 - count])
      await buffer.close()
    }
  }

  private struct LateLength: FrameSource {
    let count: Int

    func run(_ port: FramePort) async throws {
      while let request = await port.nextRequest(position: nil) {
        for number in request.frames {
          guard number < count else {
            port.setFrameCount(count)
            break
          }
          let buffer = try port.lease(byteCount: 1)
          let layout = PictureLayout(
            width: 0, height: 0,
            format: PixelFormat(
              name: "gray", bitsPerComponent: 8, componentCount: 1, planeCount: 1, log2ChromaWidth: 0,
              log2ChromaHeight: 0, traits: []), planes: [])
          let time = Timestamp(ticks: 0, timeBase: Rational(1, 25))
          try await port.send(
            SourceFrame(
              descriptor: FrameDescriptor(number: number, timestamp: time, layout: layout), buffer: buffer))
        }
      }
    }
  }
}
