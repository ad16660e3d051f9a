import ArgumentParser
import VABuf

/// What a program might ask a buffer for. All are deterministic: the same seed asks for the same frames.
enum Workload: String, ExpressibleByArgument, CaseIterable {
  case sequential, random, scrub, reverse, range, loop

  /// One thing that is asked for.
  enum Request: Equatable {
    /// One frame by its number.
    case frame(Int)
    /// The frames of a range, as a reader; `isOpen` ones may end earlier.
    case range(FrameRange, isOpen: Bool)
  }

  /// How many frames of a range workload follow each other.
  static let rangeFrames = 16
  /// The most that `--count` may say: each frame's time is kept, and a million times 16 frames are a night's work.
  static let mostRequests = 1_000_000
  /// How often a loop is played.
  static let loopRounds = 4

  /// - Parameters:
  ///   - count: what `--count` says; nil for the workload's own.
  ///   - frames: how many the stream has.
  func requests(count: Int?, frames: Int, seed: UInt64) -> [Request] {
    guard frames > 0 else { return [] }
    var random = SplitMix64(state: seed)
    switch self {
    case .sequential:
      let last = count.map { $0 - 1 } ?? Int.max - 1
      return [.range(FrameRange(first: 0, last: last), isOpen: true)]
    case .reverse:
      let first = max(0, frames - (count ?? 250))
      return [.range(FrameRange(first: frames - 1, last: first), isOpen: true)]
    case .random:
      return Self.distinct(min(count ?? 100, frames), of: frames, &random).map { .frame($0) }
    case .scrub:
      return Self.scrub(count ?? 300, frames, &random).map { .frame($0) }
    case .range:
      let length = min(Self.rangeFrames, frames)
      return (0..<(count ?? 20)).map { _ in
        let first = Int.random(in: 0...frames - length, using: &random)
        return .range(FrameRange(first: first, last: first + length - 1), isOpen: false)
      }
    case .loop:
      let length = min(count ?? 60, frames)
      let first = (frames - length) / 2
      return (0..<Self.loopRounds).map { _ in
        .range(FrameRange(first: first, last: first + length - 1), isOpen: false)
      }
    }
  }

  /// So many different frames in random order: the first of a shuffled list.
  private static func distinct(_ count: Int, of frames: Int, _ random: inout SplitMix64) -> [Int] {
    var numbers = Array(0..<frames)
    for index in 0..<count { numbers.swapAt(index, Int.random(in: index..<frames, using: &random)) }
    return Array(numbers.prefix(count))
  }

  /// A hand on a time line: runs of 5 to 30 steps of 1 to 4 frames, forward or back; one run in four begins elsewhere.
  private static func scrub(_ count: Int, _ frames: Int, _ random: inout SplitMix64) -> [Int] {
    var numbers: [Int] = []
    var position = Int.random(in: 0..<frames, using: &random)
    while numbers.count < count {
      if Int.random(in: 0..<4, using: &random) == 0 { position = Int.random(in: 0..<frames, using: &random) }
      let step = Int.random(in: 1...4, using: &random) * (Bool.random(using: &random) ? 1 : -1)
      for _ in 0..<Int.random(in: 5...30, using: &random) {
        numbers.append(position)
        position = min(max(position + step, 0), frames - 1)
      }
    }
    return Array(numbers.prefix(count))
  }

  /// The requests of a file: a frame number, or `a-b` for a range, a line; empty lines and `#` comments are nothing.
  static func trace(_ path: String) throws -> [Request] {
    let text: String
    do {
      text = try TextFile.read(path)
    } catch {
      throw VABufError(.cannotOpen, what: path, why: "\(error)", remedy: "check the path and the permissions")
    }
    var requests: [Request] = []
    for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
      let line = line.trimmed
      if line.isEmpty || line.hasPrefix("#") { continue }
      if let number = FrameRange.number(line) {
        requests.append(.frame(number))
      } else if let range = FrameRange(argument: String(line)) {
        requests.append(.range(range, isOpen: false))
      } else {
        throw VABufError(
          .invalidConfiguration, what: "\(path), line \(index + 1)", why: "'\(line.prefix(60))' is no request",
          remedy: "write a frame number, or a-b for a range, a line")
      }
    }
    guard !requests.isEmpty else {
      throw VABufError(
        .invalidConfiguration, what: path, why: "there is no request in it",
        remedy: "write a frame number, or a-b for a range, a line")
    }
    return requests
  }
}

/// Random numbers that are the same everywhere: SplitMix64.
struct SplitMix64: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var value = state
    value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
    value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
    return value ^ (value >> 31)
  }
}
