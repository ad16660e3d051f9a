internal import Synchronization

/// What FFmpeg said, as far as it matters.
final class LogLines: Sendable {
  private let lines = Mutex<[String]>([])

  var all: [String] { lines.withLock { $0 } }
  func add(_ line: String) { lines.withLock { if $0.count < 100 { $0.append(line) } } }
}
