internal import Decoding
public import FrameModel

/// What a buffer holds and does at one moment: for time lines and for people who watch it work.
public struct BufferSnapshot: Hashable, Sendable {
  /// A frame that is there.
  public struct Frame: Hashable, Sendable {
    /// The number of the frame.
    public var number: Int
    /// Where it lives.
    public var residency: Residency

    /// Describes a frame that is there.
    public init(number: Int, residency: Residency) {
      self.number = number
      self.residency = residency
    }
  }

  /// The frames that are there, by rising numbers.
  public var frames: [Frame] = []
  /// The frames that the source was asked for and works on; nil while it has nothing to do.
  public var decoding: ClosedRange<Int>?
  /// Frames that nobody asked for yet, and that will be decoded because somebody will; by rising numbers.
  public var planned: [Int] = []
  /// Which kind of decoder works now.
  public var backend = Backend.software
  /// The render node that decodes; nil in software.
  public var device: String?
  /// Why no hardware is used now; nil where it is, or was not asked for.
  public var fallbackReason: String?
}

extension FrameBuffer {
  /// What the buffer holds and does now. It looks at every cached frame: a few times a second is meant, not each frame.
  public var snapshot: BufferSnapshot {
    var snapshot = heldNow
    if let decoder {
      snapshot.backend = decoder.backend
      snapshot.device = decoder.device?.path
      snapshot.fallbackReason = decoder.fallbackReason
    }
    return snapshot
  }
}
