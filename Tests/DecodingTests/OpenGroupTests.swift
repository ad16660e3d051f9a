import Foundation
import FrameModel
import Testing
import VABufTestKit

@testable import Decoding

/// Seek points that are no IDR. What decoders say there of pictures from before is not the stream's fault; what is wrong
/// with the seek point's own picture is.
@Suite struct OpenGroupTests {
  private static let clips = ["h264-open-gop", "h264-open-gop-bare", "h264-open-gop-bare-raw", "hevc-open-gop"]

  /// A process that begins there, with nothing decoded before: the true frames, no damage, and no seek point was given up.
  @Test(arguments: clips, [1, 2, 4])
  func eachSeekPointServesAtOnce(_ name: String, threads: Int) throws {
    guard let path = try ClipMaker.shared.path(of: name) else { return }
    let expected = try Reference.cached(path).lines.map(\.md5)
    let points = try DecodeEngine(SessionOptions(path)).index.seekPoints
    #expect(points.count > 3)
    let starts = points.map(\.firstFrame) + [expected.count]
    for (point, following) in zip(points, starts.dropFirst()) {
      let engine = try DecodeEngine(SessionOptions(path, threads: threads))
      // Into the next group, as its leading pictures need the decoder to be right.
      let end = min(following + 3, expected.count)
      try engine.seek(to: point.firstFrame, keeping: point.firstFrame)
      for number in point.firstFrame..<end {
        let frame = try engine.nextFrame()
        #expect(frame?.descriptor.number == number)
        #expect(try frame?.md5() == expected[number], "frame \(number) from \(point.firstFrame)")
      }
      #expect(engine.isAsPromised, "from \(point.firstFrame)")
      // Leading pictures may come out too, a second beginning may not.
      #expect(engine.decodedFrames < end - point.firstFrame + 5, "from \(point.firstFrame): decoding began again")
    }
  }

  @Test(arguments: clips, [1, 2, 4])
  func anyOrderKeepsTheThreads(_ name: String, threads: Int) throws {
    guard let path = try ClipMaker.shared.path(of: name) else { return }
    let expected = try Reference.cached(path).lines.map(\.md5)
    var random = SeededRandom(for: "open groups \(name) \(threads)")
    let engine = try DecodeEngine(SessionOptions(path, threads: threads))
    func check(_ frame: DecodedFrame?, _ number: Int) throws {
      #expect(frame?.descriptor.number == number)
      #expect(try frame?.md5() == expected[number], "frame \(number), seed \(random.seed)")
    }
    for number in expected.indices.reversed() { try check(engine.frame(number), number) }
    for number in expected.indices.shuffled(using: &random) { try check(engine.frame(number), number) }
    // Ranges that end, the last one first, as a reader who goes backward asks for them.
    for first in stride(from: expected.count - 7, through: 0, by: -7) {
      try engine.seek(to: first, keeping: first, parks: false, end: .at(first + 6))
      for number in first...first + 6 { try check(engine.nextFrame(), number) }
    }
    #expect(engine.isAsPromised)
  }

  /// What is wrong with the seek point's own picture.
  enum Damage: String {
    /// A byte of its samples.
    case byte
    /// One of its slices is of a kind that decoders pass over.
    case slice
  }

  /// Decoding begins at the damage, so that nothing before it tells.
  @Test(
    arguments: [("h264-open-gop-bare", Damage.byte), ("h264-slices", .slice), ("hevc-slices", .slice)], [1, 4])
  func damageOfTheSeekPointItselfIsNoticed(_ clip: (name: String, damage: Damage), threads: Int) throws {
    guard let path = try ClipMaker.shared.path(of: clip.name) else { return }
    let index = try DecodeEngine(SessionOptions(path)).index
    for point in index.seekPoints.dropFirst() {
      let packet = index.packets[point.packet]
      var bytes = try Bytes.read(path)
      let samples = Int(packet.position)..<Int(packet.position) + Int(packet.byteCount)
      switch clip.damage {
      case .byte: bytes[samples.lowerBound + samples.count / 2] ^= 0x55
      case .slice:
        // The last NAL unit of the packet; each has its length before it.
        var unit = samples.lowerBound
        while true {
          let length = bytes[unit..<unit + 4].reduce(0) { $0 << 8 | Int($1) }
          guard unit + 4 + length < samples.upperBound else { break }
          unit += 4 + length
        }
        // Unspecified, reserved.
        bytes[unit + 4] = clip.name.hasPrefix("hevc") ? 41 << 1 : bytes[unit + 4] & 0xe0 | 31
      }
      let folder = try TemporaryFolder()
      let copy = folder.path + "/damaged.mp4"
      try Bytes.write(bytes, copy)
      let engine = try DecodeEngine(SessionOptions(copy, threads: threads))
      #expect(engine.isAsPromised, "headers do not tell")
      _ = try engine.frame(point.firstFrame)
      #expect(engine.index.isRepeatable, "frame \(point.firstFrame)")
    }
  }

  /// The first request for a damaged file may be for any of its groups: what comes from there on is what one thread
  /// decodes from the start.
  @Test(
    .timeLimit(.minutes(10)),
    arguments: ShortRun.sample([
      "flip-h264-open-gop-bare-raw-2000", "hole-h264-open-gop-bare-raw", "flip-h264-pyramid-raw-2000",
      "hole-h264-pyramid-raw", "flip-hevc-open-gop-mkv-2000", "hole-hevc-open-gop-ts",
    ]), [1, 4])
  func damagedStreamsAreTheSameFromEverySeekPoint(_ name: String, threads: Int) throws {
    guard let path = try ClipMaker.shared.path(of: name) else { return }
    let expected = try Reference.cached(path, threads: 1).lines.map(\.md5)
    let points = try DecodeEngine(SessionOptions(path)).index.seekPoints
    for point in points {
      let engine = try DecodeEngine(SessionOptions(path, threads: threads))
      try engine.seek(to: point.firstFrame, keeping: point.firstFrame)
      var number = point.firstFrame
      while let frame = try engine.nextFrame() {
        #expect(frame.descriptor.number == number)
        #expect(try frame.md5() == expected[number], "frame \(number) from \(point.firstFrame)")
        number += 1
      }
      #expect(number == expected.count, "from \(point.firstFrame)")
    }
  }
}

extension DecodeEngine {
  /// Nothing was met that the headers did not promise: the stream keeps its threads, and was not decoded to know it.
  fileprivate var isAsPromised: Bool { !index.isRepeatable && indexGeneration == 0 && index.proof == .demuxed }
}
