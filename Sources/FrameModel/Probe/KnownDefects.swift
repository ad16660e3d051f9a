/// Streams that a driver is known to decode wrong without an error: seen by comparing with software, docs/hardware-testing.md.
///
/// Only where vabuf chooses: whoever names a device takes it all the same.
enum KnownDefects {
  /// The kind of stream that the driver decodes wrong; nil where nothing is known against it.
  ///
  /// - Parameters:
  ///   - vendor: what the driver calls itself.
  ///   - isProven: a clip like the stream was exact: perhaps this version of the driver does better.
  static func kind(of stream: StreamDescription, driver vendor: String, isProven: Bool) -> String? {
    guard DriverNames.isBeforeNVDEC(vendor) else { return nil }
    switch stream.codec {
    // No clip has these. Interlaced frames (MBAFF) are decoded right, and cannot be told from fields beforehand.
    case "h264" where stream.chroma == "4:0:0": return "H.264 without chroma"
    case "h264" where stream.isInterlaced: return "field pictures, which interlaced H.264 may have"
    // Right where packets are aligned, as `Packet.align` has them; other versions of the driver were not seen.
    case "vp8": return isProven ? nil : "VP8"
    case "vp9": return isProven ? nil : "VP9"
    case "mpeg2video": return isProven ? nil : "MPEG-2"
    default: return nil
    }
  }
}
