internal import CEGL
internal import CSDL2
internal import Synchronization

#if canImport(Glibc)
  internal import Glibc
#endif

/// A window with an OpenGL context that is current on the main thread: owns both, and SDL as long as it lives.
///
/// For the process's main thread only, but for `wake`.
final class Window {
  private let window: OpaquePointer  // SDL's own, until deinit
  private let context: SDL_GLContext
  /// Lets a thread without a window end the window's waiting.
  let waker: WindowWaker
  /// The context came from EGL, and so may import DMA-BUFs.
  let usesEGL: Bool
  /// Swapping waits for the display.
  let waitsForDisplay: Bool

  /// - Throws: `DisplayUnavailable`.
  init(title: String, width: Int, height: Int, isFullscreen: Bool) throws(DisplayUnavailable) {
    try Self.startSDL()
    guard let made = Self.make(title, width, height, isFullscreen) else {
      let reason = Self.error
      SDL_Quit()
      throw DisplayUnavailable(reason: "no window with OpenGL: \(reason)")
    }
    (window, context, usesEGL) = made
    waitsForDisplay = SDL_GL_SetSwapInterval(1) == 0
    waker = WindowWaker(event: SDL_RegisterEvents(1))
  }

  deinit {
    waker.close()
    SDL_GL_DeleteContext(context)
    SDL_DestroyWindow(window)
    SDL_Quit()
  }

  private static func isSet(_ variable: String) -> Bool { getenv(variable).map { $0.pointee != 0 } ?? false }

  /// What SDL says of the last failure.
  private static var error: String { String(cString: SDL_GetError()) }

  /// SDL's names of the displays that the environment names.
  private static var namedDrivers: [String] {
    [("DISPLAY", "x11"), ("WAYLAND_DISPLAY", "wayland")].filter { isSet($0.0) }.map(\.1)
  }

  /// Why there can be no window, as far as that can be known without a try.
  static var missingDisplay: DisplayUnavailable? {
    isSet("SDL_VIDEODRIVER") || !namedDrivers.isEmpty
      ? nil : DisplayUnavailable(reason: "there is no display (neither DISPLAY nor WAYLAND_DISPLAY is set)")
  }

  private static func startSDL() throws(DisplayUnavailable) {
    if let missingDisplay { throw missingDisplay }
    // SDL would also take consoles and screens that nobody sees: who wants those says so.
    if !isSet("SDL_VIDEODRIVER") {
      let drivers = namedDrivers
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
      throw DisplayUnavailable(reason: "SDL cannot use the display: \(error)")
    }
  }

  /// The most capable of what the display has: EGL before GLX, a core context before whatever there is.
  private static func make(
    _ title: String, _ width: Int, _ height: Int, _ isFullscreen: Bool
  ) -> (OpaquePointer, SDL_GLContext, Bool)? {
    for egl in ["1", "0"] {
      guard SDL_SetHint("SDL_VIDEO_X11_FORCE_EGL", egl) == SDL_TRUE || egl == "1" else { continue }
      for isCore in [true, false] {
        guard setAttributes(isCore: isCore) else { continue }
        var flags = SDL_WINDOW_OPENGL.rawValue | SDL_WINDOW_RESIZABLE.rawValue | SDL_WINDOW_ALLOW_HIGHDPI.rawValue
        if isFullscreen { flags |= SDL_WINDOW_FULLSCREEN_DESKTOP.rawValue }
        guard
          let window = SDL_CreateWindow(
            title, VABUF_SDL_WINDOWPOS_CENTERED, VABUF_SDL_WINDOWPOS_CENTERED, Int32(width), Int32(height), flags)
        else { continue }
        if let context = SDL_GL_CreateContext(window) {
          return (window, context, eglGetCurrentContext() != nil)
        }
        SDL_DestroyWindow(window)
      }
    }
    return nil
  }

  private static func setAttributes(isCore: Bool) -> Bool {
    SDL_GL_ResetAttributes()
    var attributes: [(SDL_GLattr, Int32)] = [
      (SDL_GL_RED_SIZE, 8), (SDL_GL_GREEN_SIZE, 8), (SDL_GL_BLUE_SIZE, 8), (SDL_GL_DEPTH_SIZE, 0),
      (SDL_GL_DOUBLEBUFFER, 1),
    ]
    if isCore {
      attributes += [
        (SDL_GL_CONTEXT_PROFILE_MASK, Int32(SDL_GL_CONTEXT_PROFILE_CORE.rawValue)),
        (SDL_GL_CONTEXT_MAJOR_VERSION, 3), (SDL_GL_CONTEXT_MINOR_VERSION, 3),
      ]
    }
    return attributes.allSatisfy { SDL_GL_SetAttribute($0.0, $0.1) == 0 }
  }

  // MARK: - What it is

  /// Pixels that are drawn; more than the window's own size where the display is scaled.
  var drawableSize: (width: Int, height: Int) {
    var (width, height): (Int32, Int32) = (0, 0)
    SDL_GL_GetDrawableSize(window, &width, &height)
    return (Int(width), Int(height))
  }

  /// The window's size, in the units of the mouse.
  var size: (width: Int, height: Int) {
    var (width, height): (Int32, Int32) = (0, 0)
    SDL_GetWindowSize(window, &width, &height)
    return (Int(width), Int(height))
  }

  /// Seconds from one picture of the display to the next; nil where it does not say.
  var refreshPeriod: Double? {
    var mode = SDL_DisplayMode()
    let display = SDL_GetWindowDisplayIndex(window)
    guard display >= 0, SDL_GetCurrentDisplayMode(display, &mode) == 0, mode.refresh_rate > 0 else { return nil }
    return 1 / Double(mode.refresh_rate)
  }

  func setTitle(_ title: String) { SDL_SetWindowTitle(window, title) }

  /// - Returns: false where the display cannot.
  func toggleFullscreen() -> Bool {
    let isOn = SDL_GetWindowFlags(window) & SDL_WINDOW_FULLSCREEN_DESKTOP.rawValue != 0
    return SDL_SetWindowFullscreen(window, isOn ? 0 : SDL_WINDOW_FULLSCREEN_DESKTOP.rawValue) == 0
  }

  /// Shows what was drawn; waits for the display where `waitsForDisplay` says so.
  func swap() { SDL_GL_SwapWindow(window) }
}

/// Ends the waiting of a window from any thread.
final class WindowWaker: Sendable {
  /// SDL's number of the event; the largest number where it had none left.
  let event: UInt32
  private let isUnderWay = Atomic(false)
  private let isClosed = Mutex(false)

  init(event: UInt32) { self.event = event }

  func wake() {
    isClosed.withLock { isClosed in
      guard !isClosed, event != .max, !isUnderWay.exchange(true, ordering: .acquiringAndReleasing) else { return }
      var message = SDL_Event()
      message.type = event
      // Not taken: the queue is full, and whoever reads it is awake anyhow.
      if SDL_PushEvent(&message) != 1 { isUnderWay.store(false, ordering: .releasing) }
    }
  }

  func arrived() { isUnderWay.store(false, ordering: .releasing) }

  func close() { isClosed.withLock { $0 = true } }
}
