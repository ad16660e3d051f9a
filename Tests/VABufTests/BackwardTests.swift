import Testing
import VABuf
import VABufTestKit

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
}
