import VABuf

#if canImport(Glibc)
  import Glibc
#endif

/// How text for people looks: coloured on a terminal that wants it, plain elsewhere.
struct ScreenStyle {
  enum Colour: String {
    case good = "32"
    case doubtful = "33"
    case bad = "31"
    case strong = "1"
    case faint = "2"
  }

  var isColoured: Bool
  /// Columns.
  var width: Int

  /// Of standard output. `NO_COLOR` with any text in it, and `TERM=dumb`, turn colours off.
  static var ofOutput: ScreenStyle {
    let refuses = BufferOptions.variable("NO_COLOR") != nil || BufferOptions.variable("TERM") == "dumb"
    return ScreenStyle(
      isColoured: Terminal.outputIsSeen && !refuses, width: Terminal.outputIsSeen ? max(60, Terminal.outputWidth) : 100)
  }

  func callAsFunction(_ text: String, _ colour: Colour?) -> String {
    guard isColoured, let colour, !text.isEmpty else { return text }
    return "\u{1b}[\(colour.rawValue)m\(text)\u{1b}[0m"
  }

  /// Lines of whole words, the later ones indented.
  func wrapped(_ text: String, first: Int, indent: Int) -> String {
    var lines = [""]
    var room = width - first
    for word in text.split(separator: " ") {
      if !lines[lines.count - 1].isEmpty, word.count + 1 > room {
        lines.append("")
        room = width - indent
      }
      let isEmpty = lines[lines.count - 1].isEmpty
      lines[lines.count - 1] += (isEmpty ? "" : " ") + word
      room -= word.count + (isEmpty ? 0 : 1)
    }
    return lines.joined(separator: "\n" + String(repeating: " ", count: indent))
  }
}
