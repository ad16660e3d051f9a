internal import BufferPolicy
@_exported public import FrameModel  // Users of VABuf name these values; they need no second import.

/// How much a buffer holds and how far it looks ahead.
public struct Configuration: Hashable, Sendable {
  /// Frames ahead of a sequential reader that a source may deliver before it is held back.
  public var ringFrames: Int
  /// Frames that the cache holds, if the memory is enough for them.
  public var cacheFrames: Int
  /// Frames that were not used lately are packed, without loss, where the memory is not enough for `cacheFrames`: two to
  /// three then take the place of one, for a fraction of a millisecond of the processor at 1080p, each way. Else they go.
  public var packsFrames = true
  /// Frames ahead of the reader that are decoded before they are asked for.
  public var prefetchFrames: Int
  /// Bytes of host memory for frames: those that are cached, leased, and in the decoder.
  public var poolBytes: Int
  /// Frames that may wait between a source and the buffer.
  public var channelFrames: Int

  /// Makes a configuration.
  public init(ringFrames: Int, cacheFrames: Int, prefetchFrames: Int, poolBytes: Int, channelFrames: Int) {
    self.ringFrames = ringFrames
    self.cacheFrames = cacheFrames
    self.prefetchFrames = prefetchFrames
    self.poolBytes = poolBytes
    self.channelFrames = channelFrames
  }

  /// For pictures below 1280x720.
  public static let small = Configuration(
    ringFrames: 60, cacheFrames: 200, prefetchFrames: 15, poolBytes: 200 << 20, channelFrames: 100)
  /// For 1920x1080.
  public static let hd = Configuration(
    ringFrames: 30, cacheFrames: 100, prefetchFrames: 10, poolBytes: 500 << 20, channelFrames: 50)
  /// For 3840x2160.
  public static let uhd = Configuration(
    ringFrames: 15, cacheFrames: 50, prefetchFrames: 5, poolBytes: 2048 << 20, channelFrames: 25)

  /// What fits a stream into a budget.
  ///
  /// Takes the preset for the picture's size for everything but the cache, which holds as many frames as the memory
  /// does; a budget that is too small for the preset's look-ahead shrinks that too.
  ///
  /// - Parameters:
  ///   - frameBytes: bytes of one frame, its padding included.
  ///   - width: of the picture, in pixels.
  ///   - height: of the picture, in pixels.
  ///   - hostBytes: the budget.
  public static func automatic(frameBytes: Int, width: Int, height: Int, hostBytes: Int) -> Configuration {
    var configuration = preset(width: width, height: height)
    let frames = max(1, hostBytes / max(1, frameBytes))
    configuration.poolBytes = hostBytes
    configuration.cacheFrames = frames
    configuration.ringFrames = min(configuration.ringFrames, max(1, frames / 3))
    configuration.prefetchFrames = min(configuration.prefetchFrames, max(1, frames / 6))
    configuration.channelFrames = min(configuration.channelFrames, max(1, frames / 4))
    return configuration
  }

  /// The preset for pictures of a size.
  public static func preset(width: Int, height: Int) -> Configuration {
    switch width * height {
    case ..<(1280 * 720): .small
    case ...(1920 * 1200): .hd
    default: .uhd
    }
  }

  /// More frames ahead than any machine holds.
  private static let mostFrames = 1 << 20

  /// - Throws: `VABufError` with code `invalidConfiguration` for a number that makes no sense.
  func validated() throws(VABufError) -> Configuration {
    let counts = [
      ("ringFrames", ringFrames), ("cacheFrames", cacheFrames), ("channelFrames", channelFrames),
      ("poolBytes", poolBytes),
    ]
    for (name, value) in counts where value < 1 {
      throw VABufError(
        .invalidConfiguration, what: "configuration", why: "\(name) is \(value)", remedy: "give at least 1")
    }
    for (name, value) in [
      ("ringFrames", ringFrames), ("prefetchFrames", prefetchFrames), ("channelFrames", channelFrames),
    ] where value > Self.mostFrames {
      throw VABufError(
        .invalidConfiguration, what: "configuration", why: "\(name) is \(value)",
        remedy: "give at most \(Self.mostFrames)")
    }
    guard prefetchFrames >= 0 else {
      throw VABufError(
        .invalidConfiguration, what: "configuration", why: "prefetchFrames is \(prefetchFrames)",
        remedy: "give 0 for no prefetch, or more")
    }
    return self
  }
}

/// Which decoders may be used.
public enum BackendPreference: String, Hashable, Sendable, CaseIterable, Codable {
  /// Hardware where it works, else software.
  case auto
  /// VA-API only.
  case vaapi
  /// libavcodec's software decoders only.
  case software
}
