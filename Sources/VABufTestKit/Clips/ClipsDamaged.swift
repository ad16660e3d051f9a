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

  private static let undecodable = "some packets look right and cannot be decoded: the frames after them count on"

  private static let spoilt: [Clip] = [
    Clip(
      "spoil-vp9", "ivf", undecodable, [.vp9, .damaged],
      [
        .ffmpeg(
          noise("160x96", 60) + " -c:v libvpx-vp9 -threads 1 -deadline good -cpu-used 5 -lag-in-frames 0 -g 20 in.ivf"),
        .spoil("in.ivf", pictures: [7, 26, 27, 45], into: "out.ivf"),
      ]),
    Clip("spoil-vp9-mkv", "mkv", undecodable, [.vp9, .damaged], "-i @spoil-vp9 -c copy"),
    Clip(
      "spoil-h264-raw", "h264", undecodable, [.h264, .raw, .damaged],
      [.spoil("@h264-raw", pictures: [7, 26, 27, 45], into: "out.h264")]),
    Clip("spoil-h264-mp4", "mp4", undecodable, [.h264, .damaged], "-r 25 -i @spoil-h264-raw -c copy"),
    Clip(
      "spoil-h264-b", "h264", "the same with reordering", [.h264, .raw, .reordered, .damaged],
      [.spoil("@h264-raw-b", pictures: [5, 6, 33], into: "out.h264")]),
  ]

  /// Cut off, with holes, with flipped bits, with packets that cannot be decoded.
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
      hole("h264-open-gop-bare-raw", "h264", [.h264, .reordered, .openGOP, .raw]),
      hole("hevc-open-gop-ts", "ts", [.hevc, .reordered]),
      hole("hevc-open-gop-raw", "hevc", [.hevc, .reordered, .raw]),
      hole("mpeg2-ts", "ts", [.mpeg2, .reordered]),
      hole("vp8-alt-ref", "webm", [.vp8, .hidden]),
    ]
    + flip("mp4-faststart", "mp4", [.h264, .reordered])
    + flip("h264-pyramid-raw", "h264", [.h264, .reordered, .raw])
    + flip("h264-pyramid-ts", "ts", [.h264, .reordered], every: [4000])
    + flip("h264-open-gop-bare-raw", "h264", [.h264, .reordered, .openGOP, .raw], every: [2000])
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
    + spoilt
}
