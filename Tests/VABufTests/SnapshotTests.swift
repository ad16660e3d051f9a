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

  /// A frame that somebody holds and that was decoded again is there once, and one whose number was wrong is not there.
  @Test func leasesDoNotCountAsResident() async throws {
    let buffer = try FrameBuffer(source: ScriptedSource(), configuration: configuration(cache: 2), frameCount: 100)
    let held = try await buffer.frame(at: 5)
    for number in 6..<12 { _ = try await buffer.frame(at: number) }
    _ = try await buffer.frame(at: 5)
    let numbers = buffer.snapshot.frames.map(\.number)
    #expect(Set(numbers).count == numbers.count && numbers.contains(5), "\(numbers)")
    expectFrame(held, 5)
    await buffer.close()
  }

  @Test func numbersThatMakeNoSenseDoNotTrap() async throws {
    let buffer = try FrameBuffer(source: ScriptedSource(), configuration: configuration(cache: .max), frameCount: -3)
    let error = await #expect(throws: VABufError.self) { try await buffer.frame(at: 0) }
    #expect(error?.code == .noSuchFrame)
    for try await _ in buffer.frames(0..<9) { Issue.record("a frame of a stream that has none") }
    #expect(buffer.snapshot.frames.isEmpty)
    await buffer.close()
  }
}
