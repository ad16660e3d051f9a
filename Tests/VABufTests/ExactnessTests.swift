import Testing
import VABuf
import VABufTestKit

/// Frame N is what ffmpeg prints as its N-th line: forward, backward and in any order, for every hard case.
@Suite(.serialized) struct ExactnessTests {
  /// What a file must give, and how strictly: ffmpeg's own list of a damaged file changes from run to run
  /// (docs/what-ffmpeg-emits.md), so such files are held to the count and to agreeing with themselves.
  private func check(_ path: String, name: String, isDamaged: Bool, converts: Bool) async throws {
    let reference = try Reference.cached(path)
    var options = FrameBuffer.Options()
    options.keepsIndex = false
    guard !reference.lines.isEmpty else {
      await #expect(throws: VABufError.self, "\(name): ffmpeg gives no frame") {
        try await FrameBuffer.open(path, options: options)
      }
      return
    }
    let buffer = try await FrameBuffer.open(path, options: options)
    var forward: [String] = []
    for try await frame in buffer.frames(0..<Int.max) {
      #expect(frame.number == forward.count, "\(name)")
      forward.append(try FrameDigest.md5(frame))
    }
    #expect(forward.count == reference.lines.count, "\(name): frames forward")
    if !isDamaged, !converts {
      for (number, line) in reference.lines.enumerated() where number < forward.count {
        #expect(forward[number] == line.md5, "\(name): frame \(number) forward")
      }
    }
    var number = forward.count
    for try await frame in buffer.frames(0..<forward.count, direction: .backward) {
      number -= 1
      #expect(frame.number == number, "\(name)")
      #expect(try FrameDigest.md5(frame) == forward[number], "\(name): frame \(number) backward")
    }
    #expect(number == 0, "\(name): frames backward")
    await buffer.close()
    try await checkShuffled(path, name, forward, isDamaged: isDamaged)
  }

  /// A cache of a few frames only, so that most frames are decoded again.
  private func checkShuffled(_ path: String, _ name: String, _ frames: [String], isDamaged: Bool) async throws {
    var random = SeededRandom(for: "shuffled \(name)")
    var options = FrameBuffer.Options()
    options.keepsIndex = false
    options.configuration = Configuration(
      ringFrames: 4, cacheFrames: 6, prefetchFrames: 2, poolBytes: 64 << 20, channelFrames: 2)
    let buffer = try await FrameBuffer.open(path, options: options)
    for number in (0..<frames.count).shuffled(using: &random).prefix(40) {
      let frame = try await buffer.frame(at: number)
      #expect(frame.number == number, "\(name)")
      if !isDamaged {
        #expect(try FrameDigest.md5(frame) == frames[number], "\(name): frame \(number), seed \(random.seed)")
      }
    }
    await buffer.close()
  }

  @Test(arguments: ShortRun.sample(Clips.all.filter { !$0.isHeldToItself }))
  func generatedClip(_ clip: Clip) async throws {
    guard let path = try ClipMaker.shared.path(of: clip.name) else { return }
    try await check(path, name: clip.name, isDamaged: false, converts: clip.convertsInFFmpeg)
  }

  @Test(
    .enabled(if: RealMedia.folder != nil, "\(RealMedia.reason)"),
    arguments: ShortRun.sample(RealMedia.files("files") + RealMedia.files("h264")))
  func realFile(_ path: String) async throws {
    try await check(path, name: path, isDamaged: false, converts: false)
  }
}

extension Clip {
  /// Damaged so that libavcodec itself decodes it differently from run to run.
  var isHeldToItself: Bool { tags.contains(.damaged) }

  /// ffmpeg converts later frames to the first pixel format; vabuf gives them as they are.
  var convertsInFFmpeg: Bool { ["change-10", "change-444", "change-mjpeg"].contains(name) }
}
