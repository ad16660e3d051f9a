import VABuf

/// A JSON value whose keys keep their order: `schema` comes first, and programs may compare outputs as text.
enum JSON {
  case null
  case bool(Bool)
  case int(Int)
  case number(Double)
  case string(String)
  case array([JSON])
  case object([(String, JSON)])

  /// Text, or null.
  static func text(_ value: String?) -> JSON { value.map { .string($0) } ?? .null }

  /// A number with at most so many decimals; null where it is none.
  static func rounded(_ value: Double, _ decimals: Int) -> JSON {
    guard value.isFinite else { return .null }
    let scale = (0..<decimals).reduce(1.0) { scale, _ in scale * 10 }
    return .number(abs(value) < 1e9 ? (value * scale).rounded() / scale : value)
  }

  /// `"30/1"`; null where it is unknown.
  static func ratio(_ value: Rational) -> JSON {
    value.denominator == 0 || value.numerator == 0 ? .null : .string("\(value)")
  }

  /// On one line.
  var compact: String {
    switch self {
    case .null: "null"
    case .bool(let value): value ? "true" : "false"
    case .int(let value): "\(value)"
    case .number(let value): value.isFinite ? "\(value)" : "null"
    case .string(let value): Self.quote(value)
    case .array(let values): "[" + values.map(\.compact).joined(separator: ", ") + "]"
    case .object(let members):
      "{" + members.map { "\(Self.quote($0)): \($1.compact)" }.joined(separator: ", ") + "}"
    }
  }

  /// A document: its members a line each, objects in a list too.
  var document: String {
    guard case .object(let members) = self else { return compact + "\n" }
    let lines = members.map { name, value in
      guard case .array(let values) = value, case .object? = values.first else {
        return "  \(Self.quote(name)): \(value.compact)"
      }
      return "  \(Self.quote(name)): [\n" + values.map { "    " + $0.compact }.joined(separator: ",\n") + "\n  ]"
    }
    return "{\n" + lines.joined(separator: ",\n") + "\n}\n"
  }

  static func quote(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\t": result += "\\t"
      case "\r": result += "\\r"
      case _ where scalar.value < 0x20 || scalar.value == 0x7f:
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}

/// A document with a list that is written while it grows.
struct JSONList {
  private let output: Output
  private var isFirst = true

  /// - Parameters:
  ///   - head: the members in front of the list.
  ///   - name: the list's.
  init(_ output: Output, head: [(String, JSON)], name: String) throws {
    self.output = output
    let lines = head.map { "  \(JSON.quote($0)): \($1.compact),\n" }.joined()
    try output.write("{\n\(lines)  \(JSON.quote(name)): [")
  }

  mutating func add(_ value: JSON) throws {
    try output.write((isFirst ? "\n    " : ",\n    ") + value.compact)
    try output.flush()
    isFirst = false
  }

  /// Ends the document. Also after an error, so that what was given can be read.
  func end() throws {
    try output.write(isFirst ? "]\n}\n" : "\n  ]\n}\n")
    try output.flush()
  }
}
