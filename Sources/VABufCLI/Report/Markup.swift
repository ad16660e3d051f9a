/// Text of pages that are HTML and well-formed XML at once.
enum Markup {
  /// Text between tags or in an attribute. What XML cannot hold becomes a replacement character.
  static func escape(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      case "\n": result += "\n"
      case _ where scalar.properties.generalCategory == .control || scalar.value & 0xfffe == 0xfffe:
        result += "\u{fffd}"
      // Those that turn the direction of the text around them would let a name rewrite the page.
      case _ where scalar.properties.isBidiControl: result += "\u{fffd}"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  /// An element around markup.
  static func element(_ name: String, _ attributes: [(String, String)] = [], _ content: String) -> String {
    "<\(open(name, attributes))>\(content)</\(name)>"
  }

  /// An element with nothing in it.
  static func empty(_ name: String, _ attributes: [(String, String)]) -> String { "<\(open(name, attributes))/>" }

  private static func open(_ name: String, _ attributes: [(String, String)]) -> String {
    name + attributes.map { " \($0)=\"\(escape($1))\"" }.joined()
  }

  /// A coordinate, in tenths of a pixel.
  static func pixels(_ value: Double) -> String {
    let tenths = Int((value * 10).rounded())
    return tenths % 10 == 0 ? "\(tenths / 10)" : Text.fixed(value, 1)
  }
}

/// An argument as a shell takes it.
enum Shell {
  static func quote(_ argument: String) -> String {
    let isPlain =
      !argument.isEmpty
      && argument.unicodeScalars.allSatisfy {
        $0.properties.isAlphabetic || $0.properties.numericType != nil || "-_./:=,@%+".unicodeScalars.contains($0)
      }
    return isPlain ? argument : "'" + argument.replacing("'", with: "'\\''") + "'"
  }
}
