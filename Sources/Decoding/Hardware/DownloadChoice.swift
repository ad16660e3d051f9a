/// Which way of downloading to take next: learns from what each took.
///
/// A value without clock or driver: it is told nanoseconds.
struct DownloadChoice {
  enum Way: String, CaseIterable {
    /// Map the surface's own memory: one copy.
    case derive
    /// The same, read by streaming loads.
    case deriveStreaming = "derive_streaming"
    /// Let the driver copy into an image that is used again: two copies, from cached memory.
    case getImage = "get_image"
    /// FFmpeg's: an image for each picture, and three copies. All that it does a way above does too, so it is taken only
    /// where none of them works, or where it is faster beyond what a busy machine makes of a try.
    case ffmpeg
  }

  /// So many tries make up for a moment in which the machine was busy.
  static let enough = 3

  /// Nanoseconds of a try that is so cheap that it is repeated whatever it took beside the others: what is far slower may
  /// have been interrupted.
  static let cheap: Int64 = 5_000_000

  private var ways: [Way]
  /// Nanoseconds of the best try of each, and how many there were.
  private var cost: [Way: (best: Int64, tries: Int)] = [:]

  init(_ ways: [Way]) { self.ways = ways }

  /// The way to take now: each once, those that are cheap or come near the best twice more, then the best. Nil when none
  /// works.
  var next: Way? { untried ?? best }

  /// The best is known, and will be taken from now on.
  var isSettled: Bool { untried == nil }

  /// The best that is known so far. Nil when none works.
  var best: Way? { ways.min { weight($0) < weight($1) } }

  /// What a way counts as.
  private func weight(_ way: Way) -> Int64 {
    guard let best = cost[way]?.best else { return .max }
    return way == .ffmpeg ? 2 * best : best
  }

  private var untried: Way? {
    if let new = ways.first(where: { cost[$0] == nil }) { return new }
    guard let best, let least = cost[best]?.best else { return nil }
    let near = max(least + least / 2, Self.cheap)
    return ways.first { way in cost[way].map { $0.tries < Self.enough && $0.best <= near } ?? false }
  }

  /// A way took so long.
  mutating func took(_ way: Way, nanoseconds: Int64) {
    let known = cost[way]
    cost[way] = (min(known?.best ?? .max, nanoseconds), (known?.tries ?? 0) + 1)
  }

  /// A way does not work here.
  mutating func close(_ way: Way) { ways.removeAll { $0 == way } }

  /// Nanoseconds of the best try of each way that works.
  var nanoseconds: [Way: Int64] {
    cost.filter { ways.contains($0.key) }.mapValues(\.best)
  }
}
