extension Clips {
  /// Timestamps that are missing, repeated, uneven, or lie.
  static let timestamps: [Clip] = [
    Clip(
      "vfr", "mkv", "uneven distances, by dropping frames", [.h264, .reordered, .variableRate],
      noise("160x96", 90) + " -vf select='not(mod(n,3))+not(mod(n,7))' -fps_mode vfr " + x264("bframes=3:keyint=20")),
    Clip(
      "vfr-mp4", "mp4", "uneven distances, by new timestamps", [.h264, .reordered, .variableRate],
      noise() + " -vf settb=1/1000,setpts='N*N+20*N' -fps_mode passthrough -enc_time_base 1/1000 "
        + x264("bframes=3:keyint=20")),
    Clip(
      "vfr-gap", "mkv", "a gap of an hour", [.h264, .reordered, .variableRate],
      noise() + " -vf settb=1/1000,setpts='N*40+if(gte(N,30),3600000)' -fps_mode passthrough "
        + x264("bframes=2:keyint=20")),
    Clip(
      "rate-29.97", "mp4", "30000/1001 frames a second", [.h264, .reordered],
      "-f lavfi -i testsrc2=s=160x96:r=30000/1001,trim=end_frame=60 " + x264("bframes=2:keyint=30")),
    Clip(
      "rate-1000", "mkv", "a thousand frames a second", [.h264],
      picture("160x96", 60, rate: 1000) + " " + x264("bframes=2:keyint=30")),
    Clip(
      "pts-repeated", "mkv", "every fifth frame has the PTS of another", [.h264, .reordered, .oddTimestamps],
      "-i @h264-gop12 -c copy -bsf:v setts=pts=if(mod(N\\,5)\\,PTS\\,PTS-512):dts=DTS"),
    Clip(
      "pts-repeated-mp4", "mp4", "the same in MP4", [.h264, .reordered, .oddTimestamps],
      "-i @h264-gop12 -c copy -bsf:v setts=pts=if(mod(N\\,5)\\,PTS\\,PTS-512):dts=DTS"),
    Clip(
      "pts-missing", "nut", "every fourth PTS is missing", [.h264, .oddTimestamps],
      "-i @h264-low-delay -c copy -bsf:v setts=pts=if(mod(N\\,4)\\,PTS\\,NOPTS):dts=DTS"),
    Clip(
      "pts-jitter", "mp4", "PTS off by up to a third of a frame", [.h264, .reordered, .oddTimestamps],
      "-i @h264-gop12 -c copy -bsf:v setts=pts=PTS+mod(N*37\\,170):dts=DTS"),
    Clip(
      "pts-shuffled", "mp4", "PTS in the order of packets although frames are reordered",
      [.h264, .reordered, .oddTimestamps], "-i @h264-gop12 -c copy -bsf:v setts=pts=DTS+1024:dts=DTS"),
    Clip(
      "pts-backwards", "mkv", "the time jumps back in the middle", [.h264, .oddTimestamps],
      "-i @h264-low-delay -c copy -bsf:v setts=ts=if(lt(N\\,30)\\,TS\\,TS-10240)"),
    Clip(
      "pts-wrong-b", "mkv", "B-frames with the PTS of their neighbours swapped", [.h264, .reordered, .oddTimestamps],
      "-i @h264-gop12 -c copy -bsf:v setts=pts=PTS+if(mod(N\\,2)\\,700\\,0):dts=DTS"),
    Clip(
      "pts-constant", "mkv", "every PTS is the same", [.h264, .reordered, .oddTimestamps],
      "-i @h264-gop12 -c copy -bsf:v setts=ts=0"),
    Clip(
      "ts-offset", "ts", "starts at 10 hours", [.h264, .reordered, .oddTimestamps],
      "-i @h264-pyramid -c copy -output_ts_offset 36000"),
    Clip(
      "ts-wrap", "ts", "the 33-bit clock wraps in the middle", [.h264, .reordered, .oddTimestamps],
      "-i @h264-pyramid -c copy -muxdelay 0 -muxpreload 0 -output_ts_offset 95442.5"),
    Clip(
      "ts-discontinuity", "ts", "two recordings, one after the other: the clock starts again",
      [.h264, .reordered, .oddTimestamps], [.join(["@h264-pyramid-ts", "@h264-pyramid-ts"], into: "out.ts")]),
    Clip(
      "mpeg4-packed", "avi", "packed B-frames: two frames in one packet, then an empty one",
      [.mpeg4, .reordered, .hidden, .oddTimestamps],
      noise() + " -c:v libxvid -threads 1 -bf 2 -g 20 -b:v 300k"),
    Clip(
      "mpeg4-unpacked", "avi", "the same after unpacking", [.mpeg4, .reordered, .oddTimestamps],
      "-i @mpeg4-packed -c copy -bsf:v mpeg4_unpack_bframes"),
    Clip(
      "mpeg4-avi", "avi", "MPEG-4 part 2 with B-frames, no PTS", [.mpeg4, .reordered, .oddTimestamps],
      noise() + " -c:v mpeg4 -threads 1 -bf 2 -g 20 -b:v 300k"),
    Clip(
      "mpeg4-mp4", "mp4", "MPEG-4 part 2 with B-frames", [.mpeg4, .reordered],
      noise() + " -c:v mpeg4 -threads 1 -bf 2 -g 20 -b:v 300k"),
    Clip("mpeg4-raw", "m4v", "the same without a container", [.mpeg4, .reordered, .raw], "-i @mpeg4-mp4 -c copy"),
    Clip(
      "mkv-reordered-late", "mkv", "Matroska cut within a GOP: first timestamps are negative",
      [.h264, .reordered, .oddTimestamps], "-ss 1.1 -i @h264-gop12 -c copy -avoid_negative_ts disabled"),
  ]

  /// MP4 edit lists.
  static let editLists: [Clip] = [
    Clip(
      "edit-hidden", "mp4", "the first packets are needed but hidden", [.h264, .reordered, .editList, .hidden],
      "-ss 0.7 -i @h264-gop12 -c copy"),
    Clip(
      "edit-hidden-long", "mp4", "a long way from the keyframe to the first shown frame",
      [.h264, .reordered, .editList, .hidden], "-ss 1.3 -i @h264-one-key -c copy"),
    Clip(
      "edit-delay", "mp4", "an empty edit delays the start", [.h264, .reordered, .editList],
      "-itsoffset 0.52 -i @h264-gop12 -c copy"),
    Clip(
      "edit-negative", "mp4", "negative composition offsets, no edit list", [.h264, .reordered, .editList],
      "-i @h264-gop12 -c copy -movflags negative_cts_offsets -use_editlist 0"),
    Clip(
      "edit-none", "mp4", "no edit list at all", [.h264, .reordered, .editList],
      "-i @h264-gop12 -c copy -use_editlist 0"),
    Clip(
      "edit-two", "mp4", "two parts of the media, the middle left out", [.h264, .reordered, .editList, .hidden],
      [
        .edits(
          "@h264-gop12", [.init(start: 200, duration: 600), .init(start: 1300, duration: 700)], into: "out.mp4")
      ]),
    Clip(
      "edit-repeat", "mp4", "one part of the media shown twice", [.h264, .reordered, .editList, .hidden],
      [
        .edits(
          "@h264-gop12", [.init(start: 80, duration: 800), .init(start: 480, duration: 600)], into: "out.mp4")
      ]),
    Clip(
      "edit-reversed", "mp4", "the second part of the media comes first", [.h264, .reordered, .editList, .hidden],
      [
        .edits(
          "@h264-gop12", [.init(start: 1200, duration: 500), .init(start: 100, duration: 900)], into: "out.mp4")
      ]),
    Clip(
      "edit-empty-then-late", "mp4", "an empty edit, then one that starts between keyframes",
      [.h264, .reordered, .editList, .hidden],
      [.edits("@h264-gop12", [.init(start: -1, duration: 400), .init(start: 700, duration: 900)], into: "out.mp4")]),
    Clip(
      "edit-end", "mp4", "the end of the media is left out", [.h264, .reordered, .editList, .hidden],
      [.edits("@h264-gop12", [.init(start: 80, duration: 1000)], into: "out.mp4")]),
    Clip(
      "edit-hevc", "mp4", "an edit that starts among leading pictures",
      [.hevc, .reordered, .editList, .hidden, .openGOP],
      [.edits("@hevc-open-gop", [.init(start: 900, duration: 1400)], into: "out.mp4")]),
    Clip(
      "edit-vp9", "mp4", "an edit list over VP9", [.vp9, .editList, .hidden],
      [.edits("@vp9-alt-ref-mp4", [.init(start: 700, duration: 1400)], into: "out.mp4")]),
  ]
}
