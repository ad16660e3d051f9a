import Testing
import VABufTestKit

@testable import VABuf

/// Frames after which nothing is known to be wanted: the source may end its run at them.
@Suite(.timeLimit(.minutes(10))) struct AloneTests {
  private func mayRepeat(_ frame: Int, _ source: ScriptedSource) -> Int? {
    source.requests.last { $0.frames.contains(frame) }?.mayRepeat
  }

  @Test func aFirstFrameIsWantedAlone() async throws {
    let source = ScriptedSource()
    let buffer = try FrameBuffer(source: source, configuration: configuration(), frameCount: 1000)
    expectFrame(try await buffer.frame(at: 10), 10)
    #expect(mayRepeat(10, source) == 0)
    await buffer.close()
  }

  /// Who jumped three times is not expected near where it was.
  @Test func whoJumpsAboutWantsEachFrameAlone() async throws {
    let source = ScriptedSource()
    let buffer = try FrameBuffer(source: source, configuration: configuration(prefetch: 4), frameCount: 1000)
    for frame in [10, 500, 200, 800, 100] { expectFrame(try await buffer.frame(at: frame), frame) }
    #expect([500, 200].allSatisfy { mayRepeat($0, source) == 0 })
    #expect([800, 100].allSatisfy { (mayRepeat($0, source) ?? 0) > 0 })
    await buffer.close()
  }

  /// Also where nothing is prefetched for it.
  @Test(arguments: [0, 6]) func whoGoesSomewhereWantsMore(prefetch: Int) async throws {
    let source = ScriptedSource()
    let buffer = try FrameBuffer(source: source, configuration: configuration(prefetch: prefetch), frameCount: 1000)
    for frame in 100..<150 { expectFrame(try await buffer.frame(at: frame), frame) }
    for frame in 101..<150 { #expect(mayRepeat(frame, source) == nil, "frame \(frame)") }
    for try await frame in buffer.frames(300..<310) { expectFrame(frame, frame.number) }
    for frame in 300..<310 { #expect(mayRepeat(frame, source) == nil, "frame \(frame)") }
    await buffer.close()
  }

  @Test func twoThatWaitAreNotAlone() async throws {
    let gate = Gate()
    let source = ScriptedSource(gates: [5: gate])
    let buffer = try FrameBuffer(source: source, configuration: configuration(), frameCount: 1000)
    let first = Task { try await buffer.frame(at: 5) }
    await gate.arrivals.wait(for: 1)
    let others = [200, 203].map { frame in Task { try await buffer.frame(at: frame) } }
    await waitUntil { buffer.metrics.answered == 3 }
    gate.open()
    expectFrame(try await first.value, 5)
    for task in others { _ = try await task.value }
    let requests = source.requests.filter { $0.frames.lowerBound >= 200 }
    #expect(requests.count == 2 && requests[0].mayRepeat == nil && requests[1].mayRepeat == 0, "\(requests)")
    await buffer.close()
  }

  /// Each frame is the right one, whatever was decoded to get it.
  @Test(arguments: ["h264-gop12", "hevc-open-gop-mkv", "h264-paff-mkv", "vp9-alt-ref", "mpeg2-ts", "edit-hidden-long"])
  func framesThatAreWantedAloneAreExact(_ name: String) async throws {
    guard let path = try ClipMaker.shared.path(of: name) else { return }
    let expected = try Reference.cached(path).lines.map(\.md5)
    var options = FrameBuffer.Options()
    options.backend = .software
    options.threads = 4
    options.keepsIndex = false
    for number in Array(0..<5) + [expected.count / 2, expected.count - 1] {
      let buffer = try await FrameBuffer.open(path, options: options)
      #expect(try FrameDigest.md5(try await buffer.frame(at: number)) == expected[number], "\(name): frame \(number)")
      // More is asked for after all.
      for next in number..<min(number + 3, expected.count) {
        #expect(try FrameDigest.md5(try await buffer.frame(at: next)) == expected[next], "\(name): frame \(next)")
      }
      await buffer.close()
    }
  }
}
