/// Numbers for people, in little room.
package enum Figures {
  /// A number with so many decimals.
  package static func fixed(_ value: Double, _ decimals: Int) -> String {
    guard value.isFinite, abs(value) < 1e12 else { return "-" }
    let scale = (0..<decimals).reduce(1.0) { scale, _ in scale * 10 }
    let ticks = Int((abs(value) * scale).rounded())
    let sign = value < 0 && ticks > 0 ? "-" : ""
    guard decimals > 0 else { return "\(sign)\(ticks)" }
    return "\(sign)\(ticks / Int(scale))." + padded(ticks % Int(scale), decimals)
  }

  private static func padded(_ value: Int, _ digits: Int) -> String {
    let text = "\(value)"
    return String(repeating: "0", count: max(0, digits - text.count)) + text
  }

  /// `1:02:03.45`.
  package static func time(_ seconds: Double) -> String {
    guard seconds.isFinite, abs(seconds) < 1e9 else { return "-" }
    let hundredths = Int((abs(seconds) * 100).rounded())
    let (minutes, rest) = (hundredths / 6000, hundredths % 6000)
    let tail = padded(rest / 100, 2) + "." + padded(rest % 100, 2)
    let sign = seconds < 0 && hundredths > 0 ? "-" : ""
    guard minutes >= 60 else { return "\(sign)\(minutes):\(tail)" }
    return "\(sign)\(minutes / 60):\(padded(minutes % 60, 2)):\(tail)"
  }

  package static func percent(_ share: Double) -> String { fixed(share * 100, 0) + "%" }
  package static func megabytes(_ bytes: Int) -> String { fixed(Double(bytes) / 1_048_576, 0) + " MiB" }
}
