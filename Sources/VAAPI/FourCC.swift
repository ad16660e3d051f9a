package import FrameModel

/// Four characters that name a format: VA-API's for surfaces and images, DRM's for the layers of a DMA-BUF.
///
/// The two disagree on RGB formats, and agree on the YUV formats that decoders give.
package struct FourCC: RawRepresentable, Hashable, Sendable {
  /// The characters, the first in the lowest byte.
  package let rawValue: UInt32

  package init(rawValue: UInt32) { self.rawValue = rawValue }

  /// From four characters.
  package init(_ text: StaticString) {
    precondition(text.utf8CodeUnitCount == 4, "\(text) has not four characters")
    rawValue = text.withUTF8Buffer { $0.reversed().reduce(0) { $0 << 8 | UInt32($1) } }
  }

  /// 4:2:0, 8 bits: a plane of luma, a plane of chroma pairs.
  package static let nv12 = FourCC("NV12")
  /// As `nv12` with 10 bits, in the upper bits of 16.
  package static let p010 = FourCC("P010")
  package static let i420 = FourCC("I420")
  package static let yv12 = FourCC("YV12")
  /// DRM: one 8-bit component, the luma of NV12.
  package static let r8 = FourCC("R8  ")
  /// DRM: two 8-bit components, the chroma of NV12.
  package static let gr88 = FourCC("GR88")
  /// DRM: one 16-bit component, the luma of P010.
  package static let r16 = FourCC("R16 ")
  /// DRM: two 16-bit components, the chroma of P010.
  package static let gr1616 = FourCC("GR32")

  /// FFmpeg's format with the same bytes, for the formats that decoders put into surfaces; else nil.
  package var pixelFormat: PixelFormat? {
    switch self {
    case .nv12: .nv12
    case .p010: .p010
    default: nil
    }
  }

  /// The format of surfaces that hold such pictures; nil where there is none.
  package init?(_ format: PixelFormat) {
    switch format.name {
    case "nv12": self = .nv12
    case "p010le": self = .p010
    default: return nil
    }
  }

  /// What kind of render target a surface of this format is; nil where vabuf makes none.
  package var rtFormat: RTFormats? {
    switch self {
    case .nv12, .i420, .yv12: .yuv420
    case .p010: .yuv420x10
    default: nil
    }
  }
}

extension FourCC: CustomStringConvertible {
  /// The characters without padding, as `NV12` or `R8`; a number where they cannot be printed.
  package var description: String {
    let bytes = (0..<4).map { UInt8(truncatingIfNeeded: rawValue >> ($0 * 8)) }
    guard bytes.allSatisfy({ $0 >= 0x20 && $0 < 0x7f }) else { return "0x" + String(rawValue, radix: 16) }
    let text = String(decoding: bytes, as: UTF8.self)
    return String(text.prefix(through: text.lastIndex { $0 != " " } ?? text.startIndex))
  }
}

extension PixelFormat {
  /// What most decoders put into surfaces of 8 bits; equal to what FFmpeg's tables say.
  package static let nv12 = PixelFormat(
    name: "nv12", bitsPerComponent: 8, componentCount: 3, planeCount: 2, log2ChromaWidth: 1, log2ChromaHeight: 1,
    traits: .planar)
  /// The same for 10 bits.
  package static let p010 = PixelFormat(
    name: "p010le", bitsPerComponent: 10, componentCount: 3, planeCount: 2, log2ChromaWidth: 1, log2ChromaHeight: 1,
    traits: .planar)
}

/// The kinds of render target that a profile can decode to (`VA_RT_FORMAT_...`).
package struct RTFormats: OptionSet, Hashable, Sendable {
  package let rawValue: UInt32
  package init(rawValue: UInt32) { self.rawValue = rawValue }

  package static let yuv420 = RTFormats(rawValue: 0x1)
  package static let yuv422 = RTFormats(rawValue: 0x2)
  package static let yuv444 = RTFormats(rawValue: 0x4)
  package static let yuv411 = RTFormats(rawValue: 0x8)
  package static let yuv400 = RTFormats(rawValue: 0x10)
  package static let yuv420x10 = RTFormats(rawValue: 0x100)
  package static let yuv422x10 = RTFormats(rawValue: 0x200)
  package static let yuv444x10 = RTFormats(rawValue: 0x400)
  package static let yuv420x12 = RTFormats(rawValue: 0x1000)
  package static let yuv422x12 = RTFormats(rawValue: 0x2000)
  package static let yuv444x12 = RTFormats(rawValue: 0x4000)
  package static let rgb16 = RTFormats(rawValue: 0x1_0000)
  package static let rgb32 = RTFormats(rawValue: 0x2_0000)
  package static let rgbPlanar = RTFormats(rawValue: 0x10_0000)
  package static let rgb32x10 = RTFormats(rawValue: 0x20_0000)
  package static let protected = RTFormats(rawValue: 0x8000_0000)

  /// The names of `va.h` without their prefix, as `YUV420_10`; bits without a name as numbers.
  package var names: [String] {
    let known: [(RTFormats, String)] = [
      (.yuv420, "YUV420"), (.yuv422, "YUV422"), (.yuv444, "YUV444"), (.yuv411, "YUV411"), (.yuv400, "YUV400"),
      (.yuv420x10, "YUV420_10"), (.yuv422x10, "YUV422_10"), (.yuv444x10, "YUV444_10"), (.yuv420x12, "YUV420_12"),
      (.yuv422x12, "YUV422_12"), (.yuv444x12, "YUV444_12"), (.rgb16, "RGB16"), (.rgb32, "RGB32"),
      (.rgbPlanar, "RGBP"), (.rgb32x10, "RGB32_10"), (.protected, "PROTECTED"),
    ]
    var names = known.filter { contains($0.0) }.map(\.1)
    let rest = known.reduce(self) { $0.subtracting($1.0) }
    if !rest.isEmpty { names.append("0x" + String(rest.rawValue, radix: 16)) }
    return names
  }
}
