internal import CVA

/// A codec profile under VA-API's number.
package struct VAProfile: RawRepresentable, Hashable, Sendable {
  package let rawValue: Int32
  package init(rawValue: Int32) { self.rawValue = rawValue }

  /// No codec: video processing.
  package static let none = VAProfile(rawValue: -1)
  package static let mpeg2Simple = VAProfile(rawValue: 0)
  package static let mpeg2Main = VAProfile(rawValue: 1)
  package static let h264Main = VAProfile(rawValue: 6)
  package static let h264High = VAProfile(rawValue: 7)
  package static let vc1Advanced = VAProfile(rawValue: 10)
  package static let jpegBaseline = VAProfile(rawValue: 12)
  package static let h264ConstrainedBaseline = VAProfile(rawValue: 13)
  package static let vp8 = VAProfile(rawValue: 14)
  package static let hevcMain = VAProfile(rawValue: 17)
  package static let hevcMain10 = VAProfile(rawValue: 18)
  package static let vp9Profile0 = VAProfile(rawValue: 19)
  package static let vp9Profile1 = VAProfile(rawValue: 20)
  package static let vp9Profile2 = VAProfile(rawValue: 21)
  package static let vp9Profile3 = VAProfile(rawValue: 22)
  package static let av1Profile0 = VAProfile(rawValue: 32)
  package static let av1Profile1 = VAProfile(rawValue: 33)

  /// The constant of `va.h`, as `VAProfileH264High`; with the number where this libva does not know it.
  package var name: String { libraryName(vaProfileStr(CVA.VAProfile(rawValue)), else: "VAProfile(\(rawValue))") }

  /// The profile of that name among those that this libva knows.
  package init?(name: String) {
    guard let found = (-1...255).lazy.map(VAProfile.init(rawValue:)).first(where: { $0.name == name }) else {
      return nil
    }
    self = found
  }
}

/// What a driver can do with a profile, under VA-API's number.
package struct VAEntrypoint: RawRepresentable, Hashable, Sendable {
  package let rawValue: UInt32
  package init(rawValue: UInt32) { self.rawValue = rawValue }

  /// Decoding from the bitstream ("VLD").
  package static let decode = VAEntrypoint(rawValue: 1)
  package static let encodeSlice = VAEntrypoint(rawValue: 6)
  package static let encodePicture = VAEntrypoint(rawValue: 7)
  package static let encodeSliceLowPower = VAEntrypoint(rawValue: 8)
  package static let videoProcessing = VAEntrypoint(rawValue: 10)

  /// The constant of `va.h`, as `VAEntrypointVLD`; with the number where this libva does not know it.
  package var name: String {
    libraryName(vaEntrypointStr(CVA.VAEntrypoint(rawValue)), else: "VAEntrypoint(\(rawValue))")
  }
}

/// The name in libva's tables, which answer `<unknown ...>` for what they do not have.
func libraryName(_ text: UnsafePointer<CChar>?, else fallback: String) -> String {
  guard let text else { return fallback }
  let name = String(cString: text)
  return name.hasPrefix("<") ? fallback : name
}

extension VAProfile: CustomStringConvertible {
  package var description: String { name }
}

extension VAEntrypoint: CustomStringConvertible {
  package var description: String { name }
}
