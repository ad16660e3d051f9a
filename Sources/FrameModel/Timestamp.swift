/// A ratio of two integers, as FFmpeg's `AVRational`.
public struct Rational: Hashable, Sendable, Codable {
  /// The number above the line.
  public var numerator: Int32
  /// The number below the line; 0 means unknown.
  public var denominator: Int32

  /// The ratio `numerator`/`denominator`, not reduced.
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
  /// `numerator/denominator`, as FFmpeg prints it.
  public var description: String { "\(numerator)/\(denominator)" }
}

/// A point in time of a stream: a count of ticks of its time base.
public struct Timestamp: Hashable, Sendable {
  /// Ticks of `timeBase`.
  public var ticks: Int64
  /// Seconds for each tick.
  public var timeBase: Rational

  /// `ticks` of `timeBase`.
  public init(ticks: Int64, timeBase: Rational) {
    self.ticks = ticks
    self.timeBase = timeBase
  }

  /// The time in seconds; exact up to 2^53 ticks.
  public var seconds: Double { Double(ticks) * timeBase.value }
}
