/// Names one frame of one stream: the key of every table in the buffer.
public struct FrameKey: Hashable, Sendable {
  /// The buffer that the frame belongs to. Buffers that share a pool have different ones.
  public var stream: UInt32
  /// The number of the frame in presentation order, from 0 (`docs/architecture.md`, "What frame N is").
  public var number: Int

  /// Names frame `number` of stream `stream`.
  public init(stream: UInt32, number: Int) {
    self.stream = stream
    self.number = number
  }
}

extension FrameKey: Comparable {
  /// Orders by stream, then by number.
  public static func < (a: FrameKey, b: FrameKey) -> Bool {
    (a.stream, a.number) < (b.stream, b.number)
  }
}

extension FrameKey: CustomStringConvertible {
  /// `stream:number`, as logs and messages show it.
  public var description: String { "\(stream):\(number)" }
}
