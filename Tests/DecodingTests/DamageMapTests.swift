import Foundation
import FrameModel
import Testing
import VABufTestKit

@testable import Decoding

/// Which frames are said to be damaged.
@Suite struct DamageMapTests {
  /// Packets 0 to 7 in groups of four, each with a picture that comes out before the one that was decoded before it;
  /// packets 2 and 6 are disposable.
  private func index() -> FrameIndex {
    let packets = (0..<8).map { number in
      PacketRecord(
        pts: Int64(number), dts: Int64(number), duration: 1, position: -1, byteCount: 1, fingerprint: 0,
        flags: number % 4 == 2 ? .disposable : [])
    }
    let frames = ([0, 2, 1, 3, 4, 6, 5, 7] as [Int32]).enumerated().map {
      FrameIndex.Entry(packet: $1, isKeyframe: $1 % 4 == 0, pts: Int64($0), duration: 1)
    }
    return FrameIndex(
      timeBase: Rational(1, 25), packets: packets, frames: frames,
      seekPoints: [.init(packet: 0, firstFrame: 0), .init(packet: 4, firstFrame: 4)], proof: .decoded)
  }

  @Test(arguments: [
    ([], [], []), ([1], [], [1, 2, 3]), ([2], [], [1]), ([3], [], [3]), ([0], [], [0, 1, 2, 3]),
    ([5, 6], [], [5, 6, 7]), ([2, 7], [], [1, 7]), ([], [2], [0, 1, 2, 3]), ([], [7], [4, 5, 6, 7]),
    ([3], [6], [3, 4, 5, 6, 7]), ([], [2, 4], [0, 1, 2, 3, 4, 5, 6, 7]),
  ])
  func damageReachesToTheNextSeekPoint(_ lossy: [Int], _ orphaned: [Int], _ frames: [Int]) {
    var map = DamageMap()
    for packet in lossy { map.met(in: packet, by: 0) }
    for packet in orphaned { map.missed(by: packet, by: 0) }
    var index = index()
    map.mark(&index)
    #expect(index.frames.indices.filter { index.frames[$0].isDamaged } == frames)
  }

  /// Whatever packet comes next.
  @Test func whatFollowsOnAGapIsDamaged() {
    var map = DamageMap()
    map.lost(at: 2, by: 1)
    var index = index()
    map.mark(&index)
    #expect(index.frames.indices.filter { index.frames[$0].isDamaged } == [1, 3])
  }

  /// A disposable picture that does not come out may have been another one.
  @Test func whatGivesNoFrameMayBeReferredTo() {
    var map = DamageMap()
    map.met(in: 2, by: 1)
    let whole = index()
    var index = FrameIndex(
      timeBase: whole.timeBase, packets: whole.packets, frames: whole.frames.filter { $0.packet != 2 },
      seekPoints: [.init(packet: 0, firstFrame: 0), .init(packet: 4, firstFrame: 3)], proof: .decoded)
    map.mark(&index)
    #expect(index.frames.filter(\.isDamaged).map(\.packet) == [3])
  }

  @Test func countedFramesAreDamagedFromThereOn() {
    var map = DamageMap()
    map.met(in: nil, by: 5)
    map.missed(by: 3, by: 2)
    var index = index()
    index.proof = .counted
    map.mark(&index)
    #expect(index.frames.indices.filter { index.frames[$0].isDamaged } == [2, 3, 4, 5, 6, 7])
  }

  /// A packet is spoilt in its middle: whatever then shows another picture than the whole file is said to be damaged, and
  /// nothing is beyond the group.
  @Test(
    .timeLimit(.minutes(5)),
    arguments: [
      "h264-gop12", "h264-pyramid", "hevc-open-gop-mkv", "vp8-alt-ref", "mpeg2-closed", "mpeg4-avi",
      "mjpeg-avi",
    ])
  func whatDiffersIsSaidToBeDamaged(_ name: String) throws {
    guard let path = try ClipMaker.shared.path(of: name) else { return }
    let whole = try Reference.cached(path).lines.map(\.md5)
    let folder = try TemporaryFolder()
    let bytes = try Bytes.read(path)
    let promised = try DecodeEngine(SessionOptions(path)).index
    var noticed = 0
    for place in [1, 2, 3].map({ $0 * promised.packets.count / 4 }) {
      let record = promised.packets[place]
      let (start, count) = (bytes.startIndex + Int(record.position), Int(record.byteCount))
      var damaged = bytes
      for position in start + count / 3..<start + 2 * count / 3 { damaged[position] = 0xff }
      let copy = folder.path + "/damaged.\(path.split(separator: ".").last ?? "")"
      try Bytes.write(damaged, copy)
      let engine = try DecodeEngine(SessionOptions(copy, store: folder.store))
      _ = try engine.digests()
      let shown = try engine.digests()
      #expect(shown.count == whole.count, "packet \(place)")
      // What is another valid bitstream is met by no decoder.
      guard engine.index.isRepeatable, shown.count == whole.count else { continue }
      noticed += 1
      let differing = Set(whole.indices.filter { whole[$0] != shown[$0] })
      let named = Set(engine.index.frames.indices.filter { engine.index.frames[$0].isDamaged })
      #expect(!differing.isEmpty && differing.isSubset(of: named), "packet \(place): \(differing.subtracting(named))")
      let first = promised.seekPoints.last { $0.packet <= place }?.firstFrame ?? 0
      let next = promised.seekPoints.first { $0.packet > place }?.firstFrame ?? .max
      #expect(named.allSatisfy { first <= $0 && $0 < next }, "packet \(place): \(named.sorted())")
      for number in [differing.min(), named.max().map { $0 + 1 }].compactMap({ $0 }) where number < whole.count {
        #expect(try engine.frame(number)?.descriptor.isDamaged == named.contains(number), "frame \(number)")
      }
      // Another process knows as much.
      let later = try DecodeEngine(SessionOptions(copy, store: folder.store)).index
      #expect(Set(later.frames.indices.filter { later.frames[$0].isDamaged }) == named)
    }
    #expect(noticed > 0)
  }

  /// A packet is missing: the decoder says so when a picture refers to it, if at all. The container may.
  @Test(
    .timeLimit(.minutes(5)),
    arguments: [
      "h264-gop12", "h264-pyramid", "hevc-open-gop-mkv", "h264-open-gop-ts", "hevc-open-gop-ts", "mpeg2-ts",
    ])
  func whatLacksAPictureIsSaidToBeDamaged(_ name: String) throws {
    guard let path = try ClipMaker.shared.path(of: name) else { return }
    let bytes = try Bytes.read(path)
    let whole = try pictures(path)
    let folder = try TemporaryFolder()
    let count = try DecodeEngine(SessionOptions(path)).index.packets.count
    var noticed = 0
    // All of a group, and some of the others.
    let places = Array(12..<26) + Array(stride(from: 29, to: count - 5, by: 6))
    for place in places {
      var copy = folder.path + "/lost-\(place).ts"
      if name.hasSuffix("-ts") {
        // One packet of the transport stream.
        let start = bytes.startIndex + bytes.count / 188 * place / count * 188
        try Bytes.write(bytes[..<start] + bytes[(start + 188)...], copy)
      } else {
        let arguments = "-i @\(name) -map 0:v -c copy -bsf:v noise=amount=0:drop=eq(n\\,\(place))"
        let lossy = Clip("lost-\(place)-\(name)", "mkv", "a packet is missing", [.damaged], arguments)
        guard case .made(let path) = try ClipMaker.shared.file(of: lossy) else { continue }
        copy = path
      }
      for verifies in [true, false] {
        var options = SessionOptions(copy)
        options.verifies = verifies
        let engine = try DecodeEngine(options)
        // Numbers are sure once the damage was met.
        _ = try engine.digests()
        // A part that no picture is in, or one without which it is another valid bitstream.
        guard engine.index.isRepeatable || !engine.index.doubts.isDisjoint(with: [.damage, .refuted]) else { continue }
        noticed += 1
        let shown = try engine.digests()
        let unnamed = engine.index.frames.enumerated().filter { number, frame in
          !frame.isDamaged && whole[frame.pts].map { $0 != shown[number] } ?? false
        }
        #expect(unnamed.isEmpty, "packet \(place), \(verifies ? "verified, " : "")frames \(unnamed.map(\.offset))")
      }
    }
    #expect(noticed > 0)
  }

  /// By their times.
  private func pictures(_ path: String) throws -> [Int64: String] {
    let engine = try DecodeEngine(SessionOptions(path))
    let shown = try engine.digests()
    return Dictionary(uniqueKeysWithValues: zip(engine.index.frames.map(\.pts), shown))
  }
}
