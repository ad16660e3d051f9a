/// The clips, by theme. Each theme is a table in a file of its own.
public enum Clips {
  /// Every clip.
  public static let all: [Clip] =
    h264 + h264Structure + hevc + hiddenFrames + timestamps + editLists + containers + formats + oddPackets
    + pixelFormats
    + changes + parameterSets + sideData + damaged

  /// The clips that have all of these tags.
  public static func tagged(_ tags: Set<Clip.Tag>) -> [Clip] { all.filter { $0.tags.isSuperset(of: tags) } }

  /// A moving test picture as an input of `ffmpeg`, with this many frames.
  static func picture(_ size: String = "160x96", _ frames: Int = 60, rate: Int = 25, filter: String = "") -> String {
    "-f lavfi -i testsrc2=s=\(size):r=\(rate),trim=end_frame=\(frames)" + (filter.isEmpty ? "" : "," + filter)
  }

  /// The same with noise, so that the coder has residuals to write.
  static func noise(_ size: String = "160x96", _ frames: Int = 60, rate: Int = 25) -> String {
    picture(size, frames, rate: rate, filter: "noise=alls=12:allf=t:all_seed=5")
  }

  /// x264, fast, always with the same slices whatever the machine.
  static func x264(_ parameters: String = "", format: String = "yuv420p", preset: String = "fast") -> String {
    let extra = parameters.isEmpty ? "" : " -x264-params \(parameters)"
    return "-c:v libx264 -threads 1 -preset \(preset) -pix_fmt \(format)\(extra)"
  }

  /// x265, likewise.
  static func x265(_ parameters: String = "", format: String = "yuv420p", preset: String = "veryfast") -> String {
    let extra = parameters.isEmpty ? "" : ":\(parameters)"
    return "-c:v libx265 -preset \(preset) -pix_fmt \(format)"
      + " -x265-params log-level=error:pools=1:frame-threads=1\(extra)"
  }
}
