internal import FFmpegMedia
package import FrameModel
internal import VAAPI

/// Reads what a file needs of a decoder, and compares it with what drivers claim.
package enum FilePlanner {
  /// The stream that would be decoded. Reads the head of the file only.
  package static func stream(_ path: String, _ number: Int?) throws -> StreamDescription {
    try Demuxer(path: path, stream: number, interrupt: InterruptFlag()).stream
  }

  /// vabuf knows the profiles by which drivers claim a codec; of others libavcodec decides.
  ///
  /// - Parameter stream: what is to be decoded.
  package static func knowsProfiles(of stream: StreamDescription) -> Bool { !VAProfile.candidates(for: stream).isEmpty }

  /// Why a driver that claims this does not take a stream; nil where it says that it does.
  ///
  /// - Parameters:
  ///   - claims: what the driver says.
  ///   - stream: what is to be decoded.
  package static func obstacle(_ claims: Claims, _ stream: StreamDescription) -> String? {
    guard stream.chroma == "4:2:0" || stream.chroma == "4:0:0" else {
      return "vabuf decodes 4:2:0 in hardware, and this is \(stream.chroma)"
    }
    guard [8, 10].contains(stream.bitDepth) else {
      return "vabuf decodes 8 and 10 bits in hardware, not \(stream.bitDepth)"
    }
    if stream.codec == "h264", stream.bitDepth > 8 { return "FFmpeg does not decode H.264 with 10 bits by VA-API" }
    guard CodecContext.knowsVAAPI(stream.codec) else { return "FFmpeg does not decode \(stream.codec) by VA-API" }
    let profiles = VAProfile.candidates(for: stream)
    // A codec that is not known here: libavcodec decides, when it opens the device.
    guard !profiles.isEmpty else { return nil }
    let wanted = stream.bitDepth > 8 ? "YUV420_10" : "YUV420"
    var first: String?
    for profile in profiles {
      let why = obstacle(claims.decoding(profile.name), profile.name, wanted, stream)
      guard let why else { return nil }
      first = first ?? why
    }
    return first
  }

  private static func obstacle(
    _ claim: Claims.Profile?, _ profile: String, _ wanted: String, _ stream: StreamDescription
  ) -> String? {
    guard let claim else { return "the driver does not offer \(profile)" }
    guard claim.rtFormats.contains(wanted) else { return "the driver does not decode \(profile) to \(wanted) surfaces" }
    let (width, height) = (claim.maxWidth ?? .max, claim.maxHeight ?? .max)
    guard stream.width <= width, stream.height <= height else {
      return "the driver takes pictures of at most \(width)x\(height)"
    }
    guard stream.width >= claim.minWidth ?? 0, stream.height >= claim.minHeight ?? 0 else {
      return "the driver takes pictures of at least \(claim.minWidth ?? 0)x\(claim.minHeight ?? 0)"
    }
    return nil
  }
}
