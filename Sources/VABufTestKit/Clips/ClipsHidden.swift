extension Clips {
  private static let alternate = "-auto-alt-ref 1 -lag-in-frames 25 -threads 1 -b:v 150k"

  private static func twoPass(_ codec: String, _ ext: String, _ extra: String = "", frames: Int = 80) -> [Clip.Step] {
    let common = noise("160x96", frames) + " -c:v \(codec) -deadline good -cpu-used 4 \(alternate) -g 30 \(extra)"
    let arguments = common.split(separator: " ").joined(separator: " ")
    return [
      .ffmpeg(arguments + " -pass 1 -passlogfile log -f null -"),
      .ffmpeg(arguments + " -pass 2 -passlogfile log out." + ext),
    ]
  }

  /// VP8, VP9 and AV1: frames that are decoded and never shown, and frames that are shown again.
  static let hiddenFrames: [Clip] = [
    Clip("vp8-alt-ref", "webm", "hidden frames, each a packet of its own", [.vp8, .hidden], twoPass("libvpx", "webm")),
    Clip("vp8-alt-ref-ivf", "ivf", "the same in IVF", [.vp8, .hidden], "-i @vp8-alt-ref -c copy"),
    Clip("vp8-alt-ref-mkv", "mkv", "the same in Matroska", [.vp8, .hidden], "-i @vp8-alt-ref -c copy"),
    Clip("vp8-alt-ref-avi", "avi", "the same in AVI, without PTS", [.vp8, .hidden], "-i @vp8-alt-ref -c copy"),
    Clip(
      "vp8-odd", "webm", "161x91", [.vp8, .pixelFormat],
      noise("161x91", 30) + " -c:v libvpx -threads 1 -deadline good -cpu-used 5 -b:v 150k"),
    Clip("vp9-alt-ref", "webm", "hidden frames inside superframes", [.vp9, .hidden], twoPass("libvpx-vp9", "webm")),
    Clip("vp9-alt-ref-mp4", "mp4", "the same in MP4", [.vp9, .hidden], "-i @vp9-alt-ref -c copy"),
    Clip("vp9-alt-ref-ivf", "ivf", "the same in IVF", [.vp9, .hidden], "-i @vp9-alt-ref -c copy"),
    Clip(
      "vp9-split", "nut", "superframes split: hidden frames are packets of their own", [.vp9, .hidden],
      "-i @vp9-alt-ref -c copy -bsf:v vp9_superframe_split"),
    Clip(
      "vp9-split-avi", "avi", "superframes split, in AVI", [.vp9, .hidden],
      "-i @vp9-alt-ref -c copy -bsf:v vp9_superframe_split"),
    Clip(
      "vp9-show-existing", "webm", "show_existing_frame: packets of two bytes that show an older frame again",
      [.vp9, .hidden], twoPass("libvpx-vp9", "webm", "-auto-alt-ref 6 -g 60", frames: 120)),
    Clip(
      "vp9-show-existing-split", "nut", "the same with superframes split", [.vp9, .hidden],
      "-i @vp9-show-existing -c copy -bsf:v vp9_superframe_split"),
    Clip(
      "vp9-tiles", "webm", "several tiles, frame parallel off", [.vp9],
      noise("512x128", 30) + " -c:v libvpx-vp9 -threads 1 -deadline good -cpu-used 5 -tile-columns 1 -b:v 200k"),
    Clip(
      "vp9-odd", "webm", "161x91 in 4:2:0", [.vp9, .pixelFormat],
      noise("161x91", 30) + " -c:v libvpx-vp9 -threads 1 -deadline good -cpu-used 5 -b:v 150k"),
    Clip(
      "vp9-10", "webm", "profile 2, 10 bits", [.vp9, .pixelFormat],
      noise("160x96", 30) + " -c:v libvpx-vp9 -threads 1 -deadline good -cpu-used 5 -b:v 150k -pix_fmt yuv420p10le"),
    Clip(
      "vp9-444", "webm", "profile 1, 4:4:4", [.vp9, .pixelFormat],
      noise("160x96", 30) + " -c:v libvpx-vp9 -threads 1 -deadline good -cpu-used 5 -b:v 150k -pix_fmt yuv444p"),
    Clip(
      "vp9-alpha", "webm", "alpha in side data, which the native decoder leaves out", [.vp9, .pixelFormat],
      picture("160x96", 30, filter: "format=yuva420p,fade=in:0:20:alpha=1")
        + " -c:v libvpx-vp9 -threads 1 -deadline good -cpu-used 5 -b:v 150k -pix_fmt yuva420p -auto-alt-ref 0"),
    Clip(
      "av1-aom", "mkv", "hidden frames and shown-again frames (libaom)", [.av1, .hidden],
      noise("160x96", 50) + " -c:v libaom-av1 -threads 1 -cpu-used 8 -lag-in-frames 25 -b:v 150k -g 25"),
    Clip("av1-aom-mp4", "mp4", "the same in MP4", [.av1, .hidden], "-i @av1-aom -c copy"),
    Clip("av1-aom-webm", "webm", "the same in WebM", [.av1, .hidden], "-i @av1-aom -c copy"),
    Clip("av1-aom-ivf", "ivf", "the same in IVF", [.av1, .hidden], "-i @av1-aom -c copy"),
    Clip("av1-aom-obu", "obu", "the same as bare OBUs", [.av1, .hidden, .raw], "-i @av1-aom -c copy"),
    Clip(
      "av1-split", "ivf", "temporal units split into frames: hidden frames are packets of their own", [.av1, .hidden],
      "-i @av1-aom -c copy -bsf:v av1_frame_split"),
    Clip(
      "av1-svt", "mkv", "hidden and shown-again frames (SVT-AV1)", [.av1, .hidden],
      noise("160x96", 50) + " -c:v libsvtav1 -preset 10 -svtav1-params lp=1 -g 25 -crf 40"),
    Clip(
      "av1-grain", "mkv", "film grain", [.av1, .hidden],
      noise("160x96", 20) + " -c:v libsvtav1 -preset 10 -svtav1-params lp=1:film-grain=20 -g 10 -crf 40"),
    Clip(
      "av1-rav1e", "mkv", "reordered by rav1e", [.av1, .hidden],
      noise("160x96", 40) + " -c:v librav1e -speed 10 -tiles 1 -rav1e-params threads=1 -g 20 -qp 120"),
    Clip(
      "av1-10", "mkv", "10 bits", [.av1, .hidden, .pixelFormat],
      noise("160x96", 20) + " -c:v libsvtav1 -preset 10 -svtav1-params lp=1 -g 10 -crf 40 -pix_fmt yuv420p10le"),
  ]
}
