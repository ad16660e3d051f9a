import Foundation

/// The short form of tests, for sanitizers: `VABUF_SHORT=1`.
public enum ShortRun {
  /// Whether tests should be short.
  public static let isOn = ProcessInfo.processInfo.environment["VABUF_SHORT"].map { !["", "0"].contains($0) } ?? false

  /// All of them; in a short run a tenth, the same each time, or others by `VABUF_TEST_SEED`.
  public static func sample<T>(_ all: [T]) -> [T] {
    guard isOn, !all.isEmpty else { return all }
    let seed = ProcessInfo.processInfo.environment["VABUF_TEST_SEED"].flatMap { UInt64($0) } ?? 1
    var random = SeededRandom(seed: seed)
    return Array(all.shuffled(using: &random).prefix(max(1, all.count / 10)))
  }

  /// A number of repetitions; a tenth in a short run.
  public static func count(_ full: Int) -> Int { isOn ? max(1, full / 10) : full }
}
