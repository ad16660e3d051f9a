internal import CSDL2

#if canImport(Glibc)
  internal import Glibc
#endif

/// SDL's connection to the display: owns SDL as long as it lives. Windows keep it.
///
/// For the process's main thread only.
final class DisplayConnection {
  /// - Throws: `DisplayUnavailable`.
  init() throws(DisplayUnavailable) {
    if let missing = Self.missing { throw missing }
    // SDL would also take consoles and screens that nobody sees: who wants those says so.
    if !Self.isSet("SDL_VIDEODRIVER") {
      let drivers = Self.namedDrivers
      guard SDL_SetHint("SDL_VIDEODRIVER", drivers.joined(separator: ",")) == SDL_TRUE else {
        throw DisplayUnavailable(reason: "SDL takes no video driver")
      }
    }
    SDL_SetMainReady()
    // The command handles signals by itself. EGL, where there is a choice, because it imports DMA-BUFs.
    for (hint, value) in [("SDL_NO_SIGNAL_HANDLERS", "1"), ("SDL_VIDEO_X11_FORCE_EGL", "1")]
    where SDL_SetHint(hint, value) == SDL_FALSE && SDL_GetHint(hint) == nil {
      throw DisplayUnavailable(reason: "SDL takes no hint \(hint)")
    }
    guard SDL_Init(VABUF_SDL_INIT_VIDEO) == 0 else {
      throw DisplayUnavailable(reason: "SDL cannot use the display: \(Self.error)")
    }
    vabuf_x11_survive_errors()
  }

  deinit { SDL_Quit() }

  /// What SDL says of the last failure.
  static var error: String { String(cString: SDL_GetError()) }

  /// Why there can be no window, as far as that can be known without a try.
  static var missing: DisplayUnavailable? {
    isSet("SDL_VIDEODRIVER") || !namedDrivers.isEmpty
      ? nil : DisplayUnavailable(reason: "there is no display (neither DISPLAY nor WAYLAND_DISPLAY is set)")
  }

  var isWayland: Bool { SDL_GetCurrentVideoDriver().map { String(cString: $0) } == "wayland" }

  private static func isSet(_ variable: String) -> Bool { getenv(variable).map { $0.pointee != 0 } ?? false }

  /// SDL's names of the displays that the environment names.
  private static var namedDrivers: [String] {
    [("DISPLAY", "x11"), ("WAYLAND_DISPLAY", "wayland")].filter { isSet($0.0) }.map(\.1)
  }
}
