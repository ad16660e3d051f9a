import Testing
import VABuf
import VABufTestKit

/// Every clip, on every device there is: the software VA driver, and the node that `VABUF_TEST_DEVICE` names.
@Suite(.enabled(if: !TestDevice.all.isEmpty, "\(TestDevice.reason)"))
struct ConformanceTests {
  private func check(_ path: String, _ name: String, _ device: TestDevice) async throws {
    let outcome = try await device.run { try await HardwareConformance.check(path, name: name, on: $0) }
    switch outcome {
    case .agreed(let frames): #expect(frames > 0, "\(name) has no frame")
    case .skipped(let reason):
      print("skipped: \(name) on \(device): \(reason)")
      // The driver of ours has no such excuse.
      #expect(device != .softwareDriver, "\(name): \(reason)")
    case .differed(let problems): for problem in problems { Issue.record("\(problem)") }
    }
  }

  @Test(arguments: ShortRun.sample(HardwareConformance.clips), TestDevice.all)
  func generatedClip(_ name: String, _ device: TestDevice) async throws {
    guard let path = try ClipMaker.shared.path(of: name) else { return }
    try await check(path, name, device)
  }

  /// What a real clip's codec and format are is only known when it is opened: those that VA-API does not have are
  /// skipped on all devices.
  @Test(
    .enabled(if: RealMedia.folder != nil, "\(RealMedia.reason)"),
    arguments: ShortRun.sample(RealMedia.files("h264")), TestDevice.all)
  func realH264(_ path: String, _ device: TestDevice) async throws { try await check(path, path, device) }

  @Test(
    .enabled(if: RealMedia.folder != nil, "\(RealMedia.reason)"),
    arguments: ShortRun.sample(RealMedia.files("files").filter { !$0.contains("av1") }), TestDevice.all)
  func realFile(_ path: String, _ device: TestDevice) async throws { try await check(path, path, device) }
}
