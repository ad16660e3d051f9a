package import FFmpegMedia
package import FrameModel
package import VAAPI

/// A picture in a surface of a device, which is its own until the last reference goes.
///
/// Any thread. What it keeps: the surface, and with it the device; not the decoder.
package final class SurfaceFrame: Sendable {
  package let device: HardwareDevice
  let surface: any LeasedSurface
  package let shape: SurfaceShape
  /// Where the visible picture begins, in pixels from the upper left of the surface.
  package let left: Int
  package let top: Int
  /// The picture as a download gives it: planes of the format that software decoding gives, or of the surface's own.
  package let layout: PictureLayout
  /// Bytes that a download takes.
  package let hostBytes: Int

  /// - Returns: nil for a format that surfaces are not converted to.
  init?(device: HardwareDevice, _ surface: Frame.Surface, as format: HostFormat) {
    let (width, height) = (Int32(clamping: surface.width), Int32(clamping: surface.height))
    guard var picture = PictureShape(format: surface.softwareFormat, width: width, height: height),
      Self.takes(picture.pixelFormat, surface.shape.format)
    else { return nil }
    if format == .surface, picture.pixelFormat.planeCount > 1 {
      guard let own = PictureShape(surface.shape.format, width: width, height: height) else { return nil }
      picture = own
    }
    self.device = device
    self.surface = surface.surface
    shape = surface.shape
    left = surface.left
    top = surface.top
    let planes = zip(picture.rowBytes, picture.rows).map {
      PlaneLayout(offset: 0, stride: 0, rowBytes: $0, rows: $1)
    }
    (layout, hostBytes) = Self.lay(picture.pixelFormat, Int(picture.width), Int(picture.height), planes)
  }

  /// An uploaded picture.
  init(device: HardwareDevice, surface: any LeasedSurface, shape: SurfaceShape, layout: PictureLayout) {
    self.device = device
    self.surface = surface
    self.shape = shape
    (self.layout, hostBytes) = Self.lay(layout.format, layout.width, layout.height, layout.planes)
    left = 0
    top = 0
  }

  package var surfaceID: SurfaceID { surface.id }

  /// Which decoder made it; nil for an upload.
  package var run: SurfaceRun? { (surface as? SurfaceLease)?.run }

  /// Waits until the picture is there, before its surface is read by any way; blocks.
  ///
  /// - Throws: where it failed, or one that it may be predicted from.
  func prove() throws(VAError) { try (surface as? SurfaceLease)?.prove() }

  /// Surfaces hold 4:2:0, in pairs or taken apart; what decoders call grey has no chroma planes.
  static func takes(_ format: PixelFormat, _ surface: SurfaceFormat) -> Bool {
    if format.name == surface.name { return true }
    let isPlanar = format.planeCount == 3 && format.log2ChromaWidth == 1 && format.log2ChromaHeight == 1
    let isGrey = format.planeCount == 1 && format.componentCount == 1
    return (isPlanar || isGrey) && !format.traits.contains(.rgb) && !format.traits.contains(.bigEndian)
      && format.bitsPerComponent == surface.bits
  }

  /// Planes one after the other, rows and planes at multiples of 64 bytes.
  private static func lay(
    _ format: PixelFormat, _ width: Int, _ height: Int, _ visible: [PlaneLayout]
  ) -> (PictureLayout, Int) {
    var planes = visible
    var offset = 0
    for index in planes.indices {
      planes[index].offset = offset
      planes[index].stride = (planes[index].rowBytes + 63) / 64 * 64
      offset += planes[index].stride * planes[index].rows
    }
    return (PictureLayout(width: width, height: height, format: format, planes: planes), offset)
  }
}
