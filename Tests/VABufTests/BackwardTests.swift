import Testing
import VABufTestKit

@testable import VABuf

/// Reading backward through groups of pictures that the cache does not hold.
@Suite(.timeLimit(.minutes(10))) struct BackwardTests {
  /// What one run decodes is kept as far as there is room, and what is not read yet does not make room for it.
  @Test(arguments: [false, true]) func aLongGroupTakesAsFewRunsAsThereIsRoomFor(asSequence: Bool) async throws {
    guard let path = try ClipMaker.shared.path(of: "h264-long-gop") else { return }
    let reference = try Reference.cached(path)
    let frames = reference.lines.count
    var options = FrameBuffer.Options()
    options.backend = .software
    options.threads = 2
    options.keepsIndex = false
    let probe = try await FrameBuffer.open(path, options: options)
    let stream = try #require(probe.stream)
    let frameBytes = stream.width * stream.height * 3 / 2
    await probe.close()
    // A fifth of the clip, and what the decoder takes.
    let room = frames / 5
    options.hostMemory = (room + 16) * frameBytes
    let buffer = try await FrameBuffer.open(path, options: options)
    var seen: [Int] = []
    if asSequence {
      for try await frame in buffer.frames(0..<frames, direction: .backward) {
        #expect(try FrameDigest.md5(frame) == reference.lines[frame.number].md5, "frame \(frame.number)")
        seen.append(frame.number)
      }
    } else {
      for number in (0..<frames).reversed() {
        let frame = try await buffer.frame(at: number)
        #expect(try FrameDigest.md5(frame) == reference.lines[number].md5, "frame \(number)")
        seen.append(frame.number)
      }
    }
    #expect(seen == (0..<frames).reversed())
    // Runs from the start, each shorter by what there is room for; half of that room is allowed to be missing.
    var decoded = 0
    for end in stride(from: frames, to: 0, by: -max(1, room / 2)) { decoded += end }
    #expect(buffer.metrics.decodedFrames <= decoded, "\(buffer.metrics.decodedFrames) of \(decoded)")
    await buffer.close()
  }

  /// A hand that turns finds what it stepped over, with no second run through the group.
  @Test func aHandThatTurnsFindsWhatItSteppedOver() async throws {
    guard let path = try ClipMaker.shared.path(of: "h264-long-gop") else { return }
    let reference = try Reference.cached(path)
    var options = FrameBuffer.Options()
    options.backend = .software
    options.threads = 2
    options.keepsIndex = false
    options.configuration = configuration(cache: 20)
    let buffer = try await FrameBuffer.open(path, options: options)
    func decoded(by numbers: ClosedRange<Int>) async throws -> Int {
      let before = buffer.metrics.decodedFrames
      for number in numbers {
        let frame = try await buffer.frame(at: number)
        #expect(try FrameDigest.md5(frame) == reference.lines[number].md5, "frame \(number)")
      }
      return buffer.metrics.decodedFrames - before
    }
    // Down to what the first run did not keep.
    let first = reference.lines.count - 10
    var (number, cost) = (first, try await decoded(by: first...first))
    var requests = 1
    repeat {
      number -= 4
      requests += 1
      cost = try await decoded(by: number...number)
    } while cost < 30 || requests < 5
    try #require(number > 40)
    let turned = try await decoded(by: number + 1...number + 2)
    // Those that it is still giving out may not have been counted before.
    #expect(turned < 10, "\(turned) after the \(cost) of \(number)")
    await buffer.close()
  }

  /// What the source is asked for ends where the reader ends.
  @Test func theReachEndsWithTheRange() async throws {
    let source = ScriptedSource()
    let buffer = try FrameBuffer(source: source, configuration: configuration(prefetch: 3), frameCount: 60)
    try await read(40..<55, of: buffer)
    #expect(!source.requests.isEmpty)
    #expect(source.requests.allSatisfy { $0.frames.lowerBound - ($0.reach ?? .min) == 40 }, "\(source.requests)")
    // Not where the next range follows: what is decoded for this one serves that.
    let before = source.requests.count
    try await read(25..<40, of: buffer)
    let reached = source.requests[before...].map { $0.frames.lowerBound - ($0.reach ?? 0) }
    #expect(reached.contains { $0 < 25 }, "\(reached)")
    await buffer.close()
  }

  @Test func whatIsPreloadedIsReadOn() async throws {
    let source = ScriptedSource()
    let buffer = try FrameBuffer(source: source, configuration: configuration(), frameCount: 60)
    #expect(try await buffer.preload(20..<30, direction: .backward) == 10)
    #expect(source.requests.contains { $0.frames.lowerBound - ($0.reach ?? 0) < 20 }, "\(source.requests)")
    await buffer.close()
  }

  /// Whoever asks for a frame by its number may look around there: the end of another reader's range is not theirs.
  @Test func theEndOfARangeIsItsReaders() async throws {
    let source = ScriptedSource()
    let buffer = try FrameBuffer(source: source, configuration: configuration(ring: 1), frameCount: 60)
    var reader = buffer.frames(10..<40, direction: .backward).makeAsyncIterator()
    #expect(try await reader.next()?.number == 39)
    expectFrame(try await buffer.frame(at: 20), 20)
    #expect(source.requests.last { $0.frames.contains(20) }?.reach == 20)
    // The reader has its own end where nobody else is.
    while let number = try await reader.next()?.number, number > 15 {}
    #expect(source.requests.last { $0.frames.contains(15) }?.reach == 5)
    await buffer.close()
  }

  /// A range that begins in the middle of a group: of what lies before it only that is decoded which it depends on.
  @Test(arguments: ["h264-long-gop", "h264-pyramid-ts", "hevc-closed", "mpeg2-ts"])
  func nothingIsDecodedForTheFramesBelowARange(_ name: String) async throws {
    guard let path = try ClipMaker.shared.path(of: name) else { return }
    let expected = try Reference.cached(path).lines.map(\.md5)
    var options = FrameBuffer.Options()
    options.backend = .software
    options.threads = 2
    options.keepsIndex = false
    let buffer = try await FrameBuffer.open(path, options: options)
    let keyframes = buffer.timings.filter(\.isKeyframe).map(\.number)
    let end = try #require(keyframes.dropFirst().last)
    let start = try #require(keyframes.last { $0 < end })
    // The last keyframe, some frames of its group, and the second half of the group before it.
    let range = (start + end) / 2..<min(end + 3, expected.count)
    var seen: [Int] = []
    for try await frame in buffer.frames(range, direction: .backward) {
      #expect(try FrameDigest.md5(frame) == expected[frame.number], "\(name): frame \(frame.number)")
      seen.append(frame.number)
    }
    #expect(seen == range.reversed())
    let metrics = buffer.metrics
    #expect(metrics.decodedFrames < range.upperBound - start, "\(name): \(range) from \(start)")
    #expect(metrics.deliveredFrames == range.count, "\(name): \(range) from \(start)")
    // What was left out is there when it is asked for.
    for try await frame in buffer.frames(0..<range.lowerBound, direction: .backward) {
      #expect(try FrameDigest.md5(frame) == expected[frame.number], "\(name): frame \(frame.number) afterwards")
    }
    await buffer.close()
  }

  private func read(_ range: Range<Int>, of buffer: FrameBuffer) async throws {
    var seen: [Int] = []
    for try await frame in buffer.frames(range, direction: .backward) {
      expectFrame(frame, frame.number)
      seen.append(frame.number)
    }
    #expect(seen == range.reversed())
  }
}
