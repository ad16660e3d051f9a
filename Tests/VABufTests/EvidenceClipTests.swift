import Foundation
import Testing
import VABuf
import VABufTestKit

/// The clips within the product are what they say they are.
@Suite(.serialized) struct EvidenceClipTests {
  @Test func allCodecsAndProfilesAreThere() {
    let names = Set(EvidenceClip.all.map(\.name))
    #expect(names.count == EvidenceClip.all.count)
    for height in ["1080p", "2160p"] {
      for profile in [
        "h264-constrained-baseline", "h264-main", "h264-high", "hevc-main", "hevc-main10", "vp8", "vp9-profile0",
        "vp9-profile2", "av1-main", "av1-main10", "jpeg-baseline",
      ] {
        #expect(names.contains("\(profile)-\(height)"), "\(profile) \(height)")
      }
    }
    #expect(names.contains("h264-high-interlaced-1080i") && names.contains("mpeg2-main-1080p"))
    for clip in EvidenceClip.all {
      #expect(clip.md5s.count == clip.frameCount && Set(clip.md5s).count == clip.frameCount, "\(clip.name)")
    }
  }

  @Test(arguments: ShortRun.sample(EvidenceClip.all.map(\.name))) func softwareIsExact(_ name: String) async throws {
    let clip = try #require(EvidenceClip.all.first { $0.name == name })
    let path = NSTemporaryDirectory() + "/vabuf-\(UUID().uuidString).\(clip.fileExtension)"
    try Data(clip.bytes).write(to: URL(fileURLWithPath: path))
    defer { try? FileManager.default.removeItem(atPath: path) }
    var options = FrameBuffer.Options()
    options.keepsIndex = false
    let buffer = try await FrameBuffer.open(path, options: options)
    try await Conformance.closing(buffer) { buffer in
      let info = try #require(buffer.stream)
      #expect(info.codec == clip.codec && info.width == clip.width && info.height == clip.height)
      #expect(info.indexDoubts == "", "headers are not enough for its index")
      var md5s: [String] = []
      for try await frame in buffer.frames(0..<Int.max) { md5s.append(try frame.md5()) }
      #expect(md5s == clip.md5s)
    }
  }

  /// One text for each kind of deflate's blocks, made by zlib.
  @Test(arguments: [
    ("AQYA+f9zdG9yZWQ=", "stored"),
    ("S8usSE1JgxMA", "fixedfixedfixed"),
  ]) func inflates(_ packed: String, _ text: String) throws {
    let bytes = [UInt8](try #require(Data(base64Encoded: packed)))
    #expect(String(decoding: EmbeddedFile.inflated(bytes, byteCount: text.utf8.count), as: UTF8.self) == text)
  }
}
