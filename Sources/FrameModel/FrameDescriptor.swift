/// Which lines of an interlaced frame were captured first.
public enum FieldOrder: String, Hashable, Sendable, Codable {
  case progressive, topFirst, bottomFirst
}

/// How sample values map to light: the numbers of ITU-T H.273, which FFmpeg uses too, and its names for them.
public struct ColorDescription: Hashable, Sendable {
  /// `limited` ("tv"), `full` ("pc") or nil where the stream does not say.
  public var range: String?
  /// The matrix between RGB and luma-chroma, as `bt709`.
  public var matrix: String?
  /// The primaries, as `bt2020`.
  public var primaries: String?
  /// The transfer characteristic, as `smpte2084`.
  public var transfer: String?
  /// Where chroma samples lie, as `left`.
  public var chromaLocation: String?

  /// Describes the colours of a frame.
  public init(
    range: String? = nil, matrix: String? = nil, primaries: String? = nil, transfer: String? = nil,
    chromaLocation: String? = nil
  ) {
    self.range = range
    self.matrix = matrix
    self.primaries = primaries
    self.transfer = transfer
    self.chromaLocation = chromaLocation
  }
}

/// The display on which HDR content was mastered (SMPTE ST 2086) and its light level (CTA-861.3).
public struct HDRMetadata: Hashable, Sendable {
  /// CIE 1931 x and y of red, green, blue and the white point, in this order; empty where not given.
  public var primaries: [SIMD2<Double>]
  /// The darkest and the brightest luminance of the mastering display in cd/m2; nil where not given.
  public var luminance: ClosedRange<Double>?
  /// The brightest pixel of the stream in cd/m2 (MaxCLL); nil where not given.
  public var maxContentLightLevel: Int?
  /// The highest average of a frame in cd/m2 (MaxFALL); nil where not given.
  public var maxFrameAverageLightLevel: Int?

  /// Describes HDR mastering.
  public init(
    primaries: [SIMD2<Double>] = [], luminance: ClosedRange<Double>? = nil,
    maxContentLightLevel: Int? = nil, maxFrameAverageLightLevel: Int? = nil
  ) {
    self.primaries = primaries
    self.luminance = luminance
    self.maxContentLightLevel = maxContentLightLevel
    self.maxFrameAverageLightLevel = maxFrameAverageLightLevel
  }
}

/// The shape and the meaning of a frame's memory.
public struct PictureLayout: Hashable, Sendable {
  /// Visible width in pixels.
  public var width: Int
  /// Visible height in pixels.
  public var height: Int
  /// How samples are laid out.
  public var format: PixelFormat
  /// One entry a plane, in FFmpeg's order.
  public var planes: [PlaneLayout]

  /// Describes a picture.
  public init(width: Int, height: Int, format: PixelFormat, planes: [PlaneLayout]) {
    self.width = width
    self.height = height
    self.format = format
    self.planes = planes
  }

  /// Bytes of all visible samples without padding: the size that FFmpeg's rawvideo gives the frame.
  public var visibleBytes: Int { planes.reduce(0) { $0 + $1.visibleBytes } }
}

/// What is known of a frame beside its samples.
public struct FrameDescriptor: Hashable, Sendable {
  /// The number of the frame in presentation order, from 0.
  public var number: Int
  /// When the frame is shown, in the stream's time base. Streams without timestamps count frame durations from 0.
  public var timestamp: Timestamp
  /// How long it is shown, in ticks of the time base; 0 where the stream does not say.
  public var duration: Int64
  /// Size, pixel format and planes.
  public var layout: PictureLayout
  /// Width of a pixel divided by its height; 0/1 where the stream does not say.
  public var sampleAspectRatio: Rational
  /// Counter-clockwise degrees by which the picture must be turned for display: the samples are not rotated.
  public var rotation: Double
  /// Progressive, or which field comes first.
  public var fieldOrder: FieldOrder
  /// Decoding could start here.
  public var isKeyframe: Bool
  /// What the stream says of colours.
  public var color: ColorDescription
  /// What the stream says of HDR mastering; nil where it says nothing.
  public var hdr: HDRMetadata?
  /// The frame may not show what was encoded: the decoder met damage in its bitstream, or in that of a frame before it from
  /// which it may be predicted. Damage that makes another valid bitstream is met by no decoder.
  public var isDamaged: Bool
  /// Which decoder made the frame.
  public var backend: Backend
  /// How many times the device had been opened when the frame was decoded; 0 for software.
  public var deviceGeneration: Int

  /// Describes a frame.
  public init(
    number: Int, timestamp: Timestamp, duration: Int64 = 0, layout: PictureLayout,
    sampleAspectRatio: Rational = Rational(0, 1), rotation: Double = 0, fieldOrder: FieldOrder = .progressive,
    isKeyframe: Bool = false, color: ColorDescription = ColorDescription(), hdr: HDRMetadata? = nil,
    isDamaged: Bool = false, backend: Backend = .software, deviceGeneration: Int = 0
  ) {
    self.number = number
    self.timestamp = timestamp
    self.duration = duration
    self.layout = layout
    self.sampleAspectRatio = sampleAspectRatio
    self.rotation = rotation
    self.fieldOrder = fieldOrder
    self.isKeyframe = isKeyframe
    self.color = color
    self.hdr = hdr
    self.isDamaged = isDamaged
    self.backend = backend
    self.deviceGeneration = deviceGeneration
  }
}
