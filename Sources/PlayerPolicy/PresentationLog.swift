/// What became of the frames that were to be shown.
package struct PresentationLog: Sendable {
  package private(set) var presented = 0
  package private(set) var late = 0
  package private(set) var dropped = 0
  /// Presented frames that the display showed from the surface they were decoded into, without a copy.
  package private(set) var imported = 0
  /// Seconds between when each frame was due and when it was on the screen, either way.
  private var errors: [Double] = []
  /// When the last second's frames were shown.
  private var recent: [Double] = []

  package init() {}

  package mutating func presented(error: Double, isLate: Bool, isImported: Bool, at now: Double) {
    presented += 1
    if isLate { late += 1 }
    if isImported { imported += 1 }
    errors.append(abs(error))
    recent.append(now)
    if recent.count > 1000 { recent.removeFirst(500) }
  }

  package mutating func dropped(_ count: Int) { dropped += count }

  /// Frames a second over the last second.
  package func rate(at now: Double) -> Double { Double(recent.reversed().prefix { now - $0 <= 1 }.count) }

  /// Seconds within which a share of the presentations was right (nearest rank).
  package func errorPercentile(_ share: Double) -> Double {
    let sorted = errors.sorted()
    guard !sorted.isEmpty else { return 0 }
    return sorted[min(sorted.count - 1, max(0, Int((share * Double(sorted.count)).rounded(.up)) - 1))]
  }
}
