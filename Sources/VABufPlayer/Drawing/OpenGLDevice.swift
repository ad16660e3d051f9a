internal import CEGL
internal import CPlacebo
internal import PlayerPolicy

/// libplacebo on a window's OpenGL context: owns its device.
final class OpenGLDevice: GraphicsDevice {
  let log: GraphicsLog
  let isSoftware: Bool
  private let context: OpenGLContext
  private var opengl: vabuf_pl_opengl?

  init(
    _ display: DisplayConnection, _ style: Window.Style, log: GraphicsLog
  ) throws(DisplayUnavailable) {
    self.log = log
    context = try OpenGLContext(display, style)
    let (display, handle) = context.usesEGL ? (eglGetCurrentDisplay(), eglGetCurrentContext()) : (nil, nil)
    // First as if software did not count: so it is known which one it is. That one it is has no line in the log.
    let hardware = log.silently { vabuf_pl_opengl_create(log.handle, false, display, handle) }
    isSoftware = hardware == nil
    opengl = hardware ?? vabuf_pl_opengl_create(log.handle, true, display, handle)
    guard opengl != nil else { throw DisplayUnavailable(reason: "libplacebo cannot use the display's OpenGL") }
  }

  deinit { pl_opengl_destroy(&opengl) }

  private var device: vabuf_pl_opengl {
    guard let opengl else { preconditionFailure("a device without OpenGL") }
    return opengl
  }

  var window: Window { context.window }
  var gpu: vabuf_pl_gpu { device.pointee.gpu }
  var name: String { GraphicsAPI.openGL.rawValue + (context.usesEGL ? " (EGL)" : " (GLX)") }
  var waitsForDisplay: Bool { context.waitsForDisplay }

  func makeSwapchain() -> vabuf_pl_swapchain? {
    var empty = pl_opengl_swapchain_params()
    return pl_opengl_create_swapchain(device, &empty)
  }

  func show(_ swapchain: vabuf_pl_swapchain) { context.swap() }
}
