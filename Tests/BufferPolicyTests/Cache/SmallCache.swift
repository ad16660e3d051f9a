import BufferPolicy
import FrameModel

func key(_ number: Int) -> FrameKey { FrameKey(stream: 0, number: number) }

/// A cache of frames that weigh one surface and ten host bytes, and what it asked for since the last look.
struct SmallCache {
  var policy: CachePolicy
  private var actions: [CachePolicy.Action] = []

  init(frames: Int = 100, host: Int = 0, surfaces: Int = 0, demotions: Int = .max) {
    policy = CachePolicy(
      limits: .init(frames: frames, hostBytes: host * 10, surfaces: surfaces, demotions: demotions))
  }

  @discardableResult
  mutating func insert(_ number: Int, _ tier: Residency = .host, pinned: Bool = false) -> Int? {
    policy.insert(
      key(number), weight: .init(hostBytes: 10, surfaces: 1), tier: tier, pinned: pinned, into: &actions)
  }

  mutating func act<T>(_ body: (inout CachePolicy, inout [CachePolicy.Action]) -> T) -> T { body(&policy, &actions) }

  mutating func taken() -> [CachePolicy.Action] {
    defer { actions = [] }
    return actions
  }
}

func drop(
  _ slot: Int, _ number: Int, _ tier: Residency, _ cause: RemovalCause = .size, last: Bool = true
) -> CachePolicy.Action {
  .drop(slot, key(number), tier: tier, cause: cause, last: last)
}
