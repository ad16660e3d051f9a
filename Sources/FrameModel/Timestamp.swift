/// A ratio of two integers, as FFmpeg's `AVRational`.
public struct Rational: Hashable, Sendable, Codable {
  public var numerator: Int32
  public var denominator: Int32

  public init(_ numerator: Int32, _ denominator: Int32) {
    self.numerator = numerator
    self.denominator = denominator
  }

  /// The ratio as a floating-point number; `nan` where the denominator is 0.
  public var value: Double {
    denominator == 0 ? .nan : Double(numerator) / Double(denominator)
  }
}

extension Rational: CustomStringConvertible {
  public var description: String { "\(numerator)/\(denominator)" }
}

/// A point in time of a stream: a count of ticks of its time base.
public struct Timestamp: Hashable, Sendable {
  /// Ticks of `timeBase`.
  public var ticks: Int64
  /// Seconds for each tick.
  public var timeBase: Rational

  public init(ticks: Int64, timeBase: Rational) {
    self.ticks = ticks
    self.timeBase = timeBase
  }

  /// The time in seconds; exact up to 2^53 ticks.
  public var seconds: Double { Double(ticks) * timeBase.value }
}
