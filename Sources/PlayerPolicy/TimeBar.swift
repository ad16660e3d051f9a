/// Where the time line lies in the window, and what a place on it means.
package struct TimeBar: Hashable, Sendable {
  package let left: Int
  package let top: Int
  package let width: Int
  package let height: Int
  /// Rows above the line that also take the mouse.
  private let reach: Int

  package init(width: Int, height: Int) {
    let dot = Canvas.dot(forHeight: height)
    left = min(8 * dot, width / 8)
    self.width = max(1, width - 2 * left)
    self.height = 8 * dot
    top = height - self.height - 8 * dot
    reach = 6 * dot
  }

  /// Whether the mouse at a place takes hold of the line.
  package func contains(x: Int, y: Int) -> Bool { y >= top - reach && x >= left - reach && x <= left + width + reach }

  /// The share of the whole at a place, 0 to 1.
  package func share(x: Int) -> Double { min(max(Double(x - left) / Double(max(1, width - 1)), 0), 1) }

  /// The place of a share.
  package func x(_ share: Double) -> Int { left + Int((share * Double(width - 1)).rounded()) }
}
