extension Clips {
  private static func cut(_ source: String, _ ext: String, _ tags: Set<Clip.Tag>, to: Int = 620) -> Clip {
    Clip(
      "cut-" + source, ext, "cut off at \(to) of 1000", tags.union([.damaged]),
      [.cut("@" + source, from: 0, to: to, into: "out." + ext)])
  }

  private static func flip(
    _ source: String, _ ext: String, _ tags: Set<Clip.Tag>, every: [Int] = [8000, 2000, 300], sparing: Int = 1500
  ) -> [Clip] {
    every.map { distance in
      Clip(
        "flip-\(source)-\(distance)", ext, "one bit in about \(distance) bytes is wrong", tags.union([.damaged]),
        [
          .flip("@" + source, every: distance, sparing: sparing, seed: UInt64(distance), into: "out." + ext)
        ])
    }
  }

  private static func hole(_ source: String, _ ext: String, _ tags: Set<Clip.Tag>) -> Clip {
    Clip(
      "hole-" + source, ext, "a piece in the middle is missing", tags.union([.damaged]),
      [
        .cut("@" + source, from: 0, to: 400, into: "a"), .cut("@" + source, from: 470, to: 1000, into: "b"),
        .join(["a", "b"], into: "out." + ext),
      ])
  }

  /// Cut off, with holes, with flipped bits.
  static let damaged: [Clip] =
    [
      cut("mp4-faststart", "mp4", [.h264, .reordered]),
      cut("mp4-fragmented", "mp4", [.h264, .reordered]),
      cut("h264-pyramid-mkv", "mkv", [.h264, .reordered]),
      cut("h264-pyramid-ts", "ts", [.h264, .reordered]),
      cut("h264-pyramid-raw", "h264", [.h264, .reordered, .raw]),
      cut("vp9-alt-ref", "webm", [.vp9, .hidden]),
      cut("hevc-open-gop-raw", "hevc", [.hevc, .reordered, .raw]),
      cut("av1-aom", "mkv", [.av1, .hidden]),
      cut("mpeg2-raw", "m2v", [.mpeg2, .reordered, .raw]),
      cut("mpeg4-avi", "avi", [.mpeg4, .reordered]),
      cut("gif", "gif", [.otherCodec]),
      hole("h264-pyramid-ts", "ts", [.h264, .reordered]),
      hole("h264-pyramid-raw", "h264", [.h264, .reordered, .raw]),
      hole("h264-pyramid-mkv", "mkv", [.h264, .reordered]),
      hole("hevc-open-gop-ts", "ts", [.hevc, .reordered]),
      hole("hevc-open-gop-raw", "hevc", [.hevc, .reordered, .raw]),
      hole("mpeg2-ts", "ts", [.mpeg2, .reordered]),
      hole("vp8-alt-ref", "webm", [.vp8, .hidden]),
    ]
    + flip("mp4-faststart", "mp4", [.h264, .reordered])
    + flip("h264-pyramid-raw", "h264", [.h264, .reordered, .raw])
    + flip("h264-pyramid-ts", "ts", [.h264, .reordered], every: [4000])
    + flip("h264-slices", "mp4", [.h264, .reordered], every: [4000, 800])
    + flip("h264-low-delay", "mp4", [.h264], every: [2000])
    + flip("h264-mbaff", "mp4", [.h264, .reordered, .interlaced], every: [2000])
    + flip("hevc-open-gop-mkv", "mkv", [.hevc, .reordered])
    + flip("hevc-open-gop-raw", "hevc", [.hevc, .reordered, .raw], every: [2000])
    + flip("mpeg2-ts", "ts", [.mpeg2, .reordered])
    + flip("mpeg4-mp4", "mp4", [.mpeg4, .reordered], every: [2000])
    + flip("vp8-alt-ref", "webm", [.vp8, .hidden], every: [2000])
    + flip("vp9-alt-ref", "webm", [.vp9, .hidden], every: [8000, 2000, 500])
    + flip("av1-aom", "mkv", [.av1, .hidden], every: [2000, 500])
    + flip("mjpeg-avi", "avi", [.otherCodec, .intraOnly], every: [2000])
    + flip("ffv1", "mkv", [.otherCodec], every: [8000])
}
