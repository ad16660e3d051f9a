extension Clips {
  /// Containers: fragments, several streams, metadata.
  static let containers: [Clip] = [
    Clip(
      "mp4-fragmented", "mp4", "fragments", [.h264, .reordered],
      "-i @h264-gop12 -c copy -movflags frag_keyframe+empty_moov"),
    Clip(
      "mp4-fragmented-delay", "mp4", "fragments, and an edit list written late", [.h264, .reordered, .editList],
      "-i @h264-gop12 -c copy -movflags frag_keyframe+delay_moov"),
    Clip(
      "mp4-faststart", "mp4", "the index comes first", [.h264, .reordered], "-i @h264-gop12 -c copy -movflags faststart"
    ),
    Clip("mov", "mov", "QuickTime", [.h264, .reordered], "-i @h264-gop12 -c copy"),
    Clip(
      "mkv-concat", "mkv", "two Matroska files, one after the other", [.h264, .reordered, .oddTimestamps],
      [.join(["@h264-pyramid-mkv", "@vfr"], into: "out.mkv")]),
    Clip(
      "mkv-no-cues", "mkv", "written to a pipe: no cues, no sizes", [.h264, .reordered],
      "-i @h264-gop12 -c copy -live 1"),
    Clip(
      "two-streams", "mp4", "two video streams", [.h264, .reordered, .severalStreams],
      noise() + " " + picture("96x64", 40, rate: 15) + " -map 0 -map 1 " + x264("bframes=2:keyint=20")),
    Clip(
      "two-streams-default", "mkv", "two video streams, and the second is the default one",
      [.h264, .reordered, .severalStreams],
      picture("96x64", 40) + " " + noise() + " -map 0 -map 1 " + x264("bframes=2:keyint=20")
        + " -disposition:v:0 0 -disposition:v:1 default"),
    Clip(
      "two-streams-codecs", "mkv", "H.264 beside VP9", [.h264, .reordered, .severalStreams],
      "-i @h264-gop12 -i @vp9-alt-ref -map 0 -map 1 -c copy"),
    Clip(
      "audio-first", "mp4", "the first stream is audio", [.h264, .reordered, .severalStreams],
      "-f lavfi -i sine=d=2 " + noise() + " -map 0 -map 1 -c:a aac " + x264("bframes=2:keyint=20")),
    Clip(
      "audio-interleaved", "ts", "audio and video packets mixed", [.h264, .reordered, .severalStreams],
      noise() + " -f lavfi -i sine=d=2 -map 0 -map 1 -c:a mp2 " + x264("bframes=2:keyint=20")),
    Clip(
      "attached-picture", "mp4", "an attached picture after the video", [.h264, .reordered, .severalStreams],
      noise() + " " + picture("64x64", 1) + " -map 0 -map 1 " + x264("bframes=2:keyint=20")
        + " -c:v:1 png -pix_fmt:v:1 rgb24 -disposition:v:1 attached_pic"),
    Clip(
      "attached-picture-first", "mp4", "an attached picture before the video", [.h264, .reordered, .severalStreams],
      picture("64x64", 1) + " " + noise() + " -map 0 -map 1 " + x264("bframes=2:keyint=20")
        + " -c:v:0 png -pix_fmt:v:0 rgb24 -disposition:v:0 attached_pic"),
    Clip(
      "two-programs", "ts", "two programs", [.h264, .reordered, .severalStreams],
      "-i @h264-gop12 -i @mpeg2-ts -map 0 -map 1 -c copy"
        + " -program title=one:st=0 -program title=two:st=1"),
    Clip(
      "rotated", "mp4", "a display matrix of 90 degrees", [.h264, .reordered, .metadata],
      "-i @h264-gop12 -c copy -metadata:s:v:0 rotate=90"),
    Clip(
      "anamorphic", "mp4", "sample aspect ratio 16:11", [.h264, .reordered, .metadata],
      picture("160x96", 30) + " -vf setsar=16/11 " + x264("bframes=2:keyint=20")),
    Clip(
      "full-range", "mp4", "full range and BT.709", [.h264, .reordered, .metadata, .pixelFormat],
      picture("160x96", 30) + " " + x264("bframes=2:keyint=20", format: "yuvj420p")
        + " -colorspace bt709 -color_primaries bt709 -color_trc bt709"),
    Clip("flv1", "flv", "Sorenson Spark in FLV", [.otherCodec], noise() + " -c:v flv -threads 1 -g 20 -b:v 300k"),
    Clip("ogg-theora", "ogv", "Theora in Ogg", [.otherCodec], noise() + " -c:v libtheora -g 20 -b:v 300k"),
    Clip("wmv2", "wmv", "WMV 8 in ASF", [.otherCodec], noise() + " -c:v wmv2 -threads 1 -g 20 -b:v 300k"),
  ]

  /// Streams that change their size, format or parameter sets.
  static let changes: [Clip] = [
    Clip(
      "change-small", "h264", "96x64, for the clips below", [.h264, .raw, .reordered],
      noise("96x64", 40) + " " + x264("bframes=2:keyint=20")),
    Clip(
      "change-baseline", "h264", "the same size as the others, Baseline profile", [.h264, .raw],
      noise("160x96", 30) + " " + x264("keyint=15") + " -profile:v baseline"),
    Clip(
      "change-size-raw", "h264", "the size changes twice", [.h264, .raw, .reordered, .changes],
      [.join(["@h264-raw-b", "@change-small", "@h264-raw"], into: "out.h264")]),
    Clip(
      "change-size-ts", "ts", "the size changes in MPEG-TS", [.h264, .reordered, .changes],
      [
        .ffmpeg(noise("96x64", 40) + " " + x264("bframes=2:keyint=20") + " b.ts"),
        .join(["@h264-pyramid-ts", "b.ts", "@h264-pyramid-ts"], into: "out.ts"),
      ]),
    Clip(
      "change-size-mkv", "mkv", "the size changes in Matroska", [.h264, .reordered, .changes],
      "-i @change-size-ts -c copy"),
    Clip(
      "change-profile", "h264", "new parameter sets, the same size", [.h264, .raw, .reordered, .changes],
      [.join(["@h264-raw-b", "@change-baseline", "@h264-raw-b"], into: "out.h264")]),
    Clip(
      "change-444", "h264", "4:2:0, then 4:4:4", [.h264, .raw, .reordered, .changes, .pixelFormat],
      [.join(["@h264-raw-b", "@h264-444-raw", "@h264-raw"], into: "out.h264")]),
    Clip(
      "change-10", "h264", "8 bits, then 10", [.h264, .raw, .reordered, .changes, .pixelFormat],
      [.join(["@h264-raw-b", "@h264-10-raw"], into: "out.h264")]),
    Clip(
      "change-hevc", "hevc", "HEVC whose size changes", [.hevc, .raw, .reordered, .changes],
      [
        .ffmpeg(noise("160x96", 30) + " " + x265("keyint=15") + " a.hevc"),
        .ffmpeg(noise("208x128", 30) + " " + x265("keyint=15") + " b.hevc"),
        .join(["a.hevc", "b.hevc", "a.hevc"], into: "out.hevc"),
      ]),
    Clip(
      "change-vp9", "webm", "VP9 whose size changes", [.vp9, .changes],
      [
        .ffmpeg(noise("160x96", 30) + " -c:v libvpx-vp9 -threads 1 -deadline good -cpu-used 5 -b:v 150k a.webm"),
        .ffmpeg(noise("224x160", 30) + " -c:v libvpx-vp9 -threads 1 -deadline good -cpu-used 5 -b:v 150k b.webm"),
        .text("file a.webm\nfile b.webm\nfile a.webm\n", into: "list.txt"),
        .ffmpeg("-f concat -i list.txt -c copy out.webm"),
      ]),
    Clip(
      "change-mpeg2", "m2v", "MPEG-2 whose size changes", [.mpeg2, .raw, .reordered, .changes],
      [
        .ffmpeg(noise("208x128", 30) + " -c:v mpeg2video -threads 1 -g 12 -bf 2 -b:v 600k a.m2v"),
        .join(["@mpeg2-raw", "a.m2v", "@mpeg2-raw"], into: "out.m2v"),
      ]),
    Clip(
      "change-mjpeg", "mjpeg", "a JPEG sequence whose size changes", [.otherCodec, .raw, .intraOnly, .changes],
      [
        .ffmpeg(noise("160x96", 10) + " -c:v mjpeg -pix_fmt yuvj420p a.mjpeg"),
        .ffmpeg(noise("96x64", 10) + " -c:v mjpeg -pix_fmt yuvj422p b.mjpeg"),
        .join(["a.mjpeg", "b.mjpeg", "a.mjpeg"], into: "out.mjpeg"),
      ]),
  ]
}
