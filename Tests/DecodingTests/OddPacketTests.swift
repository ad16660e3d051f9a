import Testing
import VABufTestKit

@testable import Decoding

/// Packets that give no frame, of codecs whose packets decode by themselves: the numbers are right before anything was
/// decoded in order.
@Suite struct OddPacketTests {
  @Test(.timeLimit(.minutes(5)), arguments: Clips.oddPackets) func aFrameIsTheRightOneAtOnce(_ clip: Clip) throws {
    guard let path = try ClipMaker.shared.path(of: clip.name) else { return }
    let reference = try Reference.cached(path).lines.map(\.md5)
    try #require(reference.count > 8)
    for number in reference.indices.reversed() {
      let engine = try DecodeEngine(SessionOptions(path))
      #expect(engine.index.frames.count == reference.count)
      #expect(try engine.frame(number)?.md5() == reference[number], "frame \(number)")
      #expect(engine.index.isRepeatable == clip.tags.contains(.damaged))
    }
  }
}
