import Foundation
import Testing
import VABufTestKit

@testable import VABuf

/// Long ranges that several sessions decode side by side.
@Suite(.timeLimit(.minutes(10))) struct SegmentTests {
  /// Twenty groups of twelve, so large that decoding a frame takes longer than asking for it.
  private static let clip = Clip(
    "segments", "mp4", "many groups of pictures", [.h264, .reordered],
    "-f lavfi -i testsrc2=s=640x360:r=25,trim=end_frame=240,noise=alls=12:allf=t:all_seed=5 -c:v libx264 -threads 1 "
      + "-preset fast -pix_fmt yuv420p -x264-params keyint=12:min-keyint=12:scenecut=0:bframes=3")
  private static let maker = ClipMaker(clips: [clip])

  private static func options(sessions: Int? = 4, memory: Int = 256 << 20) -> FrameBuffer.Options {
    var options = FrameBuffer.Options()
    options.backend = .software
    options.threads = 4
    options.keepsIndex = false
    options.hostMemory = memory
    options.rangeSessions = sessions
    return options
  }

  private func read(_ buffer: FrameBuffer, _ range: Range<Int>, _ direction: Direction = .forward) async throws
    -> [String]
  {
    var frames: [String] = []
    for try await lease in buffer.frames(range, direction: direction) {
      frames.append("\(lease.number) \(try FrameDigest.md5(lease))")
    }
    return frames
  }

  private func expected(_ reference: Reference, _ range: Range<Int>) -> [String] {
    range.map { "\($0) \(reference.lines[$0].md5)" }
  }

  /// Memory for all frames, and for so few that two sessions have to wait for the reader.
  @Test(arguments: [Direction.forward, .backward], [(2, 256), (4, 256), (2, 128)])
  func aLongRangeIsDivided(_ direction: Direction, _ room: (sessions: Int, megabytes: Int)) async throws {
    guard let path = try Self.maker.path(of: Self.clip.name) else { return }
    let reference = try Reference.cached(path)
    let sessions = room.sessions
    let options = Self.options(sessions: sessions, memory: room.megabytes << 20)
    let buffer = try await FrameBuffer.open(path, options: options)
    var frames = expected(reference, 0..<240)
    if direction == .backward { frames.reverse() }
    #expect(try await read(buffer, 0..<240, direction) == frames)
    let metrics = buffer.metrics
    #expect(metrics.segments >= 2, "\(metrics.segments) segments")
    #expect(metrics.decoders > 2 && metrics.decoders <= 1 + sessions + 3)
    // A group may be begun by two: nobody knows how far the other one will come.
    #expect(metrics.decodedFrames < 240 * 2, "\(metrics.decodedFrames) frames decoded for 240")
    await buffer.close()
    #expect(buffer.pool.metrics.bytesInUse == 0)
  }

  @Test func aPreloadIsDivided() async throws {
    guard let path = try Self.maker.path(of: Self.clip.name) else { return }
    let reference = try Reference.cached(path)
    let buffer = try await FrameBuffer.open(path, options: Self.options())
    #expect(try await buffer.preload(0..<240) == 240)
    #expect(buffer.metrics.segments >= 2)
    let hits = buffer.metrics.residentHits
    #expect(try await read(buffer, 0..<240) == expected(reference, 0..<240))
    #expect(buffer.metrics.residentHits == hits + 240)
    await buffer.close()
  }

  /// A reader that stops to wait for a frame which one of its sessions would give only when it went on.
  @Test func aDemandBeyondTheReachIsMet() async throws {
    guard let path = try Self.maker.path(of: Self.clip.name) else { return }
    let reference = try Reference.cached(path)
    for ahead in 20..<100 where ahead % 13 == 0 {
      let buffer = try await FrameBuffer.open(path, options: Self.options(sessions: 2, memory: 64 << 20))
      var iterator = buffer.frames(0..<240).makeAsyncIterator()
      for _ in 0..<10 { _ = try await iterator.next() }
      let wanted = try await buffer.frame(at: 10 + ahead)
      #expect(try FrameDigest.md5(wanted) == reference.lines[10 + ahead].md5)
      var other = buffer.frames(10 + ahead..<240).makeAsyncIterator()
      for number in 10..<40 {
        #expect(try await iterator.next()?.number == number)
        #expect(try await other.next()?.number == number + ahead)
      }
      #expect(buffer.metrics.segments > 0)
      await buffer.close()
    }
  }

  @Test func oneSessionDoesNotDivide() async throws {
    guard let path = try Self.maker.path(of: Self.clip.name) else { return }
    for options in [Self.options(sessions: 1), Self.options(memory: 6 << 20)] {
      let buffer = try await FrameBuffer.open(path, options: options)
      for try await _ in buffer.frames(0..<240) {}
      #expect(buffer.metrics.segments == 0)
      await buffer.close()
    }
    await #expect(throws: VABufError.self) { try await FrameBuffer.open(path, options: Self.options(sessions: 0)) }
  }

  /// Whoever breaks off takes the sessions along, and others get their frames meanwhile.
  @Test func readersComeAndGo() async throws {
    guard let path = try Self.maker.path(of: Self.clip.name) else { return }
    let reference = try Reference.cached(path)
    let buffer = try await FrameBuffer.open(path, options: Self.options())
    var random = SeededRandom(for: "segments")
    for round in 0..<ShortRun.count(20) {
      let start = Int.random(in: 0..<120, using: &random)
      let direction: Direction = round % 2 == 0 ? .forward : .backward
      let stop = Int.random(in: 30..<100, using: &random)
      let single = Int.random(in: 0..<240, using: &random)
      async let other = buffer.frame(at: single)
      var count = 0
      for try await lease in buffer.frames(start..<240, direction: direction) {
        count += 1
        if count % 10 == 0 { #expect(try FrameDigest.md5(lease) == reference.lines[lease.number].md5) }
        if count == stop { break }
      }
      #expect(try FrameDigest.md5(await other) == reference.lines[single].md5, "seed \(random.seed)")
    }
    #expect(buffer.metrics.segments > 0)
    await buffer.close()
    #expect(buffer.pool.metrics.bytesInUse == 0)
  }

  /// Where the file cannot be opened once more, the buffer's own session does everything.
  @Test func aSessionThatFailsLeavesItsSegment() async throws {
    guard let path = try Self.maker.path(of: Self.clip.name) else { return }
    let reference = try Reference.cached(path)
    let copy = NSTemporaryDirectory() + "/segments-\(UUID().uuidString).mp4"
    try FileManager.default.copyItem(atPath: path, toPath: copy)
    let buffer = try await FrameBuffer.open(copy, options: Self.options())
    try FileManager.default.removeItem(atPath: copy)
    #expect(try await read(buffer, 0..<240) == expected(reference, 0..<240))
    #expect(buffer.metrics.segments > 0 && buffer.metrics.decodedFrames < 240 + 24)
    await buffer.close()
  }

  /// Closing while sessions decode, or wait for the reader.
  @Test func closingEndsTheSessions() async throws {
    guard let path = try Self.maker.path(of: Self.clip.name) else { return }
    for (stop, megabytes) in [(1, 256), (5, 64), (20, 256), (60, 64), (61, 64), (62, 256), (63, 64), (64, 256)] {
      let buffer = try await FrameBuffer.open(path, options: Self.options(sessions: 2, memory: megabytes << 20))
      var iterator = buffer.frames(0..<240).makeAsyncIterator()
      for _ in 0..<stop { _ = try await iterator.next() }
      await buffer.close()
      await #expect(throws: VABufError.self) { while try await iterator.next() != nil {} }
      #expect(buffer.pool.metrics.bytesInUse == 0)
    }
  }

  /// Of the hard ones, those that have many groups and nothing that headers do not tell.
  private static let divided = [
    "h264-gop12", "h264-open-gop", "hevc-open-gop", "hevc-radl", "vfr", "h264-all-key", "mp4-fragmented",
  ]
  private static let hard = [
    "h264-gop12", "h264-open-gop", "h264-open-gop-ts", "h264-pyramid-ts", "h264-paff-mkv", "h264-one-key",
    "hevc-open-gop",
    "hevc-radl", "hevc-open-gop-ts", "vp9-alt-ref", "vp9-alt-ref-mp4", "vp8-alt-ref", "av1-aom", "mpeg2-ts", "vfr",
    "edit-two", "edit-hidden", "mkv-concat", "palette-once", "h264-pps-change", "change-size-ts", "h264-all-key",
    "mp4-fragmented", "ts-discontinuity", "attached-picture",
  ]

  @Test(arguments: ShortRun.sample(hard)) func hardClipsAreExact(_ name: String) async throws {
    guard let path = try ClipMaker.shared.path(of: name) else { return }
    let reference = try Reference.cached(path)
    let all = expected(reference, 0..<reference.lines.count)
    for direction in Direction.allCases {
      // On a busy machine all of a short clip may be there before the other sessions are.
      for attempt in 1... {
        let buffer = try await FrameBuffer.open(path, options: Self.options())
        let frames = try await read(buffer, 0..<Int.max, direction)
        #expect(frames == (direction == .forward ? all : all.reversed()), "\(name)")
        let isDivided = buffer.metrics.segments > 0
        await buffer.close()
        if isDivided || !Self.divided.contains(name) { break }
        try #require(attempt < 20, "\(name) is never divided")
      }
    }
  }
}
