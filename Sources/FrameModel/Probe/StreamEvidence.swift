// What the evidence says of a stream that is like one of the clips.

extension StreamDescription {
  /// Bits of a sample.
  package var bitDepth: Int { pixelFormat?.bitsPerComponent ?? 8 }

  /// How chroma is sampled in the stream, which need not be how it is in the decoder's pictures.
  package var chroma: String {
    guard let format = pixelFormat else { return hasMadeUpChroma ? "4:0:0" : "4:2:0" }
    if format.traits.contains(.rgb) { return "RGB" }
    guard format.componentCount > 1 else { return "4:0:0" }
    switch (format.log2ChromaWidth, format.log2ChromaHeight) {
    case (1, 1): return hasMadeUpChroma ? "4:0:0" : "4:2:0"
    case (1, 0): return "4:2:2"
    case (0, 0): return "4:4:4"
    case (0, 1): return "4:4:0"
    case (2, 0): return "4:1:1"
    case (2, 2): return "4:1:0"
    default: return "other"
    }
  }

  /// The id of the profile whose clip is most alike; nil where there is none.
  package var evidenceProfile: String? {
    let isDeep = bitDepth > 8
    switch codec {
    case "h264":
      guard !isDeep else { return nil }
      switch profile {
      case "Constrained Baseline", "Baseline": return "constrained-baseline"
      case "Main": return "main"
      default: return "high"
      }
    case "hevc", "av1": return isDeep ? "main10" : "main"
    case "vp9": return isDeep ? "profile2" : "profile0"
    case "vp8": return "vp8"
    case "mpeg2video": return "main"
    case "mjpeg": return "baseline"
    default: return nil
    }
  }
}

extension [Evidence] {
  /// The row of the clip that is most alike: the smallest that is as large as the stream, else the largest.
  package func row(for stream: StreamDescription) -> Evidence? {
    guard stream.chroma == "4:2:0" || stream.chroma == "4:0:0", let profile = stream.evidenceProfile else { return nil }
    let rows = filter { $0.codec == stream.codec && $0.profile == profile }.sorted { $0.width < $1.width }
    return rows.first { $0.width >= stream.width && $0.height >= stream.height } ?? rows.last
  }
}

/// What earlier evidence says of a stream on a device.
package enum DeviceAdvice: Hashable, Sendable {
  /// It decodes the like exactly, so fast.
  case good(framesPerSecond: Double)
  /// Nothing.
  case unknown
  /// It does not decode the like as it should: why.
  case bad(String)

  package init(_ evidence: [Evidence], for stream: StreamDescription) {
    guard let row = evidence.row(for: stream) else {
      self = .unknown
      return
    }
    switch row.verdict {
    case .exact: self = .good(framesPerSecond: row.framesPerSecond ?? 0)
    case .notOffered, .notTried: self = .unknown
    case .differs, .fails, .timedOut, .crashed:
      self = .bad("`vabuf probe` found that it \(row.verdict.verb) \(row.clip)")
    }
  }
}

extension DeviceAdvice {
  /// What earlier evidence says of a stream on a device, and what is known of its driver.
  package init(_ evidence: [Evidence], driver vendor: String?, for stream: StreamDescription) {
    self = DeviceAdvice(evidence, for: stream).knowing(driver: vendor, for: stream)
  }

  /// The same, with what is known of the device's driver.
  ///
  /// - Parameter vendor: what the driver calls itself; nil where that is not known.
  package func knowing(driver vendor: String?, for stream: StreamDescription) -> DeviceAdvice {
    if case .bad = self { return self }
    let isProven = self != .unknown
    guard let vendor, let kind = KnownDefects.kind(of: stream, driver: vendor, isProven: isProven) else { return self }
    return .bad("its driver (\(vendor)) is known to give wrong pictures for \(kind)")
  }
}

extension Evidence.Verdict {
  fileprivate var verb: String {
    switch self {
    case .differs: "gives wrong pictures for"
    case .timedOut: "hangs on"
    case .crashed: "crashes on"
    default: "fails on"
    }
  }
}
