/// Which way a file would be decoded, why, and what a buffer needs for it.
public struct FilePlan: Hashable, Sendable, Codable {
  /// A way to decode the file, and whether it can be gone.
  public struct Candidate: Hashable, Sendable, Codable {
    /// The node, or `software`.
    public var device: String
    /// It takes the stream.
    public var takes: Bool
    /// Why, or why not.
    public var reason: String
    /// What decoding the clip that is most alike came to.
    public var verdict: Evidence.Verdict?
    /// The rate of that clip.
    public var framesPerSecond: Double?

    /// Describes a way.
    public init(
      device: String, takes: Bool, reason: String, verdict: Evidence.Verdict? = nil, framesPerSecond: Double? = nil
    ) {
      self.device = device
      self.takes = takes
      self.reason = reason
      self.verdict = verdict
      self.framesPerSecond = framesPerSecond
    }

    private enum CodingKeys: String, CodingKey {
      case device, takes, reason, verdict
      case framesPerSecond = "frames_per_second"
    }
  }

  /// What a preset takes for this stream.
  public struct Preset: Hashable, Sendable, Codable {
    /// `small`, `hd`, `uhd` or `automatic`.
    public var name: String
    /// Frames that the cache holds, if the memory is enough for them.
    public var cacheFrames: Int
    /// Bytes of host memory that it allows.
    public var poolBytes: Int
    /// Bytes that so many frames take.
    public var cacheBytes: Int
    /// How many frames of this stream the memory holds.
    public var framesThatFit: Int

    /// Describes a preset.
    public init(name: String, cacheFrames: Int, poolBytes: Int, cacheBytes: Int, framesThatFit: Int) {
      self.name = name
      self.cacheFrames = cacheFrames
      self.poolBytes = poolBytes
      self.cacheBytes = cacheBytes
      self.framesThatFit = framesThatFit
    }

    private enum CodingKeys: String, CodingKey {
      case name
      case cacheFrames = "cache_frames"
      case poolBytes = "pool_bytes"
      case cacheBytes = "cache_bytes"
      case framesThatFit = "frames_that_fit"
    }
  }

  /// The version of this form.
  public var schema = 1
  /// The file.
  public var file: String
  /// The stream's number in it.
  public var stream: Int
  /// FFmpeg's name of the codec.
  public var codec: String
  /// FFmpeg's name of the profile.
  public var profile: String?
  /// Width of the pictures in pixels.
  public var width: Int
  /// Height of the pictures in pixels.
  public var height: Int
  /// Bits of a sample.
  public var bitDepth: Int
  /// FFmpeg's name of the pixel format; nil where the container does not say.
  public var pixelFormat: String?
  /// How chroma is sampled in the stream, as `4:2:0`. H.264 of luma alone has `4:0:0`, though FFmpeg gives it as 4:2:0.
  public var chroma: String
  /// Frames a second; nil where unknown.
  public var frameRate: Double?
  /// Which kind of decoder is used; nil where there is none.
  public var backend: Backend?
  /// The node; nil for software.
  public var device: String?
  /// Why.
  public var reason = ""
  /// All ways, in the order in which they are tried.
  public var candidates: [Candidate] = []
  /// Bytes of a frame in host memory, with its padding.
  public var frameBytes = 0
  /// Bytes of a surface, without what the driver adds.
  public var surfaceBytes = 0
  /// Surfaces that its decoder may hold at once; a buffer needs as many.
  public var surfacesMost = 0
  /// Surfaces that it holds as a rule.
  public var surfacesUsual = 0
  /// What the presets come to.
  public var presets: [Preset] = []

  /// Names a stream.
  public init(
    file: String, stream: Int, codec: String, profile: String?, width: Int, height: Int, bitDepth: Int,
    pixelFormat: String?, chroma: String, frameRate: Double?
  ) {
    self.file = file
    self.stream = stream
    self.codec = codec
    self.profile = profile
    self.width = width
    self.height = height
    self.bitDepth = bitDepth
    self.pixelFormat = pixelFormat
    self.chroma = chroma
    self.frameRate = frameRate
  }

  private enum CodingKeys: String, CodingKey {
    case schema, file, stream, codec, profile, width, height
    case bitDepth = "bit_depth"
    case pixelFormat = "pixel_format"
    case chroma
    case frameRate = "frame_rate"
    case backend, device, reason, candidates
    case frameBytes = "frame_bytes"
    case surfaceBytes = "surface_bytes"
    case surfacesMost = "surfaces_most"
    case surfacesUsual = "surfaces_usual"
    case presets
  }
}
