import BufferPolicy
import FrameModel

/// What a trace costs with a policy.
struct Replay: Equatable {
  var policy: String
  var hits = 0
  var misses = 0
  /// Frames decoded by one decoder for each stream, which starts at a keyframe, or goes on where that is nearer.
  var decoded = 0
}

/// How many frames a decoder decodes to give a frame.
private struct DecoderCost {
  let gop: Int
  /// The next frame that the decoder of each stream would emit.
  private var positions: [UInt32: Int] = [:]

  init(gop: Int) { self.gop = gop }

  mutating func decode(_ key: FrameKey) -> Int {
    let keyframe = key.number / gop * gop
    var start = keyframe
    if let position = positions[key.stream], position <= key.number { start = max(position, keyframe) }
    positions[key.stream] = key.number + 1
    return key.number + 1 - start
  }
}

/// Replays traces. Only the frame that was asked for is kept, not those decoded on the way to it: what is compared are
/// the eviction orders.
struct Simulator {
  /// How many frames the cache holds.
  var capacity: Int
  var gop: Int

  func replay(_ trace: Trace, order: any EvictionOrder.Type) -> Replay {
    let limits = CachePolicy.Limits(frames: capacity, hostBytes: capacity * 10, surfaces: 0)
    var cache = CachePolicy(limits: limits, order: order)
    var cost = DecoderCost(gop: gop)
    var replay = Replay(policy: "\(order)")
    var actions: [CachePolicy.Action] = []
    for key in trace.requests {
      if let slot = cache.lookUp(key) {
        // A reader holds what it got for a while.
        cache.pin(slot)
        cache.unpin(slot, into: &actions)
        replay.hits += 1
      } else {
        replay.misses += 1
        replay.decoded += cost.decode(key)
        _ = cache.insert(
          key, weight: .init(hostBytes: 10, surfaces: 0), tier: .host, pinned: false, into: &actions)
      }
    }
    return replay
  }

  /// Belady's optimum: evicts what is needed furthest in time. No policy has more hits.
  func optimum(_ trace: Trace) -> Replay {
    var nextUse = [Int](repeating: .max, count: trace.requests.count)
    var last: [FrameKey: Int] = [:]
    for (index, key) in trace.requests.enumerated().reversed() {
      nextUse[index] = last[key] ?? .max
      last[key] = index
    }
    var resident: [FrameKey: Int] = [:]
    var cost = DecoderCost(gop: gop)
    var replay = Replay(policy: "optimum")
    for (index, key) in trace.requests.enumerated() {
      if resident[key] != nil {
        replay.hits += 1
      } else {
        replay.misses += 1
        replay.decoded += cost.decode(key)
        if resident.count == capacity, let victim = resident.max(by: { $0.value < $1.value }) {
          resident[victim.key] = nil
        }
      }
      resident[key] = nextUse[index]
    }
    return replay
  }
}
