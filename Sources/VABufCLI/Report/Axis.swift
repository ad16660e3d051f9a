#if canImport(Glibc)
  import Glibc
#endif

/// Maps values to pixels along one axis.
struct Axis {
  let values: ClosedRange<Double>
  /// Where the lowest and the highest value lie.
  let pixels: (low: Double, high: Double)
  let isLogarithmic: Bool

  /// A linear axis. One value alone gets room on both sides.
  init(_ values: ClosedRange<Double>, _ pixels: (low: Double, high: Double)) {
    self.values =
      values.lowerBound < values.upperBound ? values : values.lowerBound - 0.5...values.lowerBound + 0.5
    self.pixels = pixels
    isLogarithmic = false
  }

  /// A logarithmic axis of whole decades around values that are greater than 0.
  init(decades values: ClosedRange<Double>, _ pixels: (low: Double, high: Double)) {
    let low = log10(values.lowerBound).rounded(.down)
    self.values = pow(10, low)...pow(10, max(low + 1, log10(values.upperBound).rounded(.up)))
    self.pixels = pixels
    isLogarithmic = true
  }

  /// Where a value lies; the nearest end for those beyond.
  func callAsFunction(_ value: Double) -> Double {
    let clamped = min(max(value, values.lowerBound), values.upperBound)
    return pixels.low + (pixels.high - pixels.low) * share(clamped)
  }

  private func share(_ value: Double) -> Double {
    guard isLogarithmic else { return (value - values.lowerBound) / (values.upperBound - values.lowerBound) }
    let low = log10(values.lowerBound)
    return (log10(value) - low) / (log10(values.upperBound) - low)
  }

  /// Round values, about so many.
  func ticks(_ wanted: Int, whole: Bool = false) -> [Double] {
    if isLogarithmic {
      let decades = Int(log10(values.lowerBound).rounded())...Int(log10(values.upperBound).rounded())
      return decades.map { pow(10, Double($0)) }
    }
    let rough = (values.upperBound - values.lowerBound) / Double(max(1, wanted))
    let decade = pow(10, log10(rough).rounded(.down))
    var step = [1, 2, 5, 10].map { $0 * decade }.first { $0 >= rough * 0.999 } ?? decade * 10
    if whole { step = max(1, step.rounded()) }
    let first = (values.lowerBound / step).rounded(.up)
    let last = (values.upperBound / step).rounded(.down)
    return first > last ? [] : stride(from: first, through: last, by: 1).map { $0 * step }
  }

  /// The edges of equal steps, ten a decade on a logarithmic axis.
  var bins: [Double] {
    let low = log10(values.lowerBound)
    let count = Int(((log10(values.upperBound) - low) * 10).rounded())
    return (0...count).map { pow(10, low + Double($0) / 10) }
  }

  /// Milliseconds, in the unit that needs the fewest digits.
  static func duration(_ milliseconds: Double) -> String {
    switch milliseconds {
    case ..<0.000_999: "\(short(milliseconds * 1e6)) ns"
    case ..<0.999: "\(short(milliseconds * 1000)) µs"
    case ..<999: "\(short(milliseconds)) ms"
    default: "\(short(milliseconds / 1000)) s"
    }
  }

  /// A number without needless digits.
  static func short(_ value: Double) -> String {
    var text = Text.fixed(value, abs(value) < 10 ? 2 : abs(value) < 100 ? 1 : 0)
    guard text.contains(".") else { return text }
    while text.hasSuffix("0") { text.removeLast() }
    if text.hasSuffix(".") { text.removeLast() }
    return text
  }
}
