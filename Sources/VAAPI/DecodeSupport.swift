package import FrameModel

/// Whether a device takes a stream, by what its driver claims.
package enum DecodeSupport: Hashable, Sendable {
  case supported
  /// The driver does not know the profile.
  case noProfile(VAProfile)
  /// It knows the profile, for encoding only.
  case noDecoder(VAProfile)
  /// It does not decode the profile to such surfaces, as 10 bits or 4:4:4.
  case noRTFormat(RTFormats, offered: RTFormats)
  /// The picture is larger than the driver takes.
  case tooLarge(maxWidth: Int, maxHeight: Int)
  /// The picture is smaller than the driver takes.
  case tooSmall(minWidth: Int, minHeight: Int)
  /// The driver failed when it was asked.
  case failed(VAError)

  /// It takes the stream.
  package var isSupported: Bool { self == .supported }

  /// Why not, in words; nil where it is supported.
  package var reason: String? {
    switch self {
    case .supported: nil
    case .noProfile(let profile): "the driver does not offer \(profile)"
    case .noDecoder(let profile): "the driver encodes \(profile), and does not decode it"
    case .noRTFormat(let format, let offered):
      "the driver does not decode it to \(format.names.joined(separator: "+")) surfaces"
        + (offered.isEmpty ? "" : ", only to \(offered.names.joined(separator: ", "))")
    case .tooLarge(let width, let height): "the driver takes pictures of at most \(width)x\(height)"
    case .tooSmall(let width, let height): "the driver takes pictures of at least \(width)x\(height)"
    case .failed(let error): "the driver failed when it was asked: \(error)"
    }
  }

  /// Why not, as an error; nil where it is supported.
  package func error(what: String) -> VABufError? {
    guard let reason else { return nil }
    return VABufError(
      .backendUnavailable, what: what, why: reason,
      remedy: "`Options.backend` auto or software decodes it without the GPU; `vabuf probe` shows what the GPU can")
  }
}

extension OwnedDisplay {
  /// Whether the driver claims to decode such pictures. A claim: only decoding shows whether it is true.
  ///
  /// Makes a config and destroys it.
  ///
  /// - Parameters:
  ///   - rtFormat: the kind of surface to decode to.
  ///   - width: coded width in pixels.
  ///   - height: coded height in pixels.
  package func canDecode(_ profile: VAProfile, rtFormat: RTFormats, width: Int, height: Int) -> DecodeSupport {
    do throws(VAError) {
      guard try profiles().contains(profile) else { return .noProfile(profile) }
      guard try entrypoints(of: profile).contains(.decode) else { return .noDecoder(profile) }
      let attributes = try attributes(profile, .decode)
      guard attributes.rtFormats.isSuperset(of: rtFormat) else {
        return .noRTFormat(rtFormat, offered: attributes.rtFormats)
      }
      let config = try OwnedConfig(self, profile: profile, entrypoint: .decode, rtFormat: rtFormat)
      let surfaces = try surfaceCapabilities(of: config)
      // Drivers tell the limit of the codec in one place, that of surfaces in the other, or only one of them.
      let maxWidth = min(attributes.maxWidth ?? .max, surfaces.maxWidth ?? .max)
      let maxHeight = min(attributes.maxHeight ?? .max, surfaces.maxHeight ?? .max)
      guard width <= maxWidth, height <= maxHeight else { return .tooLarge(maxWidth: maxWidth, maxHeight: maxHeight) }
      let (minWidth, minHeight) = (surfaces.minWidth ?? 0, surfaces.minHeight ?? 0)
      guard width >= minWidth, height >= minHeight else { return .tooSmall(minWidth: minWidth, minHeight: minHeight) }
      return .supported
    } catch {
      return .failed(error)
    }
  }
}
