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
      objects: buffer.objects.map { .init(descriptor: $0.descriptor, byteCount: $0.byteCount, modifier: $0.modifier) },
      layers: buffer.layers.map { layer in
        .init(
          fourcc: layer.format.rawValue,
          planes: layer.planes.map { .init(object: $0.object, offset: $0.offset, stride: $0.stride) })
      })
    self.buffer = buffer
  }
}
