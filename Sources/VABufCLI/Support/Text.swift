/// Text for people.
enum Text {
  /// A number with so many decimals, as `%.3f`.
  static func fixed(_ value: Double, _ decimals: Int) -> String {
    guard value.isFinite else { return "-" }
    let scale = (0..<decimals).reduce(1.0) { scale, _ in scale * 10 }
    let scaled = (abs(value) * scale).rounded()
    guard scaled < 9e15 else { return "\(value)" }
    let ticks = Int(scaled)
    let sign = value < 0 && ticks > 0 ? "-" : ""
    guard decimals > 0 else { return "\(sign)\(ticks)" }
    let whole = ticks / Int(scale)
    return "\(sign)\(whole).\(left("\(ticks % Int(scale))", decimals, "0"))"
  }

  /// Padded on the left.
  static func left(_ text: String, _ width: Int, _ padding: Character = " ") -> String {
    String(repeating: padding, count: max(0, width - text.count)) + text
  }

  /// Padded on the right.
  static func right(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }

  /// `512 MiB`.
  static func bytes(_ count: Int) -> String {
    let units = ["bytes", "KiB", "MiB", "GiB", "TiB"]
    var value = Double(count)
    var unit = 0
    while value >= 1024, unit < units.count - 1 {
      value /= 1024
      unit += 1
    }
    return fixed(value, unit == 0 || value >= 100 ? 0 : 1) + " " + units[unit]
  }

  /// `1:02:03.4`.
  static func time(_ seconds: Double) -> String {
    guard seconds.isFinite, abs(seconds) < 1e9 else { return "-" }
    let tenths = Int((abs(seconds) * 10).rounded())
    let (minutes, rest) = (tenths / 600, tenths % 600)
    let tail = "\(left("\(rest / 10)", 2, "0")).\(rest % 10)"
    let sign = seconds < 0 && tenths > 0 ? "-" : ""
    guard minutes >= 60 else { return "\(sign)\(minutes):\(tail)" }
    return "\(sign)\(minutes / 60):\(left("\(minutes % 60)", 2, "0")):\(tail)"
  }

  /// `98.9 %`.
  static func percent(_ share: Double) -> String { fixed(share * 100, 1) + " %" }

  /// `1 frame`, `2 frames`.
  static func count(_ number: Int, _ noun: String) -> String { number == 1 ? "1 \(noun)" : "\(number) \(noun)s" }

  /// Names and values in two columns.
  static func table(_ rows: [(String, String)]) -> String {
    let width = (rows.map(\.0.count).max() ?? 0) + 2
    return rows.map { right($0, width) + $1 + "\n" }.joined()
  }
}
