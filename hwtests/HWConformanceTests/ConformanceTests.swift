import Testing
import VABuf
import VABufTestKit

/// Every clip, in software and on every device there is: the software VA driver, and the node that `VABUF_TEST_DEVICE`
/// names.
@Suite struct ConformanceTests {
  /// - Parameter device: nil is software.
  private func check(_ path: String, _ name: String, _ device: TestDevice?) async throws {
    let outcome =
      if let device {
        try await device.run { try await Conformance.check(path, name: name, on: $0) }
      } else {
        try await Conformance.check(path, name: name, on: nil)
      }
    switch outcome {
    case .agreed(let frames): #expect(frames > 0, "\(name) has no frame")
    case .skipped(let reason):
      print("skipped: \(name) on \(device?.description ?? "host"): \(reason)")
      // Only a GPU may be without a codec.
      if case .node = device {} else { Issue.record("\(name): \(reason)") }
    case .differed(let problems): for problem in problems { Issue.record("\(problem)") }
    }
  }

  @Test(arguments: ShortRun.sample(Conformance.clips)) func host(_ name: String) async throws {
    guard let path = try ClipMaker.shared.path(of: name) else { return }
    try await check(path, name, nil)
  }

  @Test(
    .enabled(if: !TestDevice.all.isEmpty, "\(TestDevice.reason)"),
    arguments: ShortRun.sample(Conformance.clips), TestDevice.all)
  func generatedClip(_ name: String, _ device: TestDevice) async throws {
    guard let path = try ClipMaker.shared.path(of: name) else { return }
    try await check(path, name, device)
  }

  @Test(
    .enabled(if: RealMedia.folder != nil, "\(RealMedia.reason)"),
    arguments: ShortRun.sample(RealMedia.files("h264")), TestDevice.all)
  func realH264(_ path: String, _ device: TestDevice) async throws { try await check(path, path, device) }

  /// AV1 is another decoder in hardware than in software.
  @Test(
    .enabled(if: RealMedia.folder != nil, "\(RealMedia.reason)"),
    arguments: ShortRun.sample(RealMedia.files("files").filter { !$0.contains("av1") }), TestDevice.all)
  func realFile(_ path: String, _ device: TestDevice) async throws { try await check(path, path, device) }
}
