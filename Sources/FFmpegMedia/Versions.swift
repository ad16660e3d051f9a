internal import CAVCodec
internal import CAVFormat
internal import CAVUtil
internal import CSWScale

/// The versions of the FFmpeg libraries that are loaded.
package enum FFmpegVersions {
  /// FFmpeg's own name for the build, as `5.1.9-0+deb12u1`.
  package static var release: String { String(cString: av_version_info()) }

  /// Name and version of each library, as `libavcodec 59.37.100`.
  package static var libraries: [String] {
    [
      ("libavutil", avutil_version()), ("libavcodec", avcodec_version()), ("libavformat", avformat_version()),
      ("libswscale", swscale_version()),
    ].map { "\($0) \($1 >> 16).\($1 >> 8 & 0xff).\($1 & 0xff)" }
  }

  /// How it was built: which decoders are in it changes with this, and not with the versions.
  package static var configuration: String { String(cString: avcodec_configuration()) }

  /// A number that changes when the demuxers or decoders do.
  package static var fingerprint: UInt64 { UInt64(avformat_version()) << 32 | UInt64(avcodec_version()) }
}
