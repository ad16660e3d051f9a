extension Clips {
  /// H.264: orders, entry points, containers.
  static let h264: [Clip] = [
    Clip(
      "h264-raw", "h264", "no timestamps, no reordering", [.h264, .raw], noise() + " " + x264("bframes=0:keyint=20")),
    Clip(
      "h264-raw-b", "h264", "no timestamps, and frames come out in another order than their packets",
      [.h264, .raw, .reordered], noise() + " " + x264("bframes=3:keyint=25")),
    Clip(
      "h264-pyramid", "mp4", "B pyramid", [.h264, .reordered],
      noise() + " " + x264("bframes=4:b-pyramid=normal:b-adapt=0:keyint=24")),
    Clip("h264-pyramid-mkv", "mkv", "B pyramid; Matroska has no DTS", [.h264, .reordered], "-i @h264-pyramid -c copy"),
    Clip("h264-pyramid-ts", "ts", "B pyramid in MPEG-TS, no index", [.h264, .reordered], "-i @h264-pyramid -c copy"),
    Clip("h264-pyramid-flv", "flv", "B pyramid in FLV", [.h264, .reordered], "-i @h264-pyramid -c copy"),
    Clip(
      "h264-pyramid-raw", "h264", "B pyramid with no container", [.h264, .reordered, .raw],
      "-i @h264-pyramid -c copy -bsf:v h264_mp4toannexb"),
    Clip(
      "h264-avi", "avi", "H.264 with B-frames in AVI, which has no PTS", [.h264, .reordered, .oddTimestamps],
      "-i @h264-pyramid -c copy -bsf:v h264_mp4toannexb"),
    Clip(
      "h264-strict-pyramid", "mp4", "strict B pyramid with five B-frames", [.h264, .reordered],
      noise() + " " + x264("bframes=5:b-pyramid=strict:b-adapt=0:keyint=30:ref=2")),
    Clip(
      "h264-gop12", "mp4", "closed GOPs of 12 with 3 B-frames", [.h264, .reordered],
      noise() + " " + x264("bframes=3:keyint=12:min-keyint=12:scenecut=0:b-adapt=0")),
    Clip(
      "h264-long-gop", "mp4", "GOP of 250 with scene cuts in it", [.h264, .reordered],
      "-f lavfi -i testsrc2=s=160x96:r=25,trim=end_frame=60[a];smptebars=s=160x96:r=25,trim=end_frame=40[b];"
        + "rgbtestsrc=s=160x96:r=25,noise=alls=30:allf=t:all_seed=2,trim=end_frame=60[c];"
        + "[a][b][c]concat=n=3 " + x264("keyint=250:bframes=3")),
    Clip(
      "h264-open-gop", "mp4", "open GOPs: keyframes that are no IDR, with leading pictures",
      [.h264, .reordered, .openGOP], noise("160x96", 80) + " " + x264("open-gop=1:keyint=16:bframes=3:b-adapt=0")),
    Clip("h264-open-gop-ts", "ts", "open GOPs in MPEG-TS", [.h264, .reordered, .openGOP], "-i @h264-open-gop -c copy"),
    Clip(
      "h264-open-gop-raw", "h264", "open GOPs without a container", [.h264, .reordered, .openGOP, .raw],
      "-i @h264-open-gop -c copy -bsf:v h264_mp4toannexb"),
    Clip(
      "h264-open-gop-bare", "mp4", "open GOPs: keyframes that are no IDR, without leading pictures",
      [.h264, .reordered, .openGOP],
      noise("160x96", 80) + " " + x264("open-gop=1:keyint=17:bframes=3:b-adapt=0:scenecut=0")),
    Clip(
      "h264-open-gop-bare-raw", "h264", "the same without a container", [.h264, .reordered, .openGOP, .raw],
      "-i @h264-open-gop-bare -c copy -bsf:v h264_mp4toannexb"),
    Clip(
      "h264-open-gop-start", "ts", "starts at an open-GOP keyframe: leading pictures without their references",
      [.h264, .reordered, .openGOP, .midStart],
      "-ss 1.5 -i @h264-open-gop -c copy -bsf:v h264_mp4toannexb,dump_extra"),
    Clip(
      "h264-open-gop-start-mp4", "mp4", "the same in MP4, with an edit list",
      [.h264, .reordered, .openGOP, .midStart, .editList], "-ss 1.5 -i @h264-open-gop -c copy"),
    Clip(
      "h264-mid-start", "h264", "begins in the middle of a GOP", [.h264, .reordered, .raw, .midStart],
      [.cut("@h264-pyramid-raw", from: 130, to: 1000, into: "out.h264")]),
    Clip(
      "h264-mid-start-ts", "ts", "begins in the middle of a GOP and of a packet", [.h264, .reordered, .midStart],
      [.cut("@h264-pyramid-ts", from: 137, to: 1000, into: "out.ts")]),
    Clip(
      "h264-intra-refresh", "mp4", "periodic intra refresh: recovery points, one IDR", [.h264, .openGOP],
      noise() + " " + x264("intra-refresh=1:keyint=20:bframes=0")),
    Clip(
      "h264-intra-refresh-ts", "ts", "periodic intra refresh in MPEG-TS", [.h264, .openGOP],
      noise() + " " + x264("intra-refresh=1:keyint=20:bframes=0")),
    Clip(
      "h264-intra-refresh-start", "ts", "begins in the middle of an intra refresh", [.h264, .openGOP, .midStart],
      [.cut("@h264-intra-refresh-ts", from: 420, to: 1000, into: "out.ts")]),
    Clip(
      "h264-one-key", "mp4", "no keyframe but the first", [.h264, .reordered],
      noise("160x96", 100) + " " + x264("keyint=infinite:bframes=3:scenecut=0")),
    Clip(
      "h264-one-key-refresh", "mp4", "no IDR but the first, intra refresh without end", [.h264, .openGOP],
      noise("160x96", 100) + " " + x264("keyint=infinite:intra-refresh=1:bframes=0:scenecut=0")),
    Clip(
      "h264-all-key", "mp4", "every frame is a keyframe", [.h264, .intraOnly], noise() + " " + x264("keyint=1")),
    Clip(
      "h264-low-delay", "mp4", "zero latency: slices, no reordering", [.h264],
      noise() + " " + x264("keyint=30") + " -tune zerolatency"),
    Clip(
      "h264-one-frame", "mp4", "one frame", [.h264, .oneFrame], picture("160x96", 1) + " " + x264()),
    Clip(
      "h264-one-frame-raw", "h264", "one frame without a container", [.h264, .oneFrame, .raw],
      picture("160x96", 1) + " " + x264()),
    Clip("h264-two-frames-ts", "ts", "two frames", [.h264], picture("160x96", 2) + " " + x264("bframes=1")),
  ]

  /// H.264: what is inside a picture.
  static let h264Structure: [Clip] = [
    Clip(
      "h264-mbaff", "mp4", "MBAFF", [.h264, .reordered, .interlaced],
      noise() + " -vf setfield=tff " + x264("interlaced=1:bframes=2:keyint=24")),
    Clip("h264-mbaff-ts", "ts", "MBAFF in MPEG-TS", [.h264, .reordered, .interlaced], "-i @h264-mbaff -c copy"),
    Clip(
      "h264-mbaff-raw", "h264", "MBAFF without a container", [.h264, .reordered, .interlaced, .raw],
      "-i @h264-mbaff -c copy -bsf:v h264_mp4toannexb"),
    Clip(
      "h264-paff-raw", "h264", "field pictures, each a packet of its own",
      [.h264, .reordered, .interlaced, .raw, .hidden],
      [.fieldPictures(FieldPictures(), into: "out.h264")]),
    Clip(
      "h264-paff-mixed", "h264", "field pictures and frame pictures", [.h264, .reordered, .interlaced, .raw, .hidden],
      [.fieldPictures(FieldPictures(frames: 30, framePictureEvery: 3), into: "out.h264")]),
    Clip(
      "h264-paff-in-order", "h264", "field pictures, not reordered", [.h264, .interlaced, .raw, .hidden],
      [.fieldPictures(FieldPictures(reordered: false), into: "out.h264")]),
    Clip(
      "h264-paff-unpaired", "h264", "field pictures, some without their second field",
      [.h264, .reordered, .interlaced, .raw, .hidden, .damaged],
      [.fieldPictures(FieldPictures(frames: 30, unpaired: [4, 7, 11, 20]), into: "out.h264")]),
    Clip(
      "h264-paff-ts", "ts", "field pictures in MPEG-TS", [.h264, .interlaced, .hidden],
      "-r 25 -i @h264-paff-in-order -c copy"),
    Clip(
      "h264-paff-mkv", "mkv", "field pictures in Matroska", [.h264, .interlaced, .hidden],
      "-r 25 -i @h264-paff-in-order -c copy"),
    Clip(
      "h264-slices", "mp4", "four slices a picture", [.h264, .reordered],
      noise("320x176") + " " + x264("slices=4:bframes=2:keyint=30")),
    Clip(
      "h264-cavlc", "mp4", "Baseline profile", [.h264],
      noise() + " " + x264("keyint=30") + " -profile:v baseline"),
    Clip(
      "h264-weighted", "mp4", "weighted prediction through a fade", [.h264, .reordered],
      picture(filter: "fade=in:0:30") + " " + x264("weightp=2:weightb=1:bframes=3:keyint=60")),
    Clip(
      "h264-lossless", "mp4", "High 4:4:4 Predictive, lossless", [.h264, .pixelFormat],
      picture() + " -c:v libx264 -threads 1 -preset fast -qp 0 -pix_fmt yuv444p"),
    Clip(
      "h264-ref16", "mp4", "sixteen reference frames", [.h264, .reordered],
      noise("64x64", 70) + " " + x264("ref=16:bframes=8:b-adapt=0:keyint=60")),
  ]
}
