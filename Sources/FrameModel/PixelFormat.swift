/// How the samples of a frame are laid out, under the name that FFmpeg gives it (`yuv420p`, `p010le`, `gbrp12le`).
public struct PixelFormat: Hashable, Sendable {
  /// What kind of samples a format has; from the flags of FFmpeg's `AVPixFmtDescriptor`.
  public struct Traits: OptionSet, Hashable, Sendable {
    /// The flags as bits; their values are not stable between versions.
    public let rawValue: UInt16
    /// Makes traits from bits.
    public init(rawValue: UInt16) { self.rawValue = rawValue }
    /// Red, green and blue samples; without it luma and chroma.
    public static let rgb = Traits(rawValue: 1 << 0)
    /// Has a plane or samples for opacity.
    public static let alpha = Traits(rawValue: 1 << 1)
    /// At least one component has a plane of its own.
    public static let planar = Traits(rawValue: 1 << 2)
    /// Samples of more than 8 bits are stored big-endian.
    public static let bigEndian = Traits(rawValue: 1 << 3)
    /// Samples are indices into plane 1: 256 colours of 4 bytes.
    public static let palette = Traits(rawValue: 1 << 4)
    /// Samples are not byte-aligned.
    public static let bitstream = Traits(rawValue: 1 << 5)
    /// Samples are floating-point numbers.
    public static let float = Traits(rawValue: 1 << 6)
  }

  /// FFmpeg's name of the format.
  public let name: String
  /// Significant bits of the widest component.
  public let bitsPerComponent: Int
  /// Components of a pixel, 1 to 4.
  public let componentCount: Int
  /// Planes of memory, 1 to 4.
  public let planeCount: Int
  /// The chroma planes are narrower by a factor of two to this power.
  public let log2ChromaWidth: Int
  /// The chroma planes are lower by a factor of two to this power.
  public let log2ChromaHeight: Int
  /// What kind of samples it has.
  public let traits: Traits

  /// Describes a format; the decoders make these from FFmpeg's own tables.
  public init(
    name: String, bitsPerComponent: Int, componentCount: Int, planeCount: Int,
    log2ChromaWidth: Int, log2ChromaHeight: Int, traits: Traits
  ) {
    self.name = name
    self.bitsPerComponent = bitsPerComponent
    self.componentCount = componentCount
    self.planeCount = planeCount
    self.log2ChromaWidth = log2ChromaWidth
    self.log2ChromaHeight = log2ChromaHeight
    self.traits = traits
  }
}

extension PixelFormat: CustomStringConvertible {
  /// FFmpeg's name of the format.
  public var description: String { name }
}

/// Where one plane of a frame lies in its buffer, cropped to the visible picture.
public struct PlaneLayout: Hashable, Sendable {
  /// Bytes from the start of the buffer to the first visible sample.
  public var offset: Int
  /// Bytes from one row to the next; negative where the rows are stored bottom-up.
  public var stride: Int
  /// Bytes of a row that hold visible samples.
  public var rowBytes: Int
  /// Visible rows.
  public var rows: Int

  /// Describes a plane.
  public init(offset: Int, stride: Int, rowBytes: Int, rows: Int) {
    self.offset = offset
    self.stride = stride
    self.rowBytes = rowBytes
    self.rows = rows
  }

  /// Bytes of the visible samples without padding.
  public var visibleBytes: Int { rowBytes * rows }
}
