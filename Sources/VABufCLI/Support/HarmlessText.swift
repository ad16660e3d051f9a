import FoundationEssentials

// Names of files, drivers and models come from others. On a terminal their control characters would be obeyed.

extension Text {
  /// With `?` for each control character.
  static func harmless(_ text: String) -> String {
    String(String.UnicodeScalarView(text.unicodeScalars.map { $0.properties.generalCategory == .control ? "?" : $0 }))
  }

  /// The same of all texts in JSON, where they are escaped, but for those above ASCII.
  static func harmless(json: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(json.count)
    var rest = json[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "\\"), let kind = rest.popFirst() else {
        result.append(byte)
        continue
      }
      switch kind {
      case UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"), UInt8(ascii: "b"), UInt8(ascii: "f"):
        result.append(UInt8(ascii: "?"))
      case UInt8(ascii: "u") where rest.starts(with: "00".utf8):
        rest = rest.dropFirst(4)
        result.append(UInt8(ascii: "?"))
      default: result += [byte, kind]
      }
    }
    return Array(harmless(String(decoding: result, as: UTF8.self)).utf8)
  }

  /// A value with `?` for each control character in its texts.
  static func harmless<Value: Codable>(_ value: Value) throws -> Value {
    let json = Array(try JSONEncoder().encode(value))
    return try JSONDecoder().decode(Value.self, from: Data(harmless(json: json)))
  }
}
