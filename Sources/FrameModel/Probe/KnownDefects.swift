/// Streams that a driver is known to decode wrong without an error: seen by comparing with software, docs/hardware-testing.md.
///
/// Only where vabuf chooses: whoever names a device takes it all the same.
enum KnownDefects {
  /// What a driver calls itself that puts VA-API before NVDEC (nvidia-vaapi-driver).
  private static let nvdec = "NVDEC"

  /// The kind of stream that the driver decodes wrong; nil where nothing is known against it.
  ///
  /// - Parameters:
  ///   - vendor: what the driver calls itself.
  ///   - isProven: a clip like the stream was exact: perhaps this version of the driver does better.
  static func kind(of stream: StreamDescription, driver vendor: String, isProven: Bool) -> String? {
    guard vendor.contains(nvdec) else { return nil }
    switch stream.codec {
    // No clip is like these.
    case "h264" where stream.chroma == "4:0:0": return "H.264 without chroma"
    case "h264" where stream.isInterlaced: return "field pictures"
    case "vp9": return isProven ? nil : "VP9"
    case "mpeg2video": return isProven ? nil : "MPEG-2"
    default: return nil
    }
  }
}
