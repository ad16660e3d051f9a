package import FFmpegMedia
package import FrameModel

/// A decoded picture on its way to the reader.
package struct DecodedFrame: Sendable {
  /// Where the samples are.
  package enum Contents: Sendable {
    /// In a pool's buffer; the reference keeps the decoder from writing into the picture again while it lives.
    case host(any HostBuffer, FrameReference)
    /// In a surface of a device.
    case surface(SurfaceFrame)
  }

  package var descriptor: FrameDescriptor
  package var contents: Contents
}

/// A decoder's reference to a picture, as something that can be kept anywhere.
// Sendable: the frame is never touched again but to free it, which only drops reference counts.
package final class FrameReference: @unchecked Sendable {
  private let frame: Frame

  package init(_ frame: consuming Frame) { self.frame = frame }
}
