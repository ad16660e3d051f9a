/// Which decoder made a frame.
public enum Backend: String, Hashable, Sendable, CaseIterable, Codable {
  /// libavcodec's VA-API hwaccel.
  case vaapi
  /// libavcodec's software decoders.
  case software
}
