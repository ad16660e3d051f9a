/// Where a reader wants a frame.
public enum Placement: String, Hashable, Sendable, CaseIterable, Codable {
  /// In host memory, in the format of software decoding unless the buffer's options say otherwise (`HostFormat`): a frame
  /// that is only on the GPU is downloaded.
  case host
  /// On the GPU: a frame that is only in host memory is uploaded.
  case gpu
  /// Wherever it is: nothing is copied, but a packed frame is unpacked.
  case anywhere
}
