internal import CPlacebo
internal import FrameModel

/// What libplacebo is told of a frame's colours. Where the stream does not say: BT.709 from 720 rows on and BT.601 below,
/// limited range, and the primaries and the transfer of a usual screen.
enum ColorMapping {
  static func representation(_ frame: FrameDescriptor) -> pl_color_repr {
    var representation = pl_color_repr()
    let format = frame.layout.format
    let isRGB = format.traits.contains(.rgb)
    representation.sys = isRGB ? PL_COLOR_SYSTEM_RGB : system(frame)
    let isFull = frame.color.range.map { $0 == "full" } ?? (isRGB || format.name.hasPrefix("yuvj"))
    representation.levels = isFull ? PL_COLOR_LEVELS_FULL : PL_COLOR_LEVELS_LIMITED
    return representation
  }

  private static func system(_ frame: FrameDescriptor) -> pl_color_system {
    switch frame.color.matrix {
    case "bt709": PL_COLOR_SYSTEM_BT_709
    case "smpte170m", "bt470bg", "fcc": PL_COLOR_SYSTEM_BT_601
    case "smpte240m": PL_COLOR_SYSTEM_SMPTE_240M
    case "bt2020nc": PL_COLOR_SYSTEM_BT_2020_NC
    case "bt2020c": PL_COLOR_SYSTEM_BT_2020_C
    case "ictcp": frame.color.transfer == "arib-std-b67" ? PL_COLOR_SYSTEM_BT_2100_HLG : PL_COLOR_SYSTEM_BT_2100_PQ
    case "ycgco": PL_COLOR_SYSTEM_YCGCO
    case "gbr": PL_COLOR_SYSTEM_RGB
    default: frame.layout.height >= 720 ? PL_COLOR_SYSTEM_BT_709 : PL_COLOR_SYSTEM_BT_601
    }
  }

  static func space(_ frame: FrameDescriptor) -> pl_color_space {
    var space = pl_color_space()
    space.primaries = primaries(frame.color.primaries)
    space.transfer = transfer(frame.color.transfer)
    if let luminance = frame.hdr?.luminance, luminance.upperBound > 0 {
      vabuf_pl_set_luminance(&space, Float(luminance.lowerBound), Float(luminance.upperBound))
    }
    vabuf_pl_set_light_levels(
      &space, Float(frame.hdr?.maxContentLightLevel ?? 0), Float(frame.hdr?.maxFrameAverageLightLevel ?? 0))
    if let given = frame.hdr?.primaries, given.count == 4 {
      func point(_ index: Int) -> pl_cie_xy { pl_cie_xy(x: Float(given[index].x), y: Float(given[index].y)) }
      space.hdr.prim = pl_raw_primaries(red: point(0), green: point(1), blue: point(2), white: point(3))
    }
    return space
  }

  /// What the screen is taken for: one for standard video. A standard video's own transfer is kept, so that its values
  /// come out as they are; HDR is mapped to the usual one.
  static func screen(for picture: pl_color_space) -> pl_color_space {
    var screen = pl_color_space()
    screen.primaries = PL_COLOR_PRIM_BT_709
    screen.transfer = pl_color_transfer_is_hdr(picture.transfer) ? PL_COLOR_TRC_BT_1886 : picture.transfer
    return screen
  }

  private static func primaries(_ name: String?) -> pl_color_primaries {
    switch name {
    case "smpte170m", "smpte240m": PL_COLOR_PRIM_BT_601_525
    case "bt470bg": PL_COLOR_PRIM_BT_601_625
    case "bt470m": PL_COLOR_PRIM_BT_470M
    case "bt2020": PL_COLOR_PRIM_BT_2020
    case "film": PL_COLOR_PRIM_FILM_C
    case "smpte428": PL_COLOR_PRIM_CIE_1931
    case "smpte431": PL_COLOR_PRIM_DCI_P3
    case "smpte432": PL_COLOR_PRIM_DISPLAY_P3
    case "jedec-p22", "ebu3213": PL_COLOR_PRIM_EBU_3213
    default: PL_COLOR_PRIM_BT_709
    }
  }

  private static func transfer(_ name: String?) -> pl_color_transfer {
    switch name {
    case "smpte2084": PL_COLOR_TRC_PQ
    case "arib-std-b67": PL_COLOR_TRC_HLG
    case "iec61966-2-1": PL_COLOR_TRC_SRGB
    case "linear": PL_COLOR_TRC_LINEAR
    case "gamma22", "bt470m": PL_COLOR_TRC_GAMMA22
    case "gamma28", "bt470bg": PL_COLOR_TRC_GAMMA28
    default: PL_COLOR_TRC_BT_1886
    }
  }

  static func chromaLocation(_ frame: FrameDescriptor) -> pl_chroma_location {
    switch frame.color.chromaLocation {
    case "center": PL_CHROMA_CENTER
    case "topleft": PL_CHROMA_TOP_LEFT
    case "top": PL_CHROMA_TOP_CENTER
    case "bottomleft": PL_CHROMA_BOTTOM_LEFT
    case "bottom": PL_CHROMA_BOTTOM_CENTER
    default: PL_CHROMA_LEFT
    }
  }
}
