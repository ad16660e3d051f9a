internal import CSDL2
internal import Synchronization

/// A window: owns it, and keeps the connection to the display.
///
/// For the process's main thread only, but for `wake`.
final class Window {
  /// How a window begins.
  struct Style {
    var title: String
    var width: Int
    var height: Int
    var isFullscreen: Bool
  }

  let display: DisplayConnection
  /// SDL's own, until deinit; for what draws into it.
  let handle: OpaquePointer
  /// Lets a thread without a window end the window's waiting.
  let waker: WindowWaker

  /// - Parameter graphics: `SDL_WINDOW_OPENGL` or `SDL_WINDOW_VULKAN`: SDL's windows are for one of them.
  /// - Throws: `DisplayUnavailable`.
  init(_ display: DisplayConnection, _ style: Style, for graphics: SDL_WindowFlags) throws(DisplayUnavailable) {
    var flags = graphics.rawValue | SDL_WINDOW_RESIZABLE.rawValue | SDL_WINDOW_ALLOW_HIGHDPI.rawValue
    if style.isFullscreen { flags |= SDL_WINDOW_FULLSCREEN_DESKTOP.rawValue }
    guard
      let made = SDL_CreateWindow(
        style.title, VABUF_SDL_WINDOWPOS_CENTERED, VABUF_SDL_WINDOWPOS_CENTERED, Int32(style.width),
        Int32(style.height), flags)
    else { throw DisplayUnavailable(reason: DisplayConnection.error) }
    self.display = display
    handle = made
    waker = WindowWaker(event: SDL_RegisterEvents(1))
  }

  deinit {
    waker.close()
    SDL_DestroyWindow(handle)
  }

  // MARK: - What it is

  /// Pixels that are drawn; more than the window's own size where the display is scaled.
  var drawableSize: (width: Int, height: Int) {
    var (width, height): (Int32, Int32) = (0, 0)
    SDL_GetWindowSizeInPixels(handle, &width, &height)
    return (Int(width), Int(height))
  }

  /// The window's size, in the units of the mouse.
  var size: (width: Int, height: Int) {
    var (width, height): (Int32, Int32) = (0, 0)
    SDL_GetWindowSize(handle, &width, &height)
    return (Int(width), Int(height))
  }

  /// Seconds from one picture of the display to the next; nil where it does not say.
  var refreshPeriod: Double? {
    var mode = SDL_DisplayMode()
    let display = SDL_GetWindowDisplayIndex(handle)
    guard display >= 0, SDL_GetCurrentDisplayMode(display, &mode) == 0, mode.refresh_rate > 0 else { return nil }
    return 1 / Double(mode.refresh_rate)
  }

  func setTitle(_ title: String) { SDL_SetWindowTitle(handle, title) }

  /// - Returns: false where the display cannot.
  func toggleFullscreen() -> Bool {
    let isOn = SDL_GetWindowFlags(handle) & SDL_WINDOW_FULLSCREEN_DESKTOP.rawValue != 0
    return SDL_SetWindowFullscreen(handle, isOn ? 0 : SDL_WINDOW_FULLSCREEN_DESKTOP.rawValue) == 0
  }
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
