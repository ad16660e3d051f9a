import FFmpegMedia
import FrameModel
import Testing
import VABufTestKit

@testable import Decoding

/// Runs, seek points, and what becomes of those that lie.
@Suite struct DecodeEngineTests {
  /// An engine that finds a kept index of this file, changed by `change`.
  private func engine(_ path: String, _ folder: TemporaryFolder, _ change: (inout FrameIndex) -> Void) throws
    -> DecodeEngine
  {
    var index = try DecodeEngine(SessionOptions(path)).index
    change(&index)
    let identity = try #require(FileIdentity(path: path, stream: 0))
    try folder.store.save(index, identity)
    let engine = try DecodeEngine(SessionOptions(path, store: folder.store))
    #expect(engine.index == index)
    return engine
  }

  /// Every packet a seek point: most of them lie. Frames come out right all the same, from any direction, and a point
  /// that lied is not tried twice: the second round decodes no more than a run from the start for each frame.
  ///
  /// Not HEVC: its decoder makes up references that it does not have, says so in its log only, and emits the frame that
  /// is due. There only pictures of a linear decode tell.
  @Test(arguments: ["h264-pyramid", "h264-gop12", "vp9-alt-ref", "vp8-alt-ref", "h264-low-delay"])
  func seekPointsThatLieAreNotUsedAgain(_ name: String) throws {
    guard let path = try ClipMaker.shared.path(of: name) else { return }
    let expected = try Reference.cached(path).lines.map(\.md5)
    let folder = try TemporaryFolder()
    let engine = try engine(path, folder) { index in
      let true0 = index.frameOfPacket
      index.seekPoints = index.packets.indices.compactMap { packet in
        true0[packet] >= 0 || packet == 0 ? .init(packet: packet, firstFrame: max(0, Int(true0[packet]))) : nil
      }
      index.seekPoints.sort { ($0.packet, $0.firstFrame) < ($1.packet, $1.firstFrame) }
      // First frames must rise with packets for the search.
      var last = -1
      index.seekPoints.removeAll { point in
        defer { last = max(last, point.firstFrame) }
        return point.firstFrame <= last
      }
    }
    for number in stride(from: expected.count - 1, through: 0, by: -7) {
      let frame = try engine.frame(number)
      #expect(frame?.descriptor.number == number)
      #expect(try frame?.md5() == expected[number], "\(name): frame \(number)")
    }
    let before = engine.decodedFrames
    let target = expected.count - 1
    #expect(try engine.frame(0)?.md5() == expected[0])
    #expect(try engine.frame(target)?.md5() == expected[target])
    #expect(engine.decodedFrames - before <= 2 * expected.count + 2)
  }

  @Test func aFalseFirstFrameIsNoticed() throws {
    guard let path = try ClipMaker.shared.path(of: "h264-gop12") else { return }
    let expected = try Reference.cached(path).lines.map(\.md5)
    let folder = try TemporaryFolder()
    // Keyframes that claim to be the frame after.
    let engine = try engine(path, folder) { index in
      for number in index.seekPoints.indices.dropFirst() { index.seekPoints[number].firstFrame += 1 }
    }
    for number in [59, 37, 25, 24, 13, 12, 0] {
      #expect(try engine.frame(number)?.md5() == expected[number], "frame \(number)")
    }
    #expect(engine.indexGeneration == 0, "the index itself was right")
  }

  /// Headers that promise a frame too many: the stream is decoded once, and the truth is kept.
  @Test func aPromiseThatDecodingRefutesIsReplacedByProof() throws {
    guard let path = try ClipMaker.shared.path(of: "h264-gop12") else { return }
    let expected = try Reference.cached(path).lines.map(\.md5)
    let folder = try TemporaryFolder()
    let engine = try engine(path, folder) { index in
      index = FrameIndex(
        timeBase: index.timeBase, packets: index.packets, frames: index.frames + [index.frames[3]],
        seekPoints: index.seekPoints, proof: .demuxed)
    }
    #expect(try engine.digests() == expected)
    #expect(engine.index.proof == .decoded && engine.index.doubts.contains(.refuted))
    #expect(engine.index.pictureHashes.count == expected.count)
    #expect(engine.indexGeneration == 1)
    let kept = folder.store.load(try #require(FileIdentity(path: path, stream: 0)))
    #expect(kept == engine.index)
  }

  @Test(arguments: ["h264-open-gop-start", "h264-paff-unpaired", "hevc-mid-start", "mpeg4-packed", "gif"])
  func doubtsAreDecodedOnceAndKept(_ name: String) throws {
    guard let path = try ClipMaker.shared.path(of: name) else { return }
    let folder = try TemporaryFolder()
    let first = try DecodeEngine(SessionOptions(path, store: folder.store))
    #expect(first.index.proof != .demuxed || !first.index.pictureHashes.isEmpty, "something was decoded")
    #expect(!first.index.doubts.isEmpty)
    let second = try DecodeEngine(SessionOptions(path, store: folder.store))
    #expect(second.index == first.index)
    #expect(second.decodedFrames == 0 && second.indexGeneration == 0)
    #expect(try second.digests() == Reference.cached(path).lines.map(\.md5))
  }

  @Test func framesBeforeTheWantedOneAreGivenOutOnRequest() throws {
    guard let path = try ClipMaker.shared.path(of: "h264-gop12") else { return }
    let engine = try DecodeEngine(SessionOptions(path))
    try engine.seek(to: 20, keeping: 15)
    var numbers: [Int] = []
    while let frame = try engine.nextFrame(), frame.descriptor.number <= 20 { numbers.append(frame.descriptor.number) }
    #expect(numbers == Array(15...20))
    #expect(engine.position == 22)
    // Going on costs nothing but the frames between.
    let before = engine.decodedFrames
    #expect(try engine.frame(23)?.descriptor.number == 23)
    #expect(engine.decodedFrames - before == 2)
  }

  /// What nothing depends on is not decoded on the way to a frame, and is there when it is asked for.
  @Test(arguments: [
    "h264-pyramid", "h264-pyramid-ts", "hevc-open-gop", "hevc-closed", "mpeg2-ts", "h264-paff-mkv", "av1-aom",
  ])
  func whatNobodyNeedsIsNotDecoded(_ name: String) throws {
    guard let path = try ClipMaker.shared.path(of: name) else { return }
    let expected = try Reference.cached(path).lines.map(\.md5)
    let engine = try DecodeEngine(SessionOptions(path))
    #expect(engine.index.proof == .demuxed)
    let disposable = engine.index.frames.indices.filter {
      engine.index.packets[Int(engine.index.frames[$0].packet)].flags.contains(.disposable)
    }
    if name != "h264-paff-mkv" { #expect(!disposable.isEmpty, "\(name): \(engine.index.packets.prefix(12))") }
    for last in [expected.count - 1, expected.count / 2, 7] {
      let start = engine.index.seekPoint(for: last).firstFrame
      let before = engine.decodedFrames
      #expect(try engine.frame(last)?.md5() == expected[last], "frame \(last)")
      let omitted = disposable.count { start <= $0 && $0 < last }
      // Frames of other GOPs may come out on the way, where a run goes on.
      #expect(engine.decodedFrames - before <= last - start + 1 - omitted + 4, "frame \(last)")
      for number in disposable.reversed() where start <= number && number < last {
        #expect(try engine.frame(number)?.md5() == expected[number], "frame \(number) after \(last)")
      }
    }
    #expect(try engine.digests() == expected)
    #expect(engine.indexGeneration == 0)
  }

  @Test func theEndIsNoFrame() throws {
    guard let path = try ClipMaker.shared.path(of: "h264-gop12") else { return }
    let engine = try DecodeEngine(SessionOptions(path))
    #expect(engine.position == nil)
    guard case .ended = try engine.step() else {
      Issue.record("an engine that was told nothing gave something")
      return
    }
    #expect(try engine.frame(59)?.descriptor.number == 59)
    #expect(try engine.nextFrame() == nil)
    #expect(engine.position == nil)
    #expect(try engine.frame(0)?.descriptor.number == 0)
  }

  // MARK: - Memory

  static let memoryClips = [
    "h264-pyramid", "hevc-open-gop", "vp9-alt-ref", "vp8-alt-ref", "mpeg2-ts", "av1-aom", "mjpeg-avi", "ffv1",
    "mpeg4-mp4", "h264-paff-mkv", "gif",
  ]

  /// The k-th allocation fails: a clear error, and then every frame as if nothing had been.
  @Test(arguments: memoryClips, [1, 4])
  func aRefusedAllocationFailsOneRequestOnly(_ name: String, threads: Int) throws {
    guard let path = try ClipMaker.shared.path(of: name) else { return }
    let expected = try Reference.cached(path).lines.map(\.md5)
    for call in ShortRun.sample(Array(1...20)) {
      let allocator = TrackingAllocator(refusing: [call])
      var errors = 0
      do {
        let engine: DecodeEngine
        do {
          engine = try DecodeEngine(SessionOptions(path, threads: threads), allocator)
        } catch let error as VABufError {
          #expect(error == TrackingAllocator.refusal(call), "\(name), call \(call): opening")
          continue
        }
        var number = 0
        try engine.seek(to: 0, keeping: 0)
        while number < expected.count {
          do {
            guard let frame = try engine.nextFrame() else { break }
            #expect(frame.descriptor.number == number, "\(name), call \(call)")
            let md5 = try frame.md5()
            #expect(md5 == expected[number], "\(name), call \(call), \(threads) threads: frame \(number)")
            number += 1
          } catch let error as VABufError {
            #expect(error == TrackingAllocator.refusal(call), "\(name), call \(call)")
            errors += 1
            try engine.seek(to: number, keeping: number)
          }
        }
        #expect(number == expected.count, "\(name), call \(call): all frames")
        #expect(errors == (allocator.callCount >= call ? 1 : 0), "\(name), call \(call): errors")
      }
      #expect(allocator.tracker.alive == 0, "\(name), call \(call): leaked buffers")
    }
  }
}
