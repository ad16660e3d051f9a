internal import CVA

/// Owns a `VAConfigID`: a profile with an entrypoint, as the question for which surfaces the driver would use.
///
/// libavcodec makes its own for decoding. Used by one thread at a time; `deinit` calls libva.
package struct OwnedConfig: ~Copyable {
  package let display: OwnedDisplay
  let id: VAConfigID

  /// - Parameter rtFormat: the kind of surface to decode to; nil leaves it to the driver.
  package init(
    _ display: OwnedDisplay, profile: VAProfile, entrypoint: VAEntrypoint, rtFormat: RTFormats? = nil
  ) throws(VAError) {
    var attribute = VAConfigAttrib(type: VAConfigAttribRTFormat, value: rtFormat?.rawValue ?? 0)
    var id = VAConfigID(VA_INVALID_ID)
    try display.make(.vaCreateConfig) {
      vaCreateConfig(
        display.rawDisplay, CVA.VAProfile(profile.rawValue), CVA.VAEntrypoint(entrypoint.rawValue), &attribute,
        rtFormat == nil ? 0 : 1, &id)
    }
    self.display = display
    self.id = id
  }

  deinit {
    display.finish(.vaDestroyConfig) { vaDestroyConfig(display.rawDisplay, id) }
  }
}
