import Testing
import VABuf
import VABufTestKit

/// Downloads that leave the samples as surfaces hold them.
@Suite(.enabled(if: !TestDevice.all.isEmpty, "\(TestDevice.reason)"))
struct HostFormatTests {
  /// A clip, and what ffmpeg gives where it is asked for that format.
  private static let cases = [
    ("h264-pyramid", "nv12"), ("vp9-odd", "nv12"), ("hevc-odd", "nv12"), ("hevc-main10", "p010le"),
    ("vp9-10", "p010le"),
  ]

  @Test(arguments: cases, TestDevice.all) func pairsStayPairs(_ sample: (String, String), _ device: TestDevice)
    async throws
  {
    let (name, format) = sample
    guard let path = try ClipMaker.shared.path(of: name) else { return }
    let expected = try Reference.cached(path, pixelFormat: format).lines
    #expect(!expected.isEmpty)
    try await device.run { node in
      var options = hardwareOptions(node)
      options.hostFormat = .surface
      let buffer = try await FrameBuffer.open(path, options: options)
      try await Conformance.closing(buffer) { buffer in
        var count = 0
        for try await frame in buffer.frames(0..<expected.count) {
          #expect(frame.descriptor.backend == .vaapi && frame.descriptor.layout.format.name == format)
          #expect(frame.descriptor.layout.visibleBytes == expected[count].size)
          #expect(try FrameDigest.md5(frame) == expected[count].md5, "frame \(count)")
          count += 1
        }
        #expect(count == expected.count)
      }
    }
  }
}
