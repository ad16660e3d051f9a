internal import CVA

/// The configuration attributes of a profile with an entrypoint.
package struct ConfigAttributes: Hashable, Sendable {
  /// What the driver says, by the number of the attribute; those that it does not support are missing.
  package var values: [UInt32: UInt32]

  /// The kinds of surface that it decodes to.
  package var rtFormats: RTFormats { RTFormats(rawValue: values[VAConfigAttribRTFormat.rawValue] ?? 0) }
  /// The widest picture in pixels; nil where the driver does not say.
  package var maxWidth: Int? { size(VAConfigAttribMaxPictureWidth) }
  /// The highest picture in pixels; nil where the driver does not say.
  package var maxHeight: Int? { size(VAConfigAttribMaxPictureHeight) }

  private func size(_ type: VAConfigAttribType) -> Int? {
    guard let value = values[type.rawValue], value > 0 else { return nil }
    return Int(value)
  }

  /// The constant of `va.h` for the number of an attribute, as `VAConfigAttribMaxPictureWidth`.
  package static func name(_ number: UInt32) -> String {
    libraryName(vaConfigAttribTypeStr(VAConfigAttribType(number)), else: "VAConfigAttrib(\(number))")
  }
}

/// The surfaces that a driver makes for a config.
package struct SurfaceCapabilities: Hashable, Sendable {
  package var formats: [FourCC] = []
  /// In pixels; nil where the driver does not say.
  package var minWidth: Int?
  package var maxWidth: Int?
  package var minHeight: Int?
  package var maxHeight: Int?
  /// The kinds of memory, as the bits of `VA_SURFACE_ATTRIB_MEM_TYPE_...`.
  package var memoryTypes: UInt32 = 0
  /// The driver takes a list of DRM format modifiers when a surface is made.
  package var takesModifiers = false

  /// A surface can be exported and imported as a DMA-BUF with layers and modifiers. Some drivers can and do not say.
  package var sharesDMABufs: Bool { memoryTypes & 0x4000_0000 != 0 }
  /// A surface can be exported as a DMA-BUF in the older, plain form.
  package var sharesPlainDMABufs: Bool { memoryTypes & 0x2000_0000 != 0 }
}

extension OwnedDisplay {
  /// The profiles for which the driver has any entrypoint, in its order.
  package func profiles() throws(VAError) -> [VAProfile] {
    let capacity = max(0, Int(vaMaxNumProfiles(rawDisplay)))
    var profiles = [CVA.VAProfile](repeating: VAProfileNone, count: capacity)
    var count: Int32 = 0
    try make(.vaQueryConfigProfiles) { vaQueryConfigProfiles(rawDisplay, &profiles, &count) }
    return profiles.prefix(Int(count)).map { VAProfile(rawValue: $0.rawValue) }
  }

  /// What the driver can do with a profile.
  package func entrypoints(of profile: VAProfile) throws(VAError) -> [VAEntrypoint] {
    let capacity = max(0, Int(vaMaxNumEntrypoints(rawDisplay)))
    var entrypoints = [CVA.VAEntrypoint](repeating: VAEntrypointVLD, count: capacity)
    var count: Int32 = 0
    try make(.vaQueryConfigEntrypoints) {
      vaQueryConfigEntrypoints(rawDisplay, CVA.VAProfile(profile.rawValue), &entrypoints, &count)
    }
    return entrypoints.prefix(Int(count)).map { VAEntrypoint(rawValue: $0.rawValue) }
  }

  /// All configuration attributes that libva has a name for.
  package func attributes(_ profile: VAProfile, _ entrypoint: VAEntrypoint) throws(VAError) -> ConfigAttributes {
    var attributes = (0..<VAConfigAttribTypeMax.rawValue).map {
      VAConfigAttrib(type: VAConfigAttribType($0), value: UInt32(VA_ATTRIB_NOT_SUPPORTED))
    }
    let count = Int32(attributes.count)
    try make(.vaGetConfigAttributes) {
      vaGetConfigAttributes(
        rawDisplay, CVA.VAProfile(profile.rawValue), CVA.VAEntrypoint(entrypoint.rawValue), &attributes, count)
    }
    var values: [UInt32: UInt32] = [:]
    for attribute in attributes where attribute.value != UInt32(VA_ATTRIB_NOT_SUPPORTED) {
      values[attribute.type.rawValue] = attribute.value
    }
    return ConfigAttributes(values: values)
  }

  /// Which surfaces the driver makes for a config.
  package func surfaceCapabilities(of config: borrowing OwnedConfig) throws(VAError) -> SurfaceCapabilities {
    let id = config.id
    var count: UInt32 = 0
    try make(.vaQuerySurfaceAttributes) { vaQuerySurfaceAttributes(rawDisplay, id, nil, &count) }
    var attributes = [VASurfaceAttrib](repeating: VASurfaceAttrib(), count: Int(count))
    try make(.vaQuerySurfaceAttributes) { vaQuerySurfaceAttributes(rawDisplay, id, &attributes, &count) }
    var result = SurfaceCapabilities()
    for attribute in attributes.prefix(Int(count)) {
      let value = attribute.value.value.i
      switch attribute.type {
      case VASurfaceAttribPixelFormat: result.formats.append(FourCC(rawValue: UInt32(bitPattern: value)))
      case VASurfaceAttribMinWidth: result.minWidth = Int(value)
      case VASurfaceAttribMaxWidth: result.maxWidth = Int(value)
      case VASurfaceAttribMinHeight: result.minHeight = Int(value)
      case VASurfaceAttribMaxHeight: result.maxHeight = Int(value)
      case VASurfaceAttribMemoryType: result.memoryTypes = UInt32(bitPattern: value)
      case VASurfaceAttribDRMFormatModifiers: result.takesModifiers = true
      default: break
      }
    }
    return result
  }

  /// The formats of images: what surfaces can be downloaded to and uploaded from.
  package func imageFormats() throws(VAError) -> [ImageFormat] {
    let capacity = max(0, Int(vaMaxNumImageFormats(rawDisplay)))
    var formats = [VAImageFormat](repeating: VAImageFormat(), count: capacity)
    var count: Int32 = 0
    try make(.vaQueryImageFormats) { vaQueryImageFormats(rawDisplay, &formats, &count) }
    return formats.prefix(Int(count)).map { ImageFormat(value: $0) }
  }
}

/// A format of images, with all that the driver wants to read in it.
package struct ImageFormat: Sendable {
  // Plain numbers of the driver, given back to it unchanged.
  let value: VAImageFormat

  package var fourcc: FourCC { FourCC(rawValue: value.fourcc) }
  package var bitsPerPixel: Int { Int(value.bits_per_pixel) }
}
