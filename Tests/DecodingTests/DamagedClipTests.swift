import FrameModel
import Testing
import VABufTestKit

@testable import Decoding

/// Files that are cut off, have holes or flipped bits: no trap, no hang, the frames of `ffmpeg -threads 1`, and the same
/// bytes whichever way a frame is read.
@Suite struct DamagedClipTests {
  /// Parts of their pictures are not decoded, not even concealed: ffmpeg shows what its buffers held before, vabuf
  /// nothing.
  private static let residue: Set<String> = Set([
    "flip-h264-slices-800", "flip-h264-slices-4000", "flip-hevc-open-gop-mkv-300", "flip-hevc-open-gop-raw-2000",
    "flip-vp8-alt-ref-2000", "flip-mjpeg-avi-2000",
  ]).union(isSevenOrLater ? ["flip-mpeg2-ts-300"] : [])

  /// FFmpeg 7 overreads HEVC slices of x265, says so, and gives other pictures from run to run: that is damage, whoever
  /// is to blame.
  private static let overread: Set<String> = isSevenOrLater ? ["hevc-slices"] : []

  private static let isSevenOrLater = Int(LibraryVersions.ffmpeg.prefix(while: \.isNumber)).map { $0 >= 7 } ?? true

  @Test(.timeLimit(.minutes(10)), arguments: ShortRun.sample(Clips.tagged([.damaged]).map(\.name)))
  func damageEndsWellAndIsTheSameEachTime(_ name: String) throws {
    guard let path = try ClipMaker.shared.path(of: name) else { return }
    let reference = try Reference.cached(path, threads: 1)
    guard !reference.lines.isEmpty else {
      #expect(throws: VABufError.self) { try DecodeEngine(SessionOptions(path)) }
      return
    }
    let engine = try DecodeEngine(SessionOptions(path))
    var random = SeededRandom(for: "damaged \(name)")
    let first = try engine.digests()
    for attempt in 1...6 {
      let generation = engine.indexGeneration
      let forward = try engine.digests()
      var different: [Int] = []
      for number in forward.indices.reversed() + forward.indices.shuffled(using: &random).prefix(15) {
        let frame = try engine.frame(number)
        #expect(frame?.descriptor.number == number)
        if try frame?.md5() != forward[number] { different.append(number) }
      }
      guard engine.indexGeneration == generation else {
        #expect(attempt < 6, "never settles")
        continue
      }
      #expect(forward.count == reference.lines.count, "frames")
      if !Self.residue.contains(name) { #expect(forward == reference.lines.map(\.md5)) }
      #expect(first == forward, "frames that were given out before the damage was met")
      #expect(different.isEmpty, "seed \(random.seed)")
      return
    }
  }

  /// A packet that looks right and cannot be decoded is known once it was decoded: a stream that was verified has the true
  /// numbers at once, also for a process that jumps over the packet.
  @Test(arguments: ["spoil-vp9", "spoil-vp9-mkv"]) func verifiedStreamsAreNumberedRightAtOnce(_ name: String) throws {
    guard let path = try ClipMaker.shared.path(of: name) else { return }
    let reference = try Reference.cached(path, threads: 1).lines.map(\.md5)
    let folder = try TemporaryFolder()
    var options = SessionOptions(path, store: folder.store)
    options.verifies = true
    let verified = try DecodeEngine(options)
    #expect(verified.index.frames.count == reference.count)
    #expect(try verified.frame(reference.count - 1)?.md5() == reference.last)
    // Another process, which finds what the first one kept.
    let later = try DecodeEngine(SessionOptions(path, store: folder.store))
    for number in [reference.count - 1, 21, 8] {
      #expect(try later.frame(number)?.md5() == reference[number], "frame \(number)")
    }
    #expect(later.indexGeneration == 0)
  }

  /// What verifying finds right stays as quick as it was.
  @Test func verifyingAGoodStreamChangesNothing() throws {
    guard let path = try ClipMaker.shared.path(of: "h264-pyramid") else { return }
    let promised = try DecodeEngine(SessionOptions(path)).index
    var options = SessionOptions(path)
    options.verifies = true
    let engine = try DecodeEngine(options)
    #expect(engine.index.proof == .demuxed && engine.index.frames == promised.frames)
    #expect(engine.index.doubts.isEmpty && engine.indexGeneration == 0)
    #expect(try engine.frame(5)?.md5() == Reference.cached(path).lines[5].md5)
  }

  /// What decoders write of undamaged streams, after seeks too, is not taken for damage: that would cost their threads.
  @Test(
    .timeLimit(.minutes(10)),
    arguments: ShortRun.sample(
      Clips.all.filter { !$0.tags.contains(.damaged) && !overread.contains($0.name) }.map(\.name)))
  func undamagedStreamsKeepTheirThreads(_ name: String) throws {
    guard let path = try ClipMaker.shared.path(of: name) else { return }
    let engine = try DecodeEngine(SessionOptions(path))
    let generation = engine.indexGeneration
    _ = try engine.digests()
    for number in stride(from: engine.index.frames.count - 1, through: 0, by: -5) { _ = try engine.frame(number) }
    #expect(!engine.index.isRepeatable)
    #expect(engine.indexGeneration == generation)
  }

  /// Files that are cut off at any place: each opens or says why not.
  @Test(.timeLimit(.minutes(10)), arguments: ["h264-gop12", "vp9-alt-ref", "mpeg2-ts", "h264-raw", "av1-aom", "gif"])
  func filesCutOffAnywhere(_ name: String) throws {
    guard let path = try ClipMaker.shared.path(of: name) else { return }
    let folder = try TemporaryFolder()
    let bytes = try Bytes.read(path)
    let full = try Reference.cached(path).lines.count
    for part in ShortRun.sample(Array(0..<24)) {
      let copy = folder.path + "/cut.\(path.split(separator: ".").last ?? "")"
      try Bytes.write(bytes.prefix(bytes.count * part / 24), copy)
      do {
        let engine = try DecodeEngine(SessionOptions(copy))
        let digests = try engine.digests()
        #expect(digests.count <= full, "\(name), \(part)/24")
        #expect(digests.count == engine.index.frames.count, "\(name), \(part)/24")
      } catch let error as VABufError {
        #expect(error.what == copy && !error.why.isEmpty && !error.remedy.isEmpty, "\(error)")
      }
    }
  }
}
