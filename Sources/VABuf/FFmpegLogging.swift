internal import Decoding
public import Logging

/// Where FFmpeg's own log lines go.
///
/// FFmpeg has one log for the whole process: this changes it for all users of FFmpeg in the program. vabuf never does it
/// by itself, so without these calls FFmpeg writes to standard error. It does read along, to learn what its own decoders
/// conceal: a program that calls `av_log_set_callback` itself should do so after it opened its first file.
public enum FFmpegLogging {
  /// Gives FFmpeg's lines to a logger, those that its level lets through. FFmpeg calls it from any thread.
  public static func forward(to logger: Logger) { LibraryLog.forward(to: logger) }

  /// FFmpeg writes no line anywhere.
  public static func silence() { LibraryLog.silence() }
}
