internal import CPlacebo
internal import Logging

/// libplacebo on a window: what draws.
///
/// Whatever is made of it (`OwnedTexture`, `Screen`) keeps it, and it keeps its window, so that all goes in the right order.
/// For the thread of the window only.
protocol GraphicsDevice: AnyObject {
  var window: Window { get }
  var log: GraphicsLog { get }
  var gpu: vabuf_pl_gpu { get }
  /// As `OpenGL (EGL)`.
  var name: String { get }
  /// What draws is the processor.
  var isSoftware: Bool { get }
  /// Showing a picture waits for the display.
  var waitsForDisplay: Bool { get }

  /// What the window's pictures come from; its owner destroys it. Nil where the driver refuses.
  func makeSwapchain() -> vabuf_pl_swapchain?
  /// Shows what was drawn and submitted.
  func show(_ swapchain: vabuf_pl_swapchain)
}

extension GraphicsDevice {
  /// DMA-BUFs may become textures, as far as the driver goes.
  var importsDMABufs: Bool { gpu.pointee.import_caps.tex & UInt64(PL_HANDLE_DMA_BUF.rawValue) != 0 }

  /// It will never draw again, as when it was unplugged.
  var isLost: Bool { pl_gpu_is_failed(gpu) }

  /// Its name, and whether that is the processor.
  var description: String { name + (isSoftware ? " on the processor" : "") }
}

/// libplacebo's log: owns it, and hands its messages to a logger.
final class GraphicsLog {
  private(set) var handle: vabuf_pl_log?
  private let messages: Messages

  /// Where messages go; libplacebo has a pointer to this until the log is destroyed.
  private final class Messages {
    let logger: Logger
    init(_ logger: Logger) { self.logger = logger }
  }

  init(_ logger: Logger) throws(DisplayUnavailable) {
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
    handle = vabuf_pl_log_create(&parameters)
    guard handle != nil else { throw DisplayUnavailable(reason: "libplacebo has no memory") }
  }

  deinit { pl_log_destroy(&handle) }

  /// For tries whose failure is an answer: nothing of it is logged.
  func silently<R>(_ body: () -> R) -> R {
    let level = pl_log_level_update(handle, PL_LOG_NONE)
    defer {
      guard pl_log_level_update(handle, level) == PL_LOG_NONE else {
        preconditionFailure("libplacebo forgot its log level")
      }
    }
    return body()
  }
}
