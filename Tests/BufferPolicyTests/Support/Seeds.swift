import Glibc
import Testing

/// The seeds of the property tests: a fixed list, or the one in `VABUF_TEST_SEED`, to run a failure again.
enum Seeds {
  static let all: [UInt64] = {
    if let text = getenv("VABUF_TEST_SEED"), let seed = UInt64(String(cString: text)) { return [seed] }
    return [1, 2, 3, 0xDECA_FBAD, 20_260_101]
  }()
}

/// SplitMix64: the same numbers from the same seed on every machine.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// True `percent` times in a hundred.
  mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &self) < percent }
}

/// Says which seed and which step failed. A property test stops at its first failure: what follows is noise.
struct PropertyFailure: Error, CustomStringConvertible {
  var description: String
}

/// Where a random run is, for the message of a failure: `VABUF_TEST_SEED=<seed> swift test` repeats it.
struct Run {
  var seed: UInt64
  var step = 0
  var event = "start"

  func check(
    _ condition: Bool, _ what: @autoclosure () -> String, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    if condition { return }
    let message = "VABUF_TEST_SEED=\(seed) step \(step) after \(event): \(what())"
    Issue.record(Comment(rawValue: message), sourceLocation: sourceLocation)
    throw PropertyFailure(description: message)
  }

  func same<T: Equatable>(
    _ actual: T, _ expected: T, _ what: @autoclosure () -> String, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    try check(actual == expected, "\(what()): \(actual), expected \(expected)", sourceLocation: sourceLocation)
  }
}
