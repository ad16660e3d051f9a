import Logging

/// Log lines on standard error, in the manner of the command's other lines.
struct ErrorLogHandler: LogHandler {
  var logLevel: Logger.Level
  var metadata: Logger.Metadata = [:]

  init(_ logLevel: Logger.Level) { self.logLevel = logLevel }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let all = metadata.merging(event.metadata ?? [:]) { _, new in new }
    let tail = all.sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }.joined()
    Terminal.say(OptionNames.ofCommandLine("\(event.level): \(event.message)\(tail)"))
  }
}
