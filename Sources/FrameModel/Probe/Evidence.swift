/// What decoding one of vabuf's clips came to.
public struct Evidence: Hashable, Sendable, Codable {
  /// The outcome.
  public enum Verdict: String, Hashable, Sendable, Codable, CaseIterable {
    /// Every picture is the right one, to the last bit.
    case exact
    /// Pictures came, and some are wrong.
    case differs
    /// Decoding failed.
    case fails
    /// Decoding did not come to an end in time.
    case timedOut = "timed_out"
    /// Decoding ended the process.
    case crashed
    /// The driver does not claim this profile, or FFmpeg has no decoder for it.
    case notOffered = "not_offered"
    /// It was not tried, for a reason.
    case notTried = "not_tried"
  }

  /// The clip's name, as `h264-high-1080p`.
  public var clip: String
  /// FFmpeg's name of the codec.
  public var codec: String
  /// The profile's id, as in `--require`.
  public var profile: String
  /// Width of the pictures in pixels.
  public var width: Int
  /// Height of the pictures in pixels.
  public var height: Int
  /// Bits of a sample.
  public var bitDepth: Int
  /// The outcome.
  public var verdict: Verdict
  /// How many frames were compared.
  public var frames = 0
  /// How many of them are wrong.
  public var wrongFrames = 0
  /// The peak signal-to-noise ratio of the worst frame, in dB; only where frames are wrong.
  public var psnr: Double?
  /// The call that failed.
  public var call: String?
  /// What it returned.
  public var status: String?
  /// The signal that ended the process.
  public var signal: String?
  /// Why, in words; nil where everything is exact.
  public var reason: String?
  /// FFmpeg's name of the software decoder that was used; nil for a device.
  public var decoder: String?
  /// Frames decoded a second, without copies; nil where it was not measured.
  public var framesPerSecond: Double?

  /// Describes an outcome.
  public init(
    clip: String, codec: String, profile: String, width: Int, height: Int, bitDepth: Int, verdict: Verdict,
    reason: String? = nil
  ) {
    self.clip = clip
    self.codec = codec
    self.profile = profile
    self.width = width
    self.height = height
    self.bitDepth = bitDepth
    self.verdict = verdict
    self.reason = reason
  }

  private enum CodingKeys: String, CodingKey {
    case clip, codec, profile, width, height
    case bitDepth = "bit_depth"
    case verdict, frames
    case wrongFrames = "wrong_frames"
    case psnr, call, status, signal, reason, decoder
    case framesPerSecond = "frames_per_second"
  }
}
