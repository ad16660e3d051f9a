import Testing
import VABuf
import VABufTestKit

/// Copies are counted by the driver, so these run on the software driver only.
@Suite(.enabled(if: SoftwareDriver.isUsable, "\(SoftwareDriver.reason)"))
struct ZeroCopyTests {
  /// Calls that make pixels visible to the host, whoever makes them.
  private static let visible = ["vaCreateImage", "vaDeriveImage", "vaGetImage", "vaPutImage", "vaMapBuffer"]

  private func calls(_ run: SoftwareDriver.Run) throws -> [String: Int] {
    try run.reports().reduce(into: [:]) { $0.merge($1.calls) { $0 + $1 } }
  }

  @Test func framesInSurfacesAreNotCopied() async throws {
    guard let clip = try SurfaceClips.make(SurfaceClips.long) else { return }
    try await SoftwareDriver.run { run in
      let buffer = try await FrameBuffer.open(clip.path, options: hardwareOptions(run.device))
      try await Conformance.closing(buffer) { buffer in
        var count = 0
        for try await frame in buffer.frames(0..<300, in: .anywhere) {
          #expect(frame.number == count && frame.residency == .gpu)
          count += 1
        }
        #expect(count == 300)
        #expect(buffer.metrics.downloads == 0 && buffer.metrics.demotions == 0)
      }
      let calls = try calls(run)
      #expect(calls["vaEndPicture"] == 300, "the pictures were not decoded by the driver")
      for call in Self.visible { #expect(calls[call, default: 0] == 0, "\(call)") }
    }
  }

  @Test func readingOnTheHostIsOnePassEach() async throws {
    guard let clip = try SurfaceClips.make(SurfaceClips.long) else { return }
    try await SoftwareDriver.run { run in
      let buffer = try await FrameBuffer.open(clip.path, options: hardwareOptions(run.device))
      try await Conformance.closing(buffer) { buffer in
        var count = 0
        for try await frame in buffer.frames(0..<300) {
          #expect(try FrameDigest.md5(frame) == clip.md5s[count], "frame \(count)")
          count += 1
        }
        #expect(buffer.metrics.downloads == 300)
      }
      let calls = try calls(run)
      // One more is FFmpeg's look at what the driver can.
      #expect(calls["vaGetImage", default: 0] + calls["vaDeriveImage", default: 0] == 301)
      #expect(calls["vaMapBuffer"] == 300)
      // One image is made, and used again; FFmpeg makes one for each of its tries.
      #expect(calls["vaCreateImage", default: 0] <= 4)
    }
  }
}
