/// What failed, on what, why, and what to do about it.
public struct VABufError: Error, Hashable, Sendable {
  /// The kind of failure. Open: later versions add codes, so a `switch` needs a default.
  public struct Code: RawRepresentable, Hashable, Sendable {
    /// A stable name, as `file-not-found`.
    public let rawValue: String
    /// Makes a code from its name.
    public init(rawValue: String) { self.rawValue = rawValue }

    /// The file cannot be opened or read.
    public static let cannotOpen = Code(rawValue: "cannot-open")
    /// The file is not media that FFmpeg knows, or is too damaged to be read.
    public static let invalidMedia = Code(rawValue: "invalid-media")
    /// The file has no such video stream.
    public static let noVideoStream = Code(rawValue: "no-video-stream")
    /// FFmpeg was built without a decoder for the codec.
    public static let unsupportedCodec = Code(rawValue: "unsupported-codec")
    /// There is no frame of that number or time.
    public static let noSuchFrame = Code(rawValue: "no-such-frame")
    /// The decoder failed.
    public static let decodingFailed = Code(rawValue: "decoding-failed")
    /// All host memory of the pool is leased.
    public static let hostMemoryExhausted = Code(rawValue: "host-memory-exhausted")
    /// The source of frames ended, failed or does not answer.
    public static let sourceFailed = Code(rawValue: "source-failed")
    /// The buffer was closed.
    public static let closed = Code(rawValue: "closed")
    /// A setting is out of its range.
    public static let invalidConfiguration = Code(rawValue: "invalid-configuration")
    /// The file changed while it was read.
    public static let fileChanged = Code(rawValue: "file-changed")
    /// A file cannot be written.
    public static let cannotWrite = Code(rawValue: "cannot-write")
    /// A picture cannot be converted or encoded.
    public static let encodingFailed = Code(rawValue: "encoding-failed")
    /// The chosen backend or device cannot be used.
    public static let backendUnavailable = Code(rawValue: "backend-unavailable")
    /// All surfaces of the device are in use.
    public static let surfacesExhausted = Code(rawValue: "surfaces-exhausted")
    /// The device or its driver failed.
    public static let deviceFailed = Code(rawValue: "device-failed")
  }

  /// The kind of failure, for programs.
  public var code: Code
  /// What failed and on what: "clip.mp4", "frame 12 of clip.mp4".
  public var what: String
  /// Why, in the words of the library that refused where there is one.
  public var why: String
  /// What to do about it.
  public var remedy: String

  /// Describes a failure.
  public init(_ code: Code, what: String, why: String, remedy: String) {
    self.code = code
    self.what = what
    self.why = why
    self.remedy = remedy
  }
}

extension VABufError: CustomStringConvertible {
  /// `what: why: what to do`, on one line.
  public var description: String { "\(what): \(why): \(remedy)" }
}
