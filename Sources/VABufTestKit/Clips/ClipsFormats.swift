extension Clips {
  /// A clip of a codec that is not one of the great ones.
  private static func other(
    _ name: String, _ ext: String, _ coder: String, frames: Int = 24, _ tags: Set<Clip.Tag> = []
  )
    -> Clip
  {
    Clip(name, ext, "codec " + name, tags.union([.otherCodec]), noise("160x96", frames) + " -c:v \(coder)")
  }

  /// Packets that give no frame, of codecs of which nobody expects it.
  public static let oddPackets: [Clip] =
    ["mjpeg-422", "prores", "qtrle"].map { name in
      Clip(
        "empty-\(name)", "mov", "an empty sample, which gives no frame", [.otherCodec, .hidden],
        [.emptySample("@\(name)", number: 4, into: "out.mov")])
    } + [
      Clip(
        "fields-mjpeg", "avi", "JPEG pictures that are fields: two packets make a frame, and libavcodec complains",
        [.otherCodec, .intraOnly, .interlaced, .hidden, .damaged], [.doubleHeight("@mjpeg-avi", into: "out.avi")]),
      Clip(
        "fraps", "avi", "packets that repeat the picture before, and give no frame",
        [.otherCodec, .intraOnly, .hidden],
        [.fraps(frames: 24, repeated: [3, 4, 11], into: "out.avi")]),
    ]

  /// Codecs and still pictures of all kinds.
  static let formats: [Clip] = [
    other("ffv1", "mkv", "ffv1 -threads 1 -level 3 -g 8"),
    other("ffv1-10", "mkv", "ffv1 -threads 1 -level 3 -pix_fmt yuv422p10le", [.intraOnly, .pixelFormat]),
    other("huffyuv", "avi", "huffyuv -pix_fmt yuv422p", [.intraOnly]),
    other("ffvhuff", "avi", "ffvhuff -pix_fmt yuv420p", [.intraOnly]),
    other("utvideo", "avi", "utvideo -pix_fmt gbrp", [.intraOnly, .pixelFormat]),
    other("prores", "mov", "prores_ks -profile:v 2 -pix_fmt yuv422p10le", [.intraOnly, .pixelFormat]),
    other("prores-4444", "mov", "prores_ks -profile:v 4 -pix_fmt yuva444p10le", [.intraOnly, .pixelFormat]),
    Clip(
      "dnxhd", "mov", "DNxHR", [.otherCodec, .intraOnly],
      noise("256x144", 12) + " -c:v dnxhd -profile:v dnxhr_sq -pix_fmt yuv422p"),
    other("mjpeg-avi", "avi", "mjpeg -pix_fmt yuvj420p", [.intraOnly]),
    other("mjpeg-422", "mov", "mjpeg -pix_fmt yuvj422p", [.intraOnly, .pixelFormat]),
    other("mjpeg-raw", "mjpeg", "mjpeg -pix_fmt yuvj420p", [.intraOnly, .raw]),
    other("wmv1", "avi", "wmv1 -threads 1 -g 12"),
    other("msmpeg4v3", "avi", "msmpeg4 -threads 1 -g 12"),
    other("msmpeg4v2", "avi", "msmpeg4v2 -threads 1 -g 12"),
    Clip(
      "h263", "3gp", "H.263", [.otherCodec],
      noise("176x144", 24) + " -c:v h263 -threads 1 -g 12 -b:v 300k"),
    Clip("h263-raw", "h263", "H.263 without a container", [.otherCodec, .raw], "-i @h263 -c copy"),
    Clip(
      "h261-raw", "h261", "H.261 without a container", [.otherCodec, .raw],
      noise("176x144", 24) + " -c:v h261 -threads 1 -g 12 -b:v 300k"),
    other("cinepak", "avi", "cinepak", frames: 8),
    other("msvideo1", "avi", "msvideo1 -pix_fmt rgb555le", frames: 16, [.pixelFormat]),
    other("svq1", "mov", "svq1 -pix_fmt yuv410p -g 8", frames: 16, [.pixelFormat]),
    other("snow", "avi", "snow -strict experimental -g 8", frames: 12),
    other("dirac", "mkv", "vc2 -pix_fmt yuv422p", frames: 12, [.intraOnly]),
    other("jpeg2000", "mov", "jpeg2000 -pix_fmt yuv420p", frames: 8, [.intraOnly]),
    other("qtrle", "mov", "qtrle -pix_fmt rgb24 -g 8", [.pixelFormat]),
    other("qtrle-alpha", "mov", "qtrle -pix_fmt argb -g 8", [.pixelFormat]),
    other("zmbv", "avi", "zmbv -pix_fmt bgr0 -g 8", [.pixelFormat]),
    other("flashsv", "flv", "flashsv -pix_fmt bgr24 -g 8", [.pixelFormat]),
    other("dv", "avi", "dvvideo -s 720x576 -pix_fmt yuv420p", frames: 6, [.intraOnly, .interlaced]),
    other("magicyuv", "mkv", "magicyuv -pix_fmt yuv444p", frames: 12, [.intraOnly, .pixelFormat]),
    other("cfhd", "mov", "cfhd -pix_fmt yuv422p10le", frames: 12, [.intraOnly, .pixelFormat]),
    other("png-mov", "mov", "png -pix_fmt rgba", frames: 12, [.intraOnly, .pixelFormat]),
    other("rv20", "rm", "rv20 -threads 1 -g 12"),
    other("gif", "gif", "gif", frames: 20, [.pixelFormat]),
    other("apng", "apng", "apng -pix_fmt rgba -plays 0", frames: 20, [.pixelFormat]),
    other("png", "png", "png -pix_fmt rgb24 -update 1", frames: 1, [.oneFrame, .intraOnly, .pixelFormat]),
    other("png-palette", "png", "png -pix_fmt pal8 -update 1", frames: 1, [.oneFrame, .intraOnly, .pixelFormat]),
    other("png-16", "png", "png -pix_fmt rgb48be -update 1", frames: 1, [.oneFrame, .intraOnly, .pixelFormat]),
    other("jpeg", "jpg", "mjpeg -pix_fmt yuvj444p -update 1", frames: 1, [.oneFrame, .intraOnly]),
    other("webp", "webp", "libwebp -lossless 1 -update 1", frames: 1, [.oneFrame, .intraOnly, .pixelFormat]),
    other("bmp", "bmp", "bmp -pix_fmt bgr24 -update 1", frames: 1, [.oneFrame, .intraOnly, .pixelFormat]),
    other("tiff", "tiff", "tiff -pix_fmt gray16le -update 1", frames: 1, [.oneFrame, .intraOnly, .pixelFormat]),
  ]

  private static func raw(_ format: String, _ ext: String = "nut", size: String = "160x96") -> Clip {
    Clip(
      "raw-\(format)", ext, "uncompressed \(format)", [.otherCodec, .intraOnly, .pixelFormat],
      picture(size, 8) + " -c:v rawvideo -pix_fmt \(format)")
  }

  private static func avc(_ name: String, _ format: String, size: String = "160x96", _ hard: String) -> Clip {
    Clip(
      "h264-" + name, "mp4", hard, [.h264, .reordered, .pixelFormat],
      noise(size, 30) + " " + x264("bframes=2:keyint=15", format: format))
  }

  /// Pixel formats and odd sizes.
  static let pixelFormats: [Clip] = [
    raw("rgb24", "avi", size: "160x96"), raw("yuv420p", "avi", size: "162x90"), raw("pal8"), raw("monow"), raw("monob"),
    raw("gray"), raw("gray16be"), raw("ya8"), raw("yuyv422"), raw("uyvy422"), raw("nv12", size: "161x91"),
    raw("p010le"),
    raw("rgb565le"), raw("rgba64be"), raw("yuv410p", size: "161x91"), raw("yuv411p", size: "161x91"),
    raw("yuv440p", size: "161x91"), raw("yuva420p", size: "161x91"), raw("gbrpf32le"), raw("bgr8"), raw("xyz12le"),
    avc("10", "yuv420p10le", "10 bits"),
    avc("422", "yuv422p", "4:2:2"),
    avc("422-10", "yuv422p10le", "4:2:2, 10 bits"),
    avc("444", "yuv444p", "4:4:4"),
    avc("444-odd", "yuv444p", size: "161x91", "161x91 in 4:4:4"),
    avc("gray", "gray", "luma only"),
    avc("cropped", "yuv420p", size: "322x182", "322x182: the decoded picture is larger and cropped"),
    avc("tiny", "yuv420p", size: "16x16", "one macroblock"),
    avc("tiny-odd", "yuv420p", size: "2x2", "2x2"),
    Clip(
      "h264-rgb", "mp4", "GBR planes", [.h264, .reordered, .pixelFormat],
      noise("160x96", 30) + " -c:v libx264rgb -threads 1 -preset fast -pix_fmt rgb24 -g 15"),
    Clip(
      "h264-444-raw", "h264", "4:4:4 without a container", [.h264, .reordered, .pixelFormat, .raw],
      "-i @h264-444 -c copy -bsf:v h264_mp4toannexb"),
    Clip(
      "h264-10-raw", "h264", "10 bits without a container", [.h264, .reordered, .pixelFormat, .raw],
      "-i @h264-10 -c copy -bsf:v h264_mp4toannexb"),
  ]
}
