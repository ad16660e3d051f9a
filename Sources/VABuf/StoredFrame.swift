public import FrameModel

/// A frame in host memory, as a source delivers it.
public struct SourceFrame: Sendable {
  /// Number, time, layout and everything else that is known of the frame.
  public var descriptor: FrameDescriptor
  /// The memory that the planes of the layout lie in; lease it from the buffer (`FramePort.lease`).
  public var buffer: any HostBuffer
  /// Whatever must live as long as the samples are read; nil for nothing.
  public var owner: (any AnyObject & Sendable)?

  /// Makes a frame to deliver. The samples must not change any more.
  public init(descriptor: FrameDescriptor, buffer: any HostBuffer, owner: (any AnyObject & Sendable)? = nil) {
    self.descriptor = descriptor
    self.buffer = buffer
    self.owner = owner
  }
}

/// A frame that the cache and its leases share.
final class StoredFrame: Sendable {
  let descriptor: FrameDescriptor
  let buffer: any HostBuffer
  private let owner: (any AnyObject & Sendable)?

  init(_ frame: SourceFrame) {
    descriptor = frame.descriptor
    buffer = frame.buffer
    owner = frame.owner
  }
}
