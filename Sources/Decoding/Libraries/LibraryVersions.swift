internal import FFmpegMedia
internal import VAAPI

/// The versions of the libraries below.
package enum LibraryVersions {
  /// FFmpeg's own name for the build that is loaded.
  package static var ffmpeg: String { FFmpegVersions.release }
  /// Name and version of each of FFmpeg's libraries that is loaded.
  package static var ffmpegLibraries: [String] { FFmpegVersions.libraries }
  /// VA-API's version in the headers.
  package static var vaapi: String { VAVersion.headers }
}
