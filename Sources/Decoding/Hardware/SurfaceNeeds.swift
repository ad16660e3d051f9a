internal import FFmpegMedia
package import FrameModel

/// How many surfaces a decoder holds at once, without what caches and the program hold.
package struct SurfaceNeeds: Hashable, Sendable {
  /// As many as it may ever hold: with fewer it could wait for itself for ever. References that the codec allows, the
  /// picture that is decoded and one on its way out, and those that are held back for reordering.
  package let most: Int
  /// As many as streams hold as a rule: four references.
  package let usual: Int
  /// Bytes of one surface without what the driver adds.
  package let surfaceBytes: Int

  package init(_ stream: StreamDescription) {
    let references =
      switch stream.codec {
      case "h264", "hevc", "av1": 16
      case "vp9": 8
      case "vp8": 3
      default: 2
      }
    let others = 2 + stream.reorderDepth
    surfaceBytes = SurfaceShape(stream).byteCount
    most = references + others
    usual = min(references, 4) + others
  }
}
