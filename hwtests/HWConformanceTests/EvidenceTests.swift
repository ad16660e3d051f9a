import Foundation
import Testing
import VABuf
import VABufTestKit

/// The clips that `vabuf probe` decodes come out exact on a device that does it right.
@Suite(.enabled(if: !TestDevice.all.isEmpty, "\(TestDevice.reason)")) struct EvidenceTests {
  @Test(arguments: ShortRun.sample(EvidenceClip.all.map(\.name)), TestDevice.all)
  func hardwareIsExact(_ name: String, _ device: TestDevice) async throws {
    let clip = try #require(EvidenceClip.all.first { $0.name == name })
    let path = NSTemporaryDirectory() + "/vabuf-\(UUID().uuidString).\(clip.fileExtension)"
    try Data(clip.bytes).write(to: URL(fileURLWithPath: path))
    defer { try? FileManager.default.removeItem(atPath: path) }
    try await device.run { node in
      let buffer: FrameBuffer
      do {
        buffer = try await FrameBuffer.open(path, options: hardwareOptions(node))
      } catch let error as VABufError where error.code == .backendUnavailable {
        print("skipped: \(name) on \(device): \(error)")
        // Only a GPU may be without a codec.
        if case .node = device {} else { throw error }
        return
      }
      try await Conformance.closing(buffer) { buffer in
        var md5s: [String] = []
        for try await frame in buffer.frames(0..<Int.max) {
          #expect(frame.descriptor.backend == .vaapi)
          md5s.append(try frame.md5())
        }
        #expect(md5s == clip.md5s)
      }
    }
  }
}
