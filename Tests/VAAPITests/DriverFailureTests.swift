import Foundation
import Testing
import VABufTestKit

@testable import VAAPI

/// What comes out, and what is left behind, when the driver fails.
@Suite(.enabled(if: SoftwareDriver.isUsable, "the software VA driver cannot be built here"))
struct DriverFailureTests {
  static let small = SurfaceDescription(format: .nv12, width: 64, height: 64)

  /// Uses every owner once.
  static func useEverything(_ device: String, _ calls: VACalls) throws {
    let display = try OwnedDisplay.open(path: device, calls: calls)
    let profile = try #require(try display.profiles().first)
    _ = try display.entrypoints(of: profile)
    _ = try display.attributes(profile, .decode)
    let config = try OwnedConfig(display, profile: profile, entrypoint: .decode)
    _ = try display.surfaceCapabilities(of: config)
    let format = try #require(try display.imageFormats().first { $0.fourcc == .nv12 })
    let surfaces = try OwnedSurfaces(display, small, count: 2)
    let image = try OwnedImage(display, format, width: 64, height: 64)
    let byte = try image.withMapped(.write) { memory in
      memory[0] = 7
      return memory[0]
    }
    #expect(byte == 7)
    try surfaces[0].upload(from: image, width: 64, height: 64)
    try surfaces[0].sync()
    try surfaces[0].sync(timeout: .seconds(5))
    #expect(try surfaces[0].isRendering() == false)
    try surfaces[0].download(to: image, width: 64, height: 64)
    let derived = try OwnedImage(deriving: surfaces[1])
    _ = try derived.withMapped(.read) { $0.count }
    _ = try surfaces[0].export(.composed)
  }

  @Test func everyCallOfTheSeamIsUsed() async throws {
    let calls = VACalls()
    try await SoftwareDriver.run { run in try Self.useEverything(run.device, calls) }
    #expect(VACall.allCases.filter { calls.count(of: $0) == 0 } == [])
  }

  /// Calls that make or read something: their failure is thrown. The others undo something, or are only made then.
  static let throwing = VACall.allCases.filter {
    !"\($0)".contains("Destroy") && ![.vaTerminate, .vaGetDisplayDRM, .vaUnmapBuffer].contains($0)
  }

  @Test(arguments: throwing) func aFailureIsThrownWithItsCallAndNothingIsLeft(call: VACall) async throws {
    let controls = SoftwareDriverControls(fail: ["\(call):status=OPERATION_FAILED"])
    try await SoftwareDriver.run(controls) { run in
      do {
        try Self.useEverything(run.device, VACalls())
        Issue.record("\(call) did not fail")
      } catch let error as VAError {
        #expect(error == VAError(call, .operationFailed))
      } catch let error as ExportError {
        #expect(error == .refused(VAError(call, .operationFailed)))
      } catch let error as DisplayError {
        #expect(call == .vaInitialize && error.step == .initialize(.operationFailed), "\(error)")
        #expect(error.driverFile?.hasSuffix("softva_drv_video.so") == true)
      }
      // run() checks that all objects are gone.
    }
  }

  @Test func failuresOfWhatUndoesGoToTheLog() async throws {
    // Not by the driver for vaTerminate: libva keeps the display's memory then.
    let undoing: [VACall] = [.vaDestroyConfig, .vaDestroySurfaces, .vaDestroyImage, .vaTerminate]
    let calls = VACalls { undoing.contains($0) ? .operationFailed : nil }
    let log = Heard()
    try await SoftwareDriver.run { run in
      let display = try OwnedDisplay.open(path: run.device, calls: calls) { log.add($0) }
      let profile = try #require(try display.profiles().first)
      _ = try OwnedConfig(display, profile: profile, entrypoint: .decode)
      let surfaces = try OwnedSurfaces(display, Self.small, count: 1)
      _ = try OwnedImage(deriving: surfaces[0])
    }
    let errors = log.messages.filter { if case .error = $0 { true } else { false } }.map(\.text)
    for call in undoing { #expect(errors.contains { $0.hasPrefix("\(call): operation failed") }, "\(call)") }
  }

  @Test func aFailedUnmappingIsThrownButNotOverTheErrorOfTheBody() async throws {
    struct Mine: Error {}
    try await SoftwareDriver.run { run in
      let calls = VACalls { $0 == .vaUnmapBuffer ? .operationFailed : nil }
      let display = try OwnedDisplay.open(path: run.device, calls: calls)
      let surfaces = try OwnedSurfaces(display, Self.small, count: 1)
      let image = try OwnedImage(deriving: surfaces[0])
      var failures: [any Error] = []
      do { try image.withMapped(.read) { _ in } } catch { failures.append(error) }
      do { try image.withMapped(.read) { _ in throw Mine() } } catch { failures.append(error) }
      #expect(failures[0] as? VAError == VAError(.vaUnmapBuffer, .operationFailed))
      #expect(failures[1] is Mine)
    }
  }

  @Test func aBodyThatThrowsIsUnmapped() async throws {
    struct Mine: Error {}
    let calls = VACalls()
    try await SoftwareDriver.run { run in
      let display = try OwnedDisplay.open(path: run.device, calls: calls)
      let surfaces = try OwnedSurfaces(display, Self.small, count: 1)
      let image = try OwnedImage(deriving: surfaces[0])
      do { try image.withMapped(.read) { _ in throw Mine() } } catch is Mine {}
    }
    #expect(calls.count(of: .vaMapBuffer) == 1 && calls.count(of: .vaUnmapBuffer) == 1)
  }

  @Test func withoutSyncSurface2TheStatusIsAskedFor() async throws {
    let calls = VACalls { $0 == .vaSyncSurface2 ? .unimplemented : nil }
    try await SoftwareDriver.run { run in
      let display = try OwnedDisplay.open(path: run.device, calls: calls)
      let surfaces = try OwnedSurfaces(display, Self.small, count: 1)
      try surfaces[0].sync(timeout: .seconds(1))
    }
    #expect(calls.count(of: .vaQuerySurfaceStatus) == 1 && calls.count(of: .vaSyncSurface) == 1)
  }

  @Test func withoutEitherThePlainCallIsWaitedFor() async throws {
    let calls = VACalls { [.vaSyncSurface2, .vaQuerySurfaceStatus].contains($0) ? .unimplemented : nil }
    try await SoftwareDriver.run { run in
      let display = try OwnedDisplay.open(path: run.device, calls: calls)
      let surfaces = try OwnedSurfaces(display, Self.small, count: 1)
      try surfaces[0].sync(timeout: .seconds(1))
    }
    #expect(calls.count(of: .vaSyncSurface) == 1)
  }

  @Test func anUploadThatIsDroppedIsFoundOut() async throws {
    let drops = VACalls { $0 == .vaPutImage ? .success : nil }
    let fails = VACalls { $0 == .vaGetImage ? .invalidContext : nil }
    try await SoftwareDriver.run { run in
      #expect(try OwnedDisplay.open(path: run.device, calls: drops).canUpload(.nv12) == false)
      #expect(try OwnedDisplay.open(path: run.device, calls: fails).canUpload(.nv12) == false)
      let display = try OwnedDisplay.open(path: run.device)
      #expect(display.canUpload(.nv12) && display.canUpload(.p010))
      #expect(!display.canUpload(.i420))
    }
  }

  @Test func limitsOfAnyLengthAreTaken() async throws {
    try await SoftwareDriver.run { run in
      let display = try OwnedDisplay.open(path: run.device)
      let surfaces = try OwnedSurfaces(display, Self.small, count: 1)
      for limit in [Duration.zero, .seconds(-3), .nanoseconds(1), .seconds(Int64.max), .seconds(20_000_000_000)] {
        try surfaces[0].sync(timeout: limit)
      }
    }
  }

  @Test func misuseIsSeenAndThrown() async throws {
    // A surface that is destroyed before the image of its memory.
    await #expect(throws: SoftwareDriverError.self) {
      try await SoftwareDriver.run { run in
        let display = try OwnedDisplay.open(path: run.device)
        var surfaces = try OwnedSurfaces(display, Self.small, count: 1)
        let image = try OwnedImage(deriving: surfaces[0])
        surfaces.remove(Set(surfaces.ids))
        _ = image.byteCount
      }
    }
  }

  @Test func aDisplayThatIsOpenIsSeen() async throws {
    try await SoftwareDriver.run { run in
      #expect(OwnedDisplay.openCount == 0)
      var display: OwnedDisplay? = try OwnedDisplay.open(path: run.device)
      #expect(display != nil && OwnedDisplay.openCount == 1)
      display = nil
      #expect(OwnedDisplay.openCount == 0)
    }
  }

  @Test func theSameSettingsStartAnewInEachRun() async throws {
    for _ in 0..<2 {
      try await SoftwareDriver.run(SoftwareDriverControls(fail: ["vaCreateSurfaces:count=1"])) { run in
        let display = try OwnedDisplay.open(path: run.device)
        var failure: VAError?
        do throws(VAError) { try display.checkAlive() } catch { failure = error }
        #expect(failure == VAError(.vaCreateSurfaces, .operationFailed))
        try display.checkAlive()
      }
    }
  }
}
