internal import CEGL
internal import CSDL2

/// An OpenGL context that is current on the main thread: owns it, and keeps its window.
///
/// For the process's main thread only.
final class OpenGLContext {
  let window: Window
  private let context: SDL_GLContext
  /// It came from EGL, and so may import DMA-BUFs.
  let usesEGL: Bool
  /// Swapping waits for the display.
  let waitsForDisplay: Bool

  /// - Throws: `DisplayUnavailable`, with what SDL says of the last try.
  init(_ display: DisplayConnection, _ style: Window.Style) throws(DisplayUnavailable) {
    (window, context) = try Self.make(display, style)
    usesEGL = eglGetCurrentContext() != nil
    waitsForDisplay = SDL_GL_SetSwapInterval(1) == 0
  }

  deinit { SDL_GL_DeleteContext(context) }

  /// Shows what was drawn; waits for the display where `waitsForDisplay` says so.
  func swap() { SDL_GL_SwapWindow(window.handle) }

  /// The most capable of what the display has: EGL before GLX, a core context before whatever there is.
  private static func make(
    _ display: DisplayConnection, _ style: Window.Style
  ) throws(DisplayUnavailable) -> (Window, SDL_GLContext) {
    var refusal = DisplayUnavailable(reason: "SDL takes no attributes")
    for egl in ["1", "0"] {
      guard SDL_SetHint("SDL_VIDEO_X11_FORCE_EGL", egl) == SDL_TRUE || egl == "1" else { continue }
      for isCore in [true, false] where setAttributes(isCore: isCore) {
        do throws(DisplayUnavailable) {
          let window = try Window(display, style, for: SDL_WINDOW_OPENGL)
          if let context = SDL_GL_CreateContext(window.handle) { return (window, context) }
          refusal = DisplayUnavailable(reason: DisplayConnection.error)
        } catch { refusal = error }
      }
    }
    throw refusal
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
}
