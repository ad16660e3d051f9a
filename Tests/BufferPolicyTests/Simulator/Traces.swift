import FrameModel

/// What readers ask for, one frame at a time.
struct Trace {
  var name: String
  var requests: [FrameKey]

  /// The way that the names of the traces and their generator go together: the same seed gives the same traces.
  static func all(seed: UInt64, frames: Int, cache: Int) -> [Trace] {
    var rng = SeededGenerator(seed: seed)
    return [
      Trace("playback", (0..<min(frames, 600)).map { $0 }),
      Trace("reverse", (0..<min(frames, 600)).reversed()),
      Trace("loop", (0..<800).map { 40 + $0 % (cache + cache / 8 + 1) }),
      Trace("jog", jog(&rng, frames: frames)),
      Trace("shuttle", shuttle(&rng, frames: frames)),
      Trace("scrub", scrub(&rng, frames: frames)),
      Trace("ranges", ranges(&rng, frames: frames)),
      twoReaders(&rng, frames: frames),
    ]
  }

  init(_ name: String, _ numbers: [Int]) {
    self.name = name
    requests = numbers.map { FrameKey(stream: 0, number: $0) }
  }

  /// A few frames to and fro.
  private static func jog(_ rng: inout SeededGenerator, frames: Int) -> [Int] {
    var position = frames / 2
    return (0..<600).map { _ in
      position = min(max(position + ([-2, -1, -1, 0, 1, 1, 2].randomElement(using: &rng) ?? 0), 0), frames - 1)
      return position
    }
  }

  /// Fast forward and rewind at changing speeds.
  private static func shuttle(_ rng: inout SeededGenerator, frames: Int) -> [Int] {
    var position = 0
    var speed = 1
    return (0..<600).map { index in
      if index % 50 == 0 { speed = [-8, -4, -2, -1, 1, 2, 4, 8].randomElement(using: &rng) ?? 1 }
      position = (position + speed + frames) % frames
      return position
    }
  }

  /// Jumps to places, some of them known ones, and looks around.
  private static func scrub(_ rng: inout SeededGenerator, frames: Int) -> [Int] {
    let marks = (0..<6).map { _ in Int.random(in: 0..<(frames - 8), using: &rng) }
    return (0..<75).flatMap { _ in
      let known = rng.chance(60) ? marks.randomElement(using: &rng) : nil
      let start = known ?? Int.random(in: 0..<(frames - 8), using: &rng)
      return (start..<(start + 8)).map { $0 }
    }
  }

  /// Batches of consecutive frames, which overlap.
  private static func ranges(_ rng: inout SeededGenerator, frames: Int) -> [Int] {
    (0..<25).flatMap { _ in
      let start = Int.random(in: 0..<8, using: &rng) * 12
      return (start..<(start + 24)).map { $0 }
    }
  }

  /// One plays a stream while the other goes backward through another.
  private static func twoReaders(_ rng: inout SeededGenerator, frames: Int) -> Trace {
    var trace = Trace("two readers", [])
    var positions = [0, frames - 1]
    for _ in 0..<600 {
      let reader = rng.chance(50) ? 0 : 1
      trace.requests.append(FrameKey(stream: UInt32(reader), number: positions[reader]))
      positions[reader] = reader == 0 ? (positions[0] + 1) % 60 : max(0, positions[1] - 1)
    }
    return trace
  }
}
