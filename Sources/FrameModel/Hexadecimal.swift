extension Int {
  /// In hexadecimal digits, at least so many.
  ///
  /// - Parameter digits: how many; four are those of a PCI number.
  package func hexadecimal(_ digits: Int = 4) -> String {
    let text = String(self, radix: 16)
    return String(repeating: "0", count: Swift.max(0, digits - text.count)) + text
  }
}
