/// A tiny clip of our own whose pictures are known.
package struct EvidenceClip: Sendable {
  /// Unique among the clips, as `h264-high-1080p`.
  package let name: String
  /// FFmpeg's name of the codec.
  package let codec: String
  /// Which of the codec's tools the clip uses, as `constrained-baseline`, `high-interlaced`, `main10`.
  package let profile: String
  /// Width of the pictures in pixels.
  package let width: Int
  /// Height of the pictures in pixels.
  package let height: Int
  /// Bits of each sample.
  package let bitDepth: Int
  /// How many frames there are.
  package let frameCount: Int
  /// The MD5 of each frame in the format of FFmpeg's software decoder, as `ffmpeg -f framemd5` prints it.
  package let md5s: [String]
  /// The file's extension, without the dot.
  package let fileExtension: String
  /// The size of the file.
  package let byteCount: Int
  /// The file, deflated, in base64.
  let packed: StaticString

  /// The file. It is unpacked at each call.
  package var bytes: [UInt8] {
    EmbeddedFile.inflated(EmbeddedFile.bytes(base64: packed), byteCount: byteCount)
  }
}
