import Synchronization
import Testing
import VABufTestKit

@testable import VABuf

/// Frames after which nothing is known to be wanted: a decoder may end at them.
@Suite(.timeLimit(.minutes(10))) struct AloneTests {
  /// Notes of each request, when it begins with it, whether its frame is wanted alone.
  private final class AskingSource: FrameSource {
    private let distances = Mutex<[(frames: ClosedRange<Int>, distance: Int?)]>([])
    private let pictures = ScriptedSource()
    private let gate: Gate?

    init(gate: Gate? = nil) { self.gate = gate }

    /// What was noted of the last request for a frame: how far from a seek point it may be (nil: not alone).
    func distance(_ frame: Int) throws -> Int? {
      try #require(distances.withLock { $0.last { $0.frames.contains(frame) } }, "nobody asked for \(frame)").distance
    }

    func run(_ port: FramePort) async throws {
      while let request = await port.nextRequest(position: nil) {
        try await gate?.pass()
        let distance = port.core.distanceAlone(request)
        distances.withLock { $0.append((request.frames, distance)) }
        for number in request.frames where port.isCurrent(request, position: number) {
          try await port.send(try pictures.picture(number, port))
        }
      }
    }
  }

  private func buffer(_ source: AskingSource, prefetch: Int = 0) throws -> FrameBuffer {
    try FrameBuffer(source: source, configuration: configuration(prefetch: prefetch), frameCount: 1000)
  }

  @Test func aFirstFrameIsWantedAlone() async throws {
    let source = AskingSource()
    let buffer = try buffer(source)
    expectFrame(try await buffer.frame(at: 10), 10)
    #expect(try source.distance(10) == 0)
    await buffer.close()
  }

  /// Who jumped three times is not expected near where it was.
  @Test func whoJumpsAboutWantsEachFrameAlone() async throws {
    let source = AskingSource()
    let buffer = try buffer(source, prefetch: 4)
    for frame in [10, 500, 200, 800, 100] { expectFrame(try await buffer.frame(at: frame), frame) }
    for frame in [500, 200] { #expect(try source.distance(frame) == 0) }
    for frame in [800, 100] { #expect(try source.distance(frame) == 16) }
    await buffer.close()
  }

  @Test func aHandThatGoesOneWayWantsMore() async throws {
    let source = AskingSource()
    let buffer = try buffer(source)
    for frame in [100, 103, 105] { expectFrame(try await buffer.frame(at: frame), frame) }
    #expect(try source.distance(103) == 0)
    #expect(try source.distance(105) == nil)
    await buffer.close()
  }

  /// Also where nothing is prefetched for it.
  @Test func whoGoesSomewhereWantsMore() async throws {
    let source = AskingSource()
    let buffer = try buffer(source)
    for frame in 100..<150 { expectFrame(try await buffer.frame(at: frame), frame) }
    #expect(try source.distance(100) == 0)
    for frame in 101..<150 { #expect(try source.distance(frame) == nil, "frame \(frame)") }
    await buffer.close()
  }

  /// Those who asked after the request was given out count.
  @Test func twoThatWaitAreNotAlone() async throws {
    let gate = Gate()
    let source = AskingSource(gate: gate)
    let buffer = try buffer(source)
    let tasks = [200, 203].map { frame in Task { try await buffer.frame(at: frame) } }
    await waitUntil { buffer.metrics.requests == 2 }
    gate.open()
    for task in tasks { _ = try await task.value }
    let distances = try [200, 203].map { try source.distance($0) }
    #expect(distances == [nil, 0] || distances == [0, nil], "the last one is alone: \(distances)")
    await buffer.close()
  }

  private func open(_ name: String) async throws -> (buffer: FrameBuffer, expected: [String])? {
    guard let path = try ClipMaker.shared.path(of: name) else { return nil }
    var options = FrameBuffer.Options()
    options.backend = .software
    options.threads = 2
    options.keepsIndex = false
    return (try await FrameBuffer.open(path, options: options), try Reference.cached(path).lines.map(\.md5))
  }

  /// Keyframes in no order, each followed by the two frames after it.
  @Test(arguments: [
    "h264-gop12", "hevc-open-gop-mkv", "h264-open-gop-ts", "h264-paff-mkv", "vp9-alt-ref", "mpeg2-ts",
    "edit-hidden-long",
  ])
  func keyframesAndWhatFollowsThemAreExact(_ name: String) async throws {
    guard let (buffer, expected) = try await open(name) else { return }
    let keyframes = buffer.timings.filter(\.isKeyframe).map(\.number)
    for keyframe in keyframes.shuffled() {
      for number in keyframe..<min(keyframe + 3, expected.count) {
        let frame = try await buffer.frame(at: number)
        #expect(try FrameDigest.md5(frame) == expected[number], "\(name): frame \(number)")
      }
    }
    await buffer.close()
  }

  /// Readers that each go forward look like one that jumps: they do not have each frame decoded from its keyframe.
  @Test func twoThatGoForwardKeepTheirDecoders() async throws {
    guard let (buffer, expected) = try await open("h264-gop12") else { return }
    // Each step is longer than any stride.
    let requests = [0, 36, 2, 48] + (12..<24).flatMap { [$0, $0 + 34] }
    for number in requests {
      let frame = try await buffer.frame(at: number)
      #expect(try FrameDigest.md5(frame) == expected[number], "frame \(number)")
    }
    #expect(buffer.metrics.decodedFrames <= 70, "\(buffer.metrics.decodedFrames)")
    await buffer.close()
  }
}
