import Foundation
import FrameModel
import Synchronization
import Testing
import VABufTestKit

@testable import VAAPI

/// What opening says where there is no driver; these need none.
@Suite struct DisplayErrorTests {
  static func failure(
    _ path: String, _ calls: VACalls = VACalls(), _ log: @escaping @Sendable (DriverMessage) -> Void = { _ in }
  ) throws -> DisplayError {
    do throws(DisplayError) {
      _ = try OwnedDisplay.open(path: path, calls: calls, log: log)
    } catch {
      return error
    }
    throw Opened(path: path)
  }

  struct Opened: Error { var path: String }

  @Test func aNodeThatIsNotThere() throws {
    let error = try Self.failure("/dev/dri/renderD999")
    #expect(error.step == .open(ENOENT))
    #expect(error.error.code == .backendUnavailable)
    #expect(
      error.description.hasPrefix("VA-API on /dev/dri/renderD999: No such file or directory (open): name a node"))
  }

  @Test func aNodeThatIsDenied() throws {
    guard getuid() != 0 else { return print("skipped: root may open everything") }
    let error = try Self.failure("/dev/mem")
    #expect(error.step == .open(EACCES) || error.step == .open(ENOENT))
  }

  @Test func aFileThatIsNoNode() async throws {
    let calls = VACalls()
    try await TestProcess.alone(nullIsRenderNode: false) {
      let error = try Self.failure("/dev/zero", calls)
      #expect(error.step == .noDisplay)
      #expect(error.description.contains("/dev/zero: not a DRM node (vaGetDisplayDRM): name a render node"))
    }
    #expect(calls.made == [.vaGetDisplayDRM: 1])
  }

  @Test func aDriverThatIsNotThere() async throws {
    let nowhere = "/nowhere-\(UUID().uuidString)"
    let calls = VACalls()
    let heard = Mutex<[DriverMessage]>([])
    try await TestProcess.alone(
      nullIsRenderNode: true, environment: ["LIBVA_DRIVER_NAME": "nonsense", "LIBVA_DRIVERS_PATH": nowhere]
    ) {
      let error = try Self.failure("/dev/null", calls) { message in heard.withLock { $0.append(message) } }
      #expect(error.step == .initialize(.unknown))
      #expect(error.driverFile == nowhere + "/nonsense_drv_video.so")
      #expect(error.messages.contains { $0.contains(nowhere) })
      #expect(error.error.why.contains("nonsense_drv_video.so"))
      #expect(error.error.remedy == "LIBVA_DRIVER_NAME is set to \"nonsense\": try without it")
    }
    #expect(calls.made == [.vaGetDisplayDRM: 1, .vaInitialize: 1, .vaTerminate: 1])
    // Nothing was printed: it came here.
    #expect(heard.withLock { $0 }.contains { $0.text.contains("nonsense_drv_video.so") })
  }

  @Test(arguments: [VACall.vaGetDisplayDRM, .vaInitialize, .vaTerminate])
  func anyCallOfOpeningMayFail(call: VACall) async throws {
    let calls = VACalls { $0 == call ? .allocationFailed : nil }
    try await TestProcess.alone(nullIsRenderNode: true, environment: ["LIBVA_DRIVER_NAME": "nonsense"]) {
      let error = try Self.failure("/dev/null", calls)
      switch call {
      case .vaGetDisplayDRM: #expect(error.step == .noDisplay)
      case .vaInitialize: #expect(error.step == .initialize(.allocationFailed))
      default: #expect(error.step == .initialize(.unknown))
      }
    }
  }

  @Test func withoutSettingsADriverIsToBeInstalled() async throws {
    try await TestProcess.alone(
      nullIsRenderNode: false, environment: ["LIBVA_DRIVER_NAME": nil, "LIBVA_DRIVERS_PATH": nil]
    ) {
      let error = DisplayError(path: "/dev/dri/renderD128", step: .initialize(.unknown), messages: ["no driver"])
      #expect(error.error.remedy.hasPrefix("install the VA driver"))
      #expect(error.error.why == "unknown libva error, no driver (vaInitialize)")
      #expect(error.driverFile == nil && error.call == "vaInitialize")
    }
  }
}
