package import FFmpegMedia
package import FrameModel

/// A decoded picture in a pool's buffer, on its way to the reader.
package struct DecodedFrame: Sendable {
  package var descriptor: FrameDescriptor
  /// The memory that holds the samples.
  package var buffer: any HostBuffer
  /// Keeps the decoder from writing into the picture again while it lives.
  package var reference: FrameReference
}

/// A decoder's reference to a picture, as something that can be kept anywhere.
// Sendable: the frame is never touched again but to free it, which only drops reference counts.
package final class FrameReference: @unchecked Sendable {
  private let frame: Frame

  package init(_ frame: consuming Frame) { self.frame = frame }
}
