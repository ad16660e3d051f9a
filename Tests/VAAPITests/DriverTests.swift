import Foundation
import FrameModel
import Synchronization
import Testing
import VABufTestKit

@testable import VAAPI

/// The owners on a true driver behind the true libva.
@Suite(.enabled(if: SoftwareDriver.isUsable, "the software VA driver cannot be built here")) struct DriverTests {
  static let nv12 = SurfaceDescription(format: .nv12, width: 70, height: 50)

  @Test func aDisplayTellsItsDriverAndEndsWithItsLastReference() async throws {
    let calls = VACalls()
    let heard = Mutex<[DriverMessage]>([])
    try await SoftwareDriver.run { run in
      do {
        let display = try OwnedDisplay.open(path: run.device, calls: calls) { text in heard.withLock { $0.append(text) }
        }
        #expect(display.path == run.device)
        #expect(display.vendor.contains("vabuf software VA driver"))
        #expect(display.driverFile?.hasSuffix("/softva_drv_video.so") == true)
        #expect(display.version.major == 1)
        try display.checkAlive()
        #expect(try run.reports().isEmpty)
      }
      #expect(try run.reports().count == 1)
    }
    #expect(calls.count(of: .vaTerminate) == 1)
    #expect(!heard.withLock { $0 }.isEmpty)
  }

  @Test func whatTheDriverClaimsIsRead() async throws {
    try await SoftwareDriver.run { run in
      let display = try OwnedDisplay.open(path: run.device)
      let profiles = try display.profiles()
      #expect(profiles.contains(.hevcMain10))
      for profile in profiles { #expect(try display.entrypoints(of: profile) == [.decode]) }
      let attributes = try display.attributes(.hevcMain10, .decode)
      #expect(attributes.rtFormats.contains(.yuv420x10))
      #expect((attributes.maxWidth ?? 0) >= 3840)
      let config = try OwnedConfig(display, profile: .hevcMain10, entrypoint: .decode, rtFormat: .yuv420x10)
      let surfaces = try display.surfaceCapabilities(of: config)
      #expect(surfaces.formats.contains(.p010))
      #expect(surfaces.sharesDMABufs)
      #expect(try Set(display.imageFormats().map(\.fourcc)).isSuperset(of: [.nv12, .p010]))
    }
  }

  @Test func whatCannotBeDecodedIsToldWithTheReason() async throws {
    try await SoftwareDriver.run(SoftwareDriverControls(codecs: ["hevc"])) { run in
      let display = try OwnedDisplay.open(path: run.device)
      #expect(display.canDecode(.hevcMain, rtFormat: .yuv420, width: 1920, height: 1088) == .supported)
      #expect(display.canDecode(.vp9Profile0, rtFormat: .yuv420, width: 64, height: 64) == .noProfile(.vp9Profile0))
      let format = display.canDecode(.hevcMain, rtFormat: .yuv444, width: 64, height: 64)
      guard case .noRTFormat(.yuv444, _) = format else { throw Unexpected(value: "\(format)") }
      let size = display.canDecode(.hevcMain, rtFormat: .yuv420, width: 100_000, height: 64)
      guard case .tooLarge(let maxWidth, _) = size else { throw Unexpected(value: "\(size)") }
      #expect(display.canDecode(.hevcMain, rtFormat: .yuv420, width: maxWidth, height: 64) == .supported)
      #expect(display.canDecode(.hevcMain, rtFormat: .yuv420, width: maxWidth + 1, height: 64) == size)
    }
    let calls = VACalls { $0 == .vaQuerySurfaceAttributes ? .operationFailed : nil }
    try await SoftwareDriver.run { run in
      let display = try OwnedDisplay.open(path: run.device, calls: calls)
      let answer = display.canDecode(.hevcMain, rtFormat: .yuv420, width: 64, height: 64)
      #expect(answer == .failed(VAError(.vaQuerySurfaceAttributes, .operationFailed)))
    }
  }

  struct Unexpected: Error { var value: String }

  @Test(arguments: [FourCC.nv12, .p010]) func exportedMemoryIsTheSurfaceWithoutACopy(format: FourCC) async throws {
    let calls = VACalls()
    let description = SurfaceDescription(format: format, width: 70, height: 50)
    let picture = Picture(description, seed: 9)
    try await SoftwareDriver.run { run in
      let shared = try Self.export(picture, description, OwnedDisplay.open(path: run.device, calls: calls))
      // The memory lives on without surface and display.
      #expect(calls.count(of: .vaTerminate) == 1)
      let isTheSame = try picture.equals(shared)
      #expect(isTheSame)
    }
  }

  /// Writes a picture into a surface and exports it in both ways.
  static func export(
    _ picture: Picture, _ description: SurfaceDescription, _ display: OwnedDisplay
  ) throws -> DMABuf {
    let calls = display.calls
    let surfaces = try OwnedSurfaces(display, description, count: 1)
    let image = try OwnedImage(deriving: surfaces[0])
    let planes = image.planes
    try image.withMapped(.write) { memory in picture.write(to: memory, planes) }
    let transfers = calls.count(of: VACall.pixelAccess)

    let composed = try surfaces[0].export(.composed)
    #expect(composed.format == description.format && composed.layers.map(\.format) == [description.format])
    #expect(composed.width >= 70 && composed.height >= 50)
    let separate = try surfaces[0].export(.separate, timeout: .seconds(5))
    #expect(separate.layers.map(\.format) == (description.format == .nv12 ? [.r8, .gr88] : [.r16, .gr1616]))
    let areTheSame = try (picture.equals(composed), picture.equals(separate))
    #expect(areTheSame == (true, true))
    #expect(calls.count(of: VACall.pixelAccess) == transfers)
    #expect(calls.count(of: .vaSyncSurface) == 1 && calls.count(of: .vaSyncSurface2) == 1)
    return composed
  }

  @Test func surfacesCanBeAddedAndRemoved() async throws {
    try await SoftwareDriver.run(SoftwareDriverControls(maxSurfaces: 4)) { run in
      let display = try OwnedDisplay.open(path: run.device)
      var surfaces = OwnedSurfaces(display, Self.nv12)
      #expect(surfaces.ids.isEmpty)
      let first = try surfaces.grow(by: 3)
      var failure: VAError?
      do throws(VAError) { _ = try surfaces.grow(by: 2) } catch { failure = error }
      #expect(failure?.kind == .exhausted)
      #expect(surfaces.ids == first)
      surfaces.remove([first[1]])
      let more = try surfaces.grow(by: 2)
      #expect(surfaces.ids == [first[0], first[2]] + more && Set(surfaces.ids).count == 4)
    }
  }

  @Test func surfacesThatCannotBeAreRefusedWithoutAsking() async throws {
    let calls = VACalls()
    try await SoftwareDriver.run { run in
      let display = try OwnedDisplay.open(path: run.device, calls: calls)
      for (format, width, expected) in [
        (FourCC("ABCD"), 64, VAStatus.unsupportedRTFormat), (.nv12, 0, .invalidParameter),
        (.nv12, -1, .invalidParameter),
      ] {
        var failure: VAError?
        do throws(VAError) {
          _ = try OwnedSurfaces(display, SurfaceDescription(format: format, width: width, height: 64), count: 1)
        } catch { failure = error }
        #expect(failure == VAError(.vaCreateSurfaces, expected))
      }
    }
    #expect(calls.count(of: .vaCreateSurfaces) == 0)
  }
}
