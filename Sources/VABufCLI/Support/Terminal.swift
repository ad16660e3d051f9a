import Synchronization
import SystemPackage

#if canImport(Glibc)
  import Glibc
#endif

/// Standard error, and whether a person reads it.
enum Terminal {
  static let errorsAreSeen = isatty(STDERR_FILENO) == 1
  static let outputIsSeen = isatty(STDOUT_FILENO) == 1

  /// One line on standard error, with the program's name in front; control characters of file names become `?`.
  static func say(_ text: String) {
    write("vabuf: \(Text.harmless(text))\n")
  }

  /// Raw text on standard error. Where even that fails, there is nobody to tell.
  static func write(_ text: String) { _ = try? FileDescriptor.standardError.writeAll(text.utf8) }

  /// Columns of the terminal behind standard error.
  static var width: Int { columns(STDERR_FILENO) }

  /// Columns of the terminal behind standard output.
  static var outputWidth: Int { columns(STDOUT_FILENO) }

  private static func columns(_ descriptor: Int32) -> Int {
    var size = winsize()
    // A terminal without a size is taken for the oldest one.
    guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
  }
}

/// One line on standard error that is written again and again, where that is a terminal.
final class StatusLine: Sendable {
  private struct State {
    var last: ContinuousClock.Instant
    var isShown = false
    var isEnded = false
  }

  private let state: Mutex<State>
  private let interval: Duration
  private let isOn: Bool

  /// - Parameters:
  ///   - isOn: false for a line that never shows.
  ///   - delay: how long the work may take without it.
  ///   - interval: how often it changes.
  init(isOn: Bool, delay: Duration = .zero, interval: Duration = .milliseconds(200)) {
    self.isOn = isOn && Terminal.errorsAreSeen
    self.interval = interval
    state = Mutex(State(last: .now + delay - interval))
  }

  /// Shows a text if it is time.
  func update(_ text: () -> String) {
    guard isOn else { return }
    state.withLock { state in
      let now = ContinuousClock.now
      guard !state.isEnded, now - state.last >= interval else { return }
      state.last = now
      state.isShown = true
      Terminal.write("\r" + text().prefix(max(20, Terminal.width - 1)) + "\u{1b}[K")
    }
  }

  /// Clears the line, for good.
  func end() {
    state.withLock { state in
      if state.isShown { Terminal.write("\r\u{1b}[K") }
      state.isShown = false
      state.isEnded = true
    }
  }
}
