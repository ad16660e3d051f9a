package import FrameModel
internal import VAAPI

/// A surface that is exported as a DMA-BUF: the descriptors, and the picture, which stays until this object goes.
package final class ExportedSurface: Sendable {
  package let frame: SurfaceFrame
  package let description: DMABufDescription
  /// Owns the descriptors.
  private let buffer: DMABuf

  init(_ frame: SurfaceFrame, _ buffer: consuming DMABuf) {
    self.frame = frame
    description = DMABufDescription(
      fourcc: buffer.format.rawValue, width: buffer.width, height: buffer.height,
      objects: buffer.objects, layers: buffer.layers.map { .init(fourcc: $0.format.rawValue, planes: $0.planes) })
    self.buffer = buffer
  }
}
