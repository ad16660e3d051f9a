internal import CAVCodec
internal import CAVFormat
internal import CAVUtil
internal import CSWScale
internal import CVABufShims
internal import Synchronization

/// FFmpeg's log. There is one for the whole process, other users of FFmpeg in it included.
package enum FFmpegLog {
  /// How much a line matters; FFmpeg's own names.
  package enum Level: Int32, Hashable, Sendable, CaseIterable {
    case panic = 0
    case fatal = 8
    case error = 16
    case warning = 24
    case info = 32
    case verbose = 40
    case debug = 48
    case trace = 56
  }

  private static let receiver = Mutex<(@Sendable (Level, String) -> Void)?>(nil)

  /// Gives lines of `level` and worse to `body`, which FFmpeg calls from any of its threads.
  package static func forward(_ level: Level, to body: @escaping @Sendable (Level, String) -> Void) {
    receiver.withLock { $0 = body }
    av_log_set_level(level.rawValue)
    vabuf_set_log_sink { level, line in
      guard let line, let body = FFmpegLog.receiver.withLock({ $0 }) else { return }
      var text = String(cString: line)
      while text.last?.isNewline == true { text.removeLast() }
      guard !text.isEmpty else { return }
      body(Level.allCases.last { $0.rawValue <= level } ?? .panic, text)
    }
  }

  /// Reads along, to learn what decoders of ours conceal, and leaves out what readers of ours say because they were told to
  /// stop; once for the process.
  static let watch: Void = vabuf_watch_log(
    DecoderHooks.getBuffer,
    { opaque, format in
      guard let opaque, let format else { return }
      let hooks = Unmanaged<DecoderHooks>.fromOpaque(opaque).takeUnretainedValue()
      if let hardware = hooks.hardware, hardware.takes(line: format) { return }
      hooks.damage.note(line: format)
    }, InterruptFlag.isRaised)

  /// FFmpeg writes no line anywhere.
  package static func silence() {
    av_log_set_level(-8)  // AV_LOG_QUIET
    vabuf_set_log_sink(nil)
    receiver.withLock { $0 = nil }
  }
}
