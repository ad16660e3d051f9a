internal import FrameModel

/// What to do about something.
struct Remedy {
  var words: String
  /// To be run as they are.
  var commands: [String] = []
  /// To be completed.
  var examples: [String] = []
}

extension Finding {
  init(_ code: Code, _ severity: Severity, device: String? = nil, cause: String, _ remedy: Remedy) {
    self.init(
      code, severity, device: device, cause: cause, cure: remedy.words, commands: remedy.commands,
      examples: remedy.examples)
  }
}

extension HostReport.Account {
  /// `render (993)`, or the number.
  var title: String { name.map { "\($0) (\(id))" } ?? "\(id)" }
}

extension HostReport {
  /// The user, as commands name it.
  var userName: String { user.name ?? "$USER" }
}

extension DeviceReport {
  var title: String { model ?? [vendor, kernelDriver].compactMap(\.self).first ?? path }
}

extension [HostReport.DriverFile] {
  var names: String { map(\.name).joined(separator: ", ") }
}

extension [Evidence] {
  /// The clips by name.
  var list: String { map(\.clip).joined(separator: ", ") }
}
