import FrameModel
import Testing
import VABufTestKit

@testable import VAAPI

/// What any device must do: on the software driver, and on a render node that `VABUF_TEST_DEVICE` names.
@Suite(.enabled(if: !TestDevice.all.isEmpty, "no software VA driver here, and VABUF_TEST_DEVICE names no render node"))
struct DeviceTests {
  @Test(arguments: TestDevice.all) func whatTheDriverClaimsIsRead(device: TestDevice) async throws {
    try await device.run { path in
      let display = try OwnedDisplay.open(path: path)
      #expect(!display.vendor.isEmpty)
      try display.checkAlive()
      for profile in try display.profiles() {
        for entrypoint in try display.entrypoints(of: profile) {
          let attributes = try display.attributes(profile, entrypoint)
          guard entrypoint == .decode, !attributes.rtFormats.isEmpty else { continue }
          let config = try OwnedConfig(display, profile: profile, entrypoint: entrypoint)
          #expect(try !display.surfaceCapabilities(of: config).formats.isEmpty, "\(profile)")
        }
      }
      #expect(try display.imageFormats().contains { $0.fourcc == .nv12 })
    }
  }

  @Test(arguments: TestDevice.all, [FourCC.nv12, .p010])
  func pixelsGoUpAndComeDown(device: TestDevice, format: FourCC) async throws {
    try await device.run { path in
      let display = try OwnedDisplay.open(path: path)
      let formats = try display.imageFormats()
      guard let imageFormat = formats.first(where: { $0.fourcc == format }), display.canUpload(format) else {
        #expect(device != .softwareDriver)
        return print("skipped: \(device) does not upload \(format)")
      }
      let description = SurfaceDescription(format: format, width: 128, height: 96)
      let surfaces = try OwnedSurfaces(display, description, count: 2)
      let picture = Picture(description, seed: 7)
      let upload = try OwnedImage(display, imageFormat, width: 128, height: 96)
      let planes = upload.planes
      try upload.withMapped(.write) { memory in picture.write(to: memory, planes) }
      try surfaces[0].upload(from: upload, width: 128, height: 96)

      let download = try OwnedImage(display, imageFormat, width: 128, height: 96)
      try surfaces[0].sync()
      try surfaces[0].download(to: download, width: 128, height: 96)
      #expect(try picture.equals(download))
      let here = try device.derives(picture, from: surfaces[0])
      let elsewhere = try device.derives(picture, from: surfaces[1])
      #expect(here != false && elsewhere != true)
    }
  }

  @Test(arguments: TestDevice.all, [FourCC.nv12, .p010])
  func anExportDescribesTheWholeSurface(device: TestDevice, format: FourCC) async throws {
    try await device.run { path in
      let display = try OwnedDisplay.open(path: path)
      guard try display.imageFormats().contains(where: { $0.fourcc == format }) else {
        #expect(device != .softwareDriver)
        return print("skipped: \(device) has no surfaces of \(format)")
      }
      let surfaces = try OwnedSurfaces(
        display, SurfaceDescription(format: format, width: 128, height: 96), count: 1)
      let shared = try surfaces[0].export(.separate)
      #expect(shared.format == format)
      #expect(shared.width >= 128 && shared.height >= 96)
      #expect(shared.layers.map(\.planes.count) == [1, 1])
      #expect(shared.objects.allSatisfy { $0.byteCount > 0 })
    }
  }
}

extension TestDevice {
  /// Whether an image of the surface's own memory shows the picture; nil where this driver makes no such image.
  fileprivate func derives(_ picture: Picture, from surface: SurfaceReference) throws -> Bool? {
    do {
      let image = try OwnedImage(deriving: surface)
      return try picture.equals(image)
    } catch let error as VAError where error.call == .vaDeriveImage && self != .softwareDriver {
      print("skipped: \(self) derives no image: \(error)")
      return nil
    }
  }
}
