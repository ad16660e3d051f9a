internal import Decoding

/// What this is, and what it runs on.
public enum VABufVersions {
  /// The version of vabuf.
  public static let vabuf = "0.1.0"
  /// FFmpeg's own name for the build that is loaded, as `5.1.9-0+deb12u1`.
  public static var ffmpeg: String { LibraryVersions.ffmpeg }
  /// Name and version of each of FFmpeg's libraries that is loaded, as `libavcodec 59.37.100`.
  public static var ffmpegLibraries: [String] { LibraryVersions.ffmpegLibraries }
  /// The version of VA-API that this was built with, as `1.17.0`.
  public static var vaapi: String { LibraryVersions.vaapi }
}
