import Testing
import VABuf
import VABufTestKit

/// What a buffer says of itself at one moment.
@Suite(.timeLimit(.minutes(10))) struct SnapshotTests {
  @Test func tellsWhatIsThereAndWhatIsUnderWay() async throws {
    let gate = Gate()
    let source = ScriptedSource(gates: [2: gate])
    let buffer = try FrameBuffer(source: source, configuration: configuration(prefetch: 10), frameCount: 100)
    #expect(buffer.snapshot.frames.isEmpty && buffer.snapshot.planned.isEmpty)
    _ = try await buffer.frame(at: 0)
    _ = try await buffer.frame(at: 1)
    await gate.arrivals.wait(for: 1)
    let busy = buffer.snapshot
    #expect(busy.frames == [.init(number: 0, residency: .host), .init(number: 1, residency: .host)])
    #expect(busy.decoding == 1...11)
    #expect(busy.planned == Array(2...11))
    #expect(busy.device == nil)
    gate.open()
    await source.sends.wait(for: 12)
    await waitUntil { buffer.snapshot.frames.count == 12 }
    await waitUntil { buffer.snapshot.decoding == nil }
    #expect(buffer.snapshot.planned.isEmpty)
    await buffer.close()
    #expect(buffer.snapshot.frames.isEmpty)
  }
}
