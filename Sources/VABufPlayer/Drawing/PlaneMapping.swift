internal import CPlacebo
internal import FrameModel

/// Which samples of a format lie where, as textures take them: a list of planes, each with the components it holds.
struct PlaneMapping: Hashable {
  /// The components of each plane, in the order of memory: 0 to 2 are luma, blue and red chroma (or red, green, blue), 3
  /// is opacity.
  var planes: [[Int]]
  /// Bits of a stored sample, bits of those that count, and how far up they lie.
  var stored: Int
  var depth: Int
  var shift: Int

  /// Nil for formats that are no textures, as those with samples that share bytes: they are turned into RGB first.
  init?(_ format: PixelFormat) {
    let traits = format.traits
    guard traits.isDisjoint(with: [.bigEndian, .palette, .bitstream, .float]) else { return nil }
    depth = format.bitsPerComponent
    guard (8...16).contains(depth) else { return nil }
    stored = depth > 8 ? 16 : 8
    shift = 0
    if let pairs = Self.pairs[format.name] {
      planes = [[0], pairs.isSwapped ? [2, 1] : [1, 2]]
      shift = pairs.shift
    } else if let packed = Self.packed[format.name] {
      planes = [packed]
    } else if format.planeCount == format.componentCount {
      let isRGB = traits.contains(.rgb)
      // FFmpeg's planar RGB begins with green, then blue, then red.
      planes = (isRGB ? [1, 2, 0, 3] : [0, 1, 2, 3]).prefix(format.planeCount).map { [$0] }
    } else {
      return nil
    }
  }

  private static let pairs: [String: (isSwapped: Bool, shift: Int)] = [
    "nv12": (false, 0), "nv21": (true, 0), "nv16": (false, 0), "nv24": (false, 0), "nv42": (true, 0),
    "p010le": (false, 6), "p210le": (false, 6), "p410le": (false, 6), "p012le": (false, 4), "p212le": (false, 4),
    "p412le": (false, 4), "p016le": (false, 0), "p216le": (false, 0), "p416le": (false, 0), "nv20le": (false, 0),
  ]

  private static let packed: [String: [Int]] = [
    "rgba": [0, 1, 2, 3], "bgra": [2, 1, 0, 3], "rgba64le": [0, 1, 2, 3],
  ]

  /// Bits as libplacebo takes them.
  var bits: pl_bit_encoding {
    pl_bit_encoding(sample_depth: Int32(stored), color_depth: Int32(depth), bit_shift: Int32(shift))
  }
}
