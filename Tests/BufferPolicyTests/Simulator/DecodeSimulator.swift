import BufferPolicy
import FrameModel

/// How many frames are decoded for a list of requests, with the cache, the decoders and the omissions that a buffer has.
///
/// The policies are the true ones; what is simulated is the stream and the engine.
struct DecodeSimulator {
  var frames: Int
  /// The frames where decoding can start, rising, from 0.
  var keyframes: [Int]
  /// How many frames the cache holds.
  var capacity: Int
  /// How many decoders may be open.
  var decoders: Int
  /// Frames that no other is predicted from: of B-frames as x264 makes them, about every second.
  private let isDisposable: [Bool]

  init(frames: Int, keyframes: [Int], capacity: Int, decoders: Int) {
    self.frames = frames
    self.keyframes = keyframes
    self.capacity = capacity
    self.decoders = decoders
    var rng = SeededGenerator(seed: 7)
    var disposable = (0..<frames).map { _ in rng.chance(50) }
    for keyframe in keyframes { disposable[keyframe] = false }
    isDisposable = disposable
  }

  private struct Decoder {
    var position: Int
    var omitted: Set<Int> = []
    var lastUse: UInt64 = 0
  }

  private func keyframe(before number: Int) -> Int { keyframes.last { $0 <= number } ?? 0 }

  /// - Parameter isForward: the requests are those of readers of ranges, who do not look back.
  func replay(_ requests: [Int], isForward: Bool) -> Int {
    var cache = CachePolicy(limits: .init(frames: capacity, hostBytes: capacity, surfaces: 0))
    var reader = PrefetchPolicy(depth: 0, lowWater: 0)
    var actions: [CachePolicy.Action] = []
    var open: [Decoder] = []
    var decoded = 0
    for (step, number) in requests.enumerated() {
      reader.observe(request: number)
      if cache.lookUp(key(number)) != nil { continue }
      let start = choose(number, &open, now: UInt64(step + 1))
      let kept = max(0, number - capacity / 2)
      let needed = isForward || reader.isJumping ? number : kept
      for frame in start..<number + 1 {
        if isDisposable[frame], frame < needed {
          open[0].omitted.insert(frame)
        } else if !open[0].omitted.contains(frame) {
          decoded += 1
          guard frame >= kept else { continue }
          // As the buffer does: another decode of the same frame is a new frame.
          if cache.slot(of: key(frame)) != nil { cache.remove(key(frame), cause: .replaced, into: &actions) }
          _ = cache.insert(
            key(frame), weight: .init(hostBytes: 1, surfaces: 0), tier: .host, pinned: false, into: &actions)
        }
      }
      open[0].position = number + 1
      open[0].lastUse = UInt64(step + 1)
    }
    return decoded
  }

  /// Puts a decoder in front.
  ///
  /// - Returns: the first frame that it decodes.
  private func choose(_ number: Int, _ open: inout [Decoder], now: UInt64) -> Int {
    let seekPoint = keyframe(before: number)
    guard !open.isEmpty else {
      open = [Decoder(position: seekPoint)]
      return seekPoint
    }
    let stations = open.map {
      ParkingPolicy.Station(
        position: $0.position, seekPoint: keyframe(before: $0.position), reaches: !$0.omitted.contains(number),
        lastUse: $0.lastUse, servesDemand: true)
    }
    let choice = ParkingPolicy(most: decoders).choose(
      for: number, seekPoint: seekPoint, among: stations, now: now, isDemand: true)
    switch choice {
    case .resume(let index):
      open.swapAt(0, index)
      return open[0].position
    case .start(let index):
      open.swapAt(0, index)
      open[0] = Decoder(position: seekPoint)
    case .open: open.insert(Decoder(position: seekPoint), at: 0)
    }
    return seekPoint
  }

  /// What it takes with all the future known.
  func offline(_ requests: [Int]) -> Int {
    OfflineBound(seekPoints: SeekPoints(keyframes), capacity: capacity, decoders: decoders).decodedFrames(for: requests)
  }

  private func key(_ number: Int) -> FrameKey { FrameKey(stream: 0, number: number) }
}
