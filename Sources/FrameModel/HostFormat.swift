/// How pictures that hardware decoded lie in host memory.
///
/// Pictures that software decoded lie as libavcodec gives them, whatever is asked for here: each frame's layout tells.
public enum HostFormat: String, Hashable, Sendable, CaseIterable, Codable {
  /// In planes, as software decoding gives them (`yuv420p`, `yuv420p10le`): the same bytes on every path.
  case software
  /// As surfaces hold them: luma, then pairs of chroma samples (`nv12`, `p010le`). The same samples, copied without being
  /// taken apart: for encoders and textures that want them so. Pictures without chroma stay one plane (`gray`).
  case surface
}
