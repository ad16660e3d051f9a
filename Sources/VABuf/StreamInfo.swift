internal import BufferPolicy
internal import Decoding
public import FrameModel

/// What is known of a stream once it is indexed, at the opening of its buffer.
///
/// Where decoding later proves the index wrong, `FrameBuffer.frameCount` and `timings` follow; this does not.
public struct StreamInfo: Hashable, Sendable {
  /// The stream's number in its file.
  public var index: Int
  /// FFmpeg's name of the codec, as `h264`.
  public var codec: String
  /// FFmpeg's name of the profile, as `High`; nil where unknown.
  public var profile: String?
  /// FFmpeg's name of the decoder, as `libdav1d`.
  public var decoder: String
  /// Which kind of decoder is used at first; frames carry their own.
  public var backend: Backend
  /// Why no hardware is used; nil where it is, or was not asked for.
  public var fallbackReason: String?
  /// Width of the pictures in pixels, as the container says; frames carry their own.
  public var width: Int
  /// Height of the pictures in pixels.
  public var height: Int
  /// How samples are laid out; nil where the container does not say.
  public var pixelFormat: PixelFormat?
  /// Seconds for each tick of timestamps.
  public var timeBase: Rational
  /// Frames a second on average: what the container says, unless it counts fields; 0/0 where unknown.
  public var averageFrameRate: Rational
  /// Counter-clockwise degrees by which pictures must be turned for display.
  public var rotation: Double
  /// Width of a pixel divided by its height; 0/1 where unknown.
  public var sampleAspectRatio: Rational
  /// How many frames there are.
  public var frameCount: Int
  /// Ticks from the start of the first frame to the end of the last.
  public var duration: Int64
  /// The time between frames changes.
  public var isVariableRate: Bool
  /// The numbers of the keyframes.
  public var keyframes: [Int]
  /// Why the headers of the stream were not proof enough, so that it was decoded once to be indexed; empty where they
  /// were.
  public var indexDoubts: String

  init(_ opened: DecodeSession.Opened) {
    let stream = opened.stream
    index = stream.index
    codec = stream.codec
    profile = stream.profile
    decoder = opened.decoderName
    backend = .software
    width = stream.width
    height = stream.height
    pixelFormat = stream.pixelFormat
    timeBase = stream.timeBase
    averageFrameRate = opened.index.averageFrameRate(said: stream.averageFrameRate)
    rotation = stream.rotation
    sampleAspectRatio = stream.sampleAspectRatio
    frameCount = opened.index.frames.count
    duration = opened.index.duration
    isVariableRate = opened.index.hasVariableRate
    keyframes = opened.index.keyframeNumbers
    indexDoubts = opened.index.doubts.description
  }
}

extension StreamInfo {
  /// Bytes of a pool buffer that holds one frame, with the padding that libavcodec wants; an estimate.
  var bufferBytes: Int { Self.bufferBytes(width: width, height: height, format: pixelFormat) }

  static func bufferBytes(width: Int, height: Int, format: PixelFormat?) -> Int {
    let bytes = format.map { ($0.bitsPerComponent + 7) / 8 } ?? 1
    // Widths are padded to 64 bytes and heights to 32 rows and a few more.
    let luma = ((width + 63) / 64 * 64) * (height + 34) * bytes
    guard let format, format.traits.contains(.planar), !format.traits.contains(.rgb) else {
      return SizeBuckets.bucket(for: luma * (format?.componentCount ?? 3)).bytes
    }
    let chroma = (luma >> format.log2ChromaWidth) >> format.log2ChromaHeight
    let planes = luma + 2 * chroma * (format.componentCount > 1 ? 1 : 0) + (format.componentCount == 4 ? luma : 0)
    return SizeBuckets.bucket(for: planes).bytes
  }
}

/// When a frame of the index is shown.
public struct FrameTiming: Hashable, Sendable {
  /// The number of the frame.
  public var number: Int
  /// When it is shown, in ticks of the stream's time base.
  public var pts: Int64
  /// For how long, in ticks.
  public var duration: Int64
  /// Decoding could start here.
  public var isKeyframe: Bool
  /// It may not show what was encoded (`FrameDescriptor.isDamaged`), as far as decoding has met damage by now: all that is
  /// known of a stream from its packets alone is that they are there. Once damage is met, it is known of all frames.
  public var isDamaged: Bool
}
