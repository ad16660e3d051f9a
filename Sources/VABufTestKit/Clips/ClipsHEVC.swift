extension Clips {
  /// HEVC, and the older MPEG codecs.
  static let hevc: [Clip] = [
    Clip(
      "hevc-open-gop", "mp4", "CRA pictures with RASL leading pictures (x265's default)",
      [.hevc, .reordered, .openGOP],
      noise("160x96", 80) + " " + x265("keyint=18:min-keyint=4:bframes=4")),
    Clip(
      "hevc-open-gop-mkv", "mkv", "the same in Matroska", [.hevc, .reordered, .openGOP], "-i @hevc-open-gop -c copy"),
    Clip("hevc-open-gop-ts", "ts", "the same in MPEG-TS", [.hevc, .reordered, .openGOP], "-i @hevc-open-gop -c copy"),
    Clip(
      "hevc-open-gop-raw", "hevc", "the same without a container", [.hevc, .reordered, .openGOP, .raw],
      "-i @hevc-open-gop -c copy -bsf:v hevc_mp4toannexb"),
    Clip(
      "hevc-cra-start", "ts", "starts at a CRA picture: its RASL pictures give no frame",
      [.hevc, .reordered, .openGOP, .midStart, .hidden], "-ss 1.5 -i @hevc-open-gop -c copy"),
    Clip(
      "hevc-cra-start-mp4", "mp4", "the same in MP4, with an edit list",
      [.hevc, .reordered, .openGOP, .midStart, .hidden, .editList], "-ss 1.5 -i @hevc-open-gop -c copy"),
    Clip(
      "hevc-cra-start-raw", "hevc", "the same without a container",
      [.hevc, .reordered, .openGOP, .midStart, .hidden, .raw],
      "-ss 1.5 -i @hevc-open-gop -c copy -bsf:v hevc_mp4toannexb"),
    Clip(
      "hevc-mid-start", "hevc", "begins in the middle of a GOP", [.hevc, .reordered, .midStart, .raw, .hidden],
      [.cut("@hevc-open-gop-raw", from: 230, to: 1000, into: "out.hevc")]),
    Clip(
      "hevc-radl", "mp4", "RADL leading pictures: decodable at their keyframe", [.hevc, .reordered, .openGOP],
      noise("160x96", 60) + " " + x265("keyint=15:min-keyint=15:bframes=4:radl=2:open-gop=0:b-adapt=0:scenecut=0")),
    Clip(
      "hevc-closed", "mp4", "closed GOPs, IDR pictures", [.hevc, .reordered],
      noise() + " " + x265("keyint=20:open-gop=0:bframes=3")),
    Clip(
      "hevc-no-b", "mp4", "no reordering", [.hevc], noise() + " " + x265("keyint=30:bframes=0")),
    Clip(
      "hevc-intra-refresh", "mp4", "intra refresh", [.hevc, .openGOP],
      noise() + " " + x265("intra-refresh=1:keyint=20:bframes=0")),
    Clip(
      "hevc-slices", "mp4", "four slices a picture", [.hevc, .reordered],
      noise("320x256", 30) + " " + x265("slices=4:bframes=2:keyint=15")),
    Clip(
      "hevc-main10", "mkv", "10 bits", [.hevc, .reordered, .pixelFormat],
      noise("160x96", 40) + " " + x265("keyint=20", format: "yuv420p10le")),
    Clip(
      "hevc-main12", "mkv", "12 bits", [.hevc, .reordered, .pixelFormat],
      noise("160x96", 30) + " " + x265("keyint=20", format: "yuv420p12le")),
    Clip(
      "hevc-422-10", "mkv", "4:2:2, 10 bits", [.hevc, .reordered, .pixelFormat],
      noise("160x96", 30) + " " + x265("keyint=20", format: "yuv422p10le")),
    Clip(
      "hevc-444", "mkv", "4:4:4", [.hevc, .reordered, .pixelFormat],
      noise("160x96", 30) + " " + x265("keyint=20", format: "yuv444p")),
    Clip(
      "hevc-gbr", "mkv", "GBR planes", [.hevc, .reordered, .pixelFormat],
      noise("160x96", 30) + " " + x265("keyint=20", format: "gbrp")),
    Clip(
      "hevc-gray", "mkv", "luma only", [.hevc, .reordered, .pixelFormat],
      noise("160x96", 30) + " " + x265("keyint=20", format: "gray")),
    Clip(
      "hevc-hdr", "mp4", "mastering display, content light level, PQ", [.hevc, .reordered, .metadata, .pixelFormat],
      noise("160x96", 20) + " "
        + x265(
          "keyint=20:hdr10=1:repeat-headers=1:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc:max-cll=1000,400:"
            + "master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50)",
          format: "yuv420p10le")),
    Clip(
      "hevc-odd", "mp4", "322x182: the decoded picture is larger and cropped", [.hevc, .reordered, .pixelFormat],
      noise("322x182", 24) + " " + x265("keyint=12")),
    Clip("hevc-one-frame", "hevc", "one frame", [.hevc, .raw, .oneFrame], picture("160x96", 1) + " " + x265()),

    Clip(
      "mpeg2-raw", "m2v", "MPEG-2 elementary stream with B-frames and open GOPs", [.mpeg2, .raw, .reordered, .openGOP],
      noise() + " -c:v mpeg2video -threads 1 -g 12 -bf 2 -b:v 600k"),
    Clip(
      "mpeg2-closed", "m2v", "closed GOPs", [.mpeg2, .raw, .reordered],
      noise() + " -c:v mpeg2video -threads 1 -g 12 -bf 2 -b:v 600k -flags +cgop -sc_threshold 1000000000"),
    Clip(
      "mpeg2-ts", "ts", "MPEG-2 in MPEG-TS", [.mpeg2, .reordered, .openGOP],
      noise() + " -c:v mpeg2video -threads 1 -g 12 -bf 2 -b:v 600k"),
    Clip("mpeg2-ps", "mpg", "MPEG-2 in a program stream", [.mpeg2, .reordered, .openGOP], "-i @mpeg2-ts -c copy"),
    Clip(
      "mpeg2-interlaced", "ts", "interlaced MPEG-2", [.mpeg2, .reordered, .interlaced],
      noise()
        + " -vf setfield=tff -c:v mpeg2video -threads 1 -flags +ildct+ilme -alternate_scan 1 -g 12 -bf 2 -b:v 800k"),
    Clip(
      "mpeg2-mid-start", "ts", "begins in the middle of a GOP", [.mpeg2, .reordered, .midStart, .hidden],
      [.cut("@mpeg2-ts", from: 115, to: 1000, into: "out.ts")]),
    Clip(
      "mpeg2-mid-start-raw", "m2v", "begins in the middle of a GOP", [.mpeg2, .reordered, .midStart, .hidden, .raw],
      [.cut("@mpeg2-raw", from: 115, to: 1000, into: "out.m2v")]),
    Clip(
      "mpeg2-low-delay", "ts", "no B-frames, low_delay", [.mpeg2],
      noise() + " -c:v mpeg2video -threads 1 -flags +low_delay -g 12 -bf 0 -b:v 600k"),
    Clip(
      "mpeg1", "mpg", "MPEG-1 in a system stream", [.mpeg2, .reordered, .openGOP],
      noise() + " -c:v mpeg1video -threads 1 -g 12 -bf 2 -b:v 600k"),
  ]
}
