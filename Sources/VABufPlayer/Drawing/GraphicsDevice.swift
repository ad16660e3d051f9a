internal import CEGL
internal import CPlacebo
internal import Logging

/// libplacebo on a window's OpenGL context: owns its log and its device, and keeps the window.
///
/// Whatever is made of it (`OwnedTexture`, `Screen`) keeps it, so that it goes last. For the thread of the window only.
final class GraphicsDevice {
  let window: Window
  private var log: vabuf_pl_log?
  private var opengl: vabuf_pl_opengl?
  private let messages: Messages
  /// What draws is the processor.
  let isSoftware: Bool

  /// Where libplacebo's messages go; it has a pointer to this until the log is destroyed.
  private final class Messages {
    let logger: Logger
    init(_ logger: Logger) { self.logger = logger }
  }

  init(_ window: Window, logger: Logger) throws(DisplayUnavailable) {
    self.window = window
    messages = Messages(logger)
    var parameters = pl_log_params()
    parameters.log_level = logger.logLevel <= .debug ? PL_LOG_INFO : PL_LOG_ERR
    // Borrowed: `messages` lives as long as this object, which destroys the log before it goes.
    parameters.log_priv = Unmanaged.passUnretained(messages).toOpaque()
    parameters.log_cb = { messages, level, text in
      guard let messages, let text else { return }
      let logger = Unmanaged<Messages>.fromOpaque(messages).takeUnretainedValue().logger  // see above
      logger.log(level: level == PL_LOG_INFO ? .debug : .warning, "libplacebo: \(String(cString: text))")
    }
    guard let log = vabuf_pl_log_create(&parameters) else {
      throw DisplayUnavailable(reason: "libplacebo has no memory")
    }
    let (display, context) = window.usesEGL ? (eglGetCurrentDisplay(), eglGetCurrentContext()) : (nil, nil)
    // First as if software did not count: so it is known which one it is. That one it is has no line in the log.
    let level = pl_log_level_update(log, PL_LOG_NONE)
    let hardware = vabuf_pl_opengl_create(log, false, display, context)
    guard pl_log_level_update(log, level) == PL_LOG_NONE else { preconditionFailure("libplacebo forgot its log level") }
    let opengl = hardware ?? vabuf_pl_opengl_create(log, true, display, context)
    isSoftware = hardware == nil
    self.log = log
    self.opengl = opengl
    guard opengl != nil else { throw DisplayUnavailable(reason: "libplacebo cannot use the display's OpenGL") }
  }

  deinit {
    pl_opengl_destroy(&opengl)
    pl_log_destroy(&log)
  }

  var logHandle: vabuf_pl_log? { log }

  var openGLHandle: vabuf_pl_opengl {
    guard let opengl else { preconditionFailure("a device without OpenGL") }
    return opengl
  }

  var gpu: vabuf_pl_gpu { openGLHandle.pointee.gpu }

  /// DMA-BUFs may become textures, as far as the driver goes.
  var importsDMABufs: Bool { gpu.pointee.import_caps.tex & UInt64(PL_HANDLE_DMA_BUF.rawValue) != 0 }
}

/// Owns a texture.
struct OwnedTexture: ~Copyable {
  private(set) var texture: vabuf_pl_tex?
  let device: GraphicsDevice

  init(_ device: GraphicsDevice) { self.device = device }

  /// Takes one over.
  init(_ device: GraphicsDevice, adopting texture: vabuf_pl_tex) {
    self.device = device
    self.texture = texture
  }

  /// Makes one; nil where the driver refuses.
  init?(_ device: GraphicsDevice, _ parameters: pl_tex_params) {
    self.device = device
    var parameters = parameters
    texture = pl_tex_create(device.gpu, &parameters)
    if texture == nil { return nil }
  }

  deinit {
    var texture = texture
    pl_tex_destroy(device.gpu, &texture)
  }

  /// Writes a plane, into the texture that there is or into a new one where that does not fit.
  mutating func upload(_ data: inout pl_plane_data, _ plane: inout pl_plane) -> Bool {
    pl_upload_plane(device.gpu, &plane, &texture, &data)
  }
}
