internal import FFmpegMedia
package import Logging

/// FFmpeg's log lines, for a `Logger`.
package enum LibraryLog {
  /// Gives the lines to a logger that its level lets through.
  package static func forward(to logger: Logger) {
    let most: FFmpegLog.Level =
      switch logger.logLevel {
      case .trace: .trace
      case .debug: .verbose
      case .info, .notice: .info
      case .warning: .warning
      case .error: .error
      case .critical: .fatal
      }
    FFmpegLog.forward(most) { level, line in
      switch level {
      case .panic, .fatal: logger.critical("\(line)")
      case .error: logger.error("\(line)")
      case .warning: logger.warning("\(line)")
      case .info: logger.info("\(line)")
      case .verbose, .debug: logger.debug("\(line)")
      case .trace: logger.trace("\(line)")
      }
    }
  }

  /// Gives FFmpeg's errors to `body`, from any thread, until something else is asked for.
  package static func listen(_ body: @escaping @Sendable (String) -> Void) {
    FFmpegLog.forward(.error) { _, line in body(line) }
  }

  /// Writes no line.
  package static func silence() { FFmpegLog.silence() }
}
