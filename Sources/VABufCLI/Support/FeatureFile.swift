import VABuf

/// A feature file for Kubernetes Node Feature Discovery's local source: a `name=value` a line. Put into
/// `/etc/kubernetes/node-feature-discovery/features.d/`, it becomes labels of the node.
struct FeatureFile {
  private let capabilities: Capabilities

  init(_ capabilities: Capabilities) { self.capabilities = capabilities }

  /// Names of a label: letters, digits, `-`, `_` and `.`, at most 63.
  static func name(_ text: String) -> String {
    let characters = text.map { $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0)) ? $0 : "-" }
    return String(trimmed(characters))
  }

  private static func trimmed(_ characters: [Character]) -> ArraySlice<Character> {
    var slice = characters.prefix(63)
    while let last = slice.last, !last.isLetter, !last.isNumber { slice.removeLast() }
    while let first = slice.first, !first.isLetter, !first.isNumber { slice.removeFirst() }
    return slice
  }

  var text: String {
    var lines = [
      "# vabuf \(capabilities.version): what was decoded to the last bit. Made by `vabuf probe --format nfd`."
    ]
    func add(_ name: String, _ value: String) {
      let value = Self.name(value)
      if !value.isEmpty { lines.append("vabuf-\(Self.name(name))=\(value)") }
    }
    add("hardware", capabilities.chosenDevice == nil ? "false" : "true")
    if let device = capabilities.chosenDevice {
      if let driver = device.driver?.name { add("driver", driver) }
      if let vendor = device.vendor { add("vendor", vendor) }
      if let model = device.model { add("model", model) }
      for row in device.evidence where row.verdict == .exact { feature("hw", row, add) }
    }
    for row in capabilities.software.evidence where row.verdict == .exact { feature("sw", row, add) }
    return lines.joined(separator: "\n") + "\n"
  }

  private func feature(_ backend: String, _ row: Evidence, _ add: (String, String) -> Void) {
    let name = "\(backend).\(row.codec)-\(row.profile).\(row.height)p"
    add(name, "true")
    // Whole frames: labels are compared as numbers (Gt, Lt), which knows integers only.
    if let rate = row.framesPerSecond { add(name + ".fps", "\(Int(rate))") }
  }
}
