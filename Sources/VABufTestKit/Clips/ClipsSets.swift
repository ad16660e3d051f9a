extension Clips {
  /// A stream in two parts that send a parameter set of the same id with another content, each at its start only.
  private static func changedSets(_ ext: String, a: String, b: String, sets: String) -> [Clip.Step] {
    func part(_ name: String, _ coder: String) -> [Clip.Step] {
      [
        .ffmpeg("\(noise("160x96", 30)) \(coder) \(name).\(ext)"),
        .ffmpeg("-i \(name).\(ext) -c copy -frames:v 1 -bsf:v filter_units=pass_types=\(sets) \(name)-sets.\(ext)"),
        .ffmpeg("-i \(name).\(ext) -c copy -bsf:v filter_units=remove_types=\(sets) \(name)-rest.\(ext)"),
      ]
    }
    return part("a", a) + part("b", b)
      + [.join(["a-sets.\(ext)", "a-rest.\(ext)", "b-sets.\(ext)", "b-rest.\(ext)"], into: "out.\(ext)")]
  }

  private static func h265(_ offset: Int) -> String {
    x265("bframes=0:keyint=10:min-keyint=10:open-gop=0:cbqpoffs=\(offset):crqpoffs=\(offset)")
  }

  private static let setsHard =
    "a picture parameter set changes under the same id: a decoder that was in the second part has the wrong one"

  /// Parameter sets that change within the stream while everything else stays.
  static let parameterSets: [Clip] = [
    Clip(
      "h264-pps-change", "h264", setsHard, [.h264, .raw, .changes],
      changedSets(
        "h264", a: x264("bframes=0:keyint=10:chroma-qp-offset=-6"), b: x264("bframes=0:keyint=10:chroma-qp-offset=12"),
        sets: "7-8")),
    Clip(
      "h264-pps-change-mp4", "mp4", setsHard + "; sets in samples", [.h264, .changes],
      "-r 25 -i @h264-pps-change -c copy"),
    Clip("h264-pps-change-mkv", "mkv", setsHard, [.h264, .changes], "-r 25 -i @h264-pps-change -c copy"),
    Clip("h264-pps-change-ts", "ts", setsHard, [.h264, .changes], "-r 25 -i @h264-pps-change -c copy"),
    Clip(
      "hevc-pps-change", "hevc", setsHard, [.hevc, .raw, .changes],
      changedSets("hevc", a: h265(-6), b: h265(6), sets: "32-34")),
    Clip(
      "hevc-pps-change-mp4", "mp4", setsHard + "; sets in samples", [.hevc, .changes],
      "-r 25 -i @hevc-pps-change -c copy -tag:v hev1"),
    Clip("hevc-pps-change-mkv", "mkv", setsHard, [.hevc, .changes], "-r 25 -i @hevc-pps-change -c copy"),
    Clip("hevc-pps-change-ts", "ts", setsHard, [.hevc, .changes], "-r 25 -i @hevc-pps-change -c copy"),
  ]

  private static let palettes =
    "-f lavfi -i testsrc2=s=160x96:r=25,trim=end_frame=30,hue=h=24*n,split[a][b];"
    + "[a]palettegen=stats_mode=single[p];[b][p]paletteuse=new=1 -pix_fmt pal8"

  private static func blinking(_ ext: String) -> Clip {
    Clip(
      "raw-blinking-\(ext)", ext,
      "a spot blinks in the middle of uncompressed pictures: packets of one size that begin and end alike, some equal",
      [.otherCodec, .intraOnly],
      "-f lavfi -i color=c=gray:s=64x48:r=25,trim=end_frame=40,"
        + "geq=lum=if(between(X\\,24\\,40)*between(Y\\,16\\,32)*mod(floor(N*N/5)\\,3)\\,235\\,16):cb=128:cr=128"
        + " -c:v rawvideo -pix_fmt yuv420p")
  }

  /// What decoders need beside the bytes of packets, and packets that cannot be told apart.
  static let sideData: [Clip] = [
    Clip(
      "palette-change", "avi", "each picture has a palette, which comes beside the packet",
      [.otherCodec, .intraOnly, .pixelFormat, .changes], palettes + " -c:v rawvideo"),
    Clip(
      "palette-once", "mov", "one palette, which comes beside the first packet only",
      [.otherCodec, .intraOnly, .pixelFormat], palettes + " -c:v rawvideo"),
    Clip(
      "palette-qtrle", "mov", "one palette, and pictures that depend on others", [.otherCodec, .pixelFormat],
      palettes + " -c:v qtrle -g 12"),
    blinking("nut"), blinking("avi"),
  ]
}
