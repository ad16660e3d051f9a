import BufferPolicy
import Testing

@Suite struct SimulatorTests {
  private static let orders: [any EvictionOrder.Type] = [LRUOrder.self, FIFOOrder.self, SLRUOrder.self]

  private func hits(_ numbers: [Int], capacity: Int, _ order: (any EvictionOrder.Type)?) -> Int {
    let simulator = Simulator(capacity: capacity, gop: 1)
    let trace = Trace("known", numbers)
    return order.map { simulator.replay(trace, order: $0).hits } ?? simulator.optimum(trace).hits
  }

  private func padded(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(1, width - text.count))
  }

  /// The reference string of the textbooks (Silberschatz), with three frames: 15 faults FIFO, 12 LRU, 9 optimal.
  @Test func theTextbookCounts() {
    let string = [7, 0, 1, 2, 0, 3, 0, 4, 2, 3, 0, 3, 2, 1, 2, 0, 1, 7, 0, 1]
    #expect(string.count - hits(string, capacity: 3, FIFOOrder.self) == 15)
    #expect(string.count - hits(string, capacity: 3, LRUOrder.self) == 12)
    #expect(string.count - hits(string, capacity: 3, nil) == 9)
  }

  /// Belady's anomaly: FIFO has more faults with more memory; LRU, a stack algorithm, never has.
  @Test func theAnomalyOfFIFO() {
    let string = [1, 2, 3, 4, 1, 2, 5, 1, 2, 3, 4, 5]
    #expect(string.count - hits(string, capacity: 3, FIFOOrder.self) == 9)
    #expect(string.count - hits(string, capacity: 4, FIFOOrder.self) == 10)
    #expect(string.count - hits(string, capacity: 3, LRUOrder.self) == 10)
    #expect(string.count - hits(string, capacity: 4, LRUOrder.self) == 8)
  }

  /// A loop one frame larger than the cache: LRU has no hit at all.
  @Test func aLoopDefeatsLRU() {
    let loop = (0..<100).map { $0 % 5 }
    #expect(hits(loop, capacity: 4, LRUOrder.self) == 0)
    #expect(hits(loop, capacity: 5, LRUOrder.self) == 95)
    // Four misses to fill it, then one for every four requests.
    #expect(hits(loop, capacity: 4, nil) == 100 - 4 - 96 / 4)
  }

  @Test func decodeWorkIsCountedFromTheKeyframeOrThePosition() {
    let simulator = Simulator(capacity: 1, gop: 10)
    #expect(simulator.replay(Trace("forward", [0, 1, 2]), order: LRUOrder.self).decoded == 3)
    #expect(simulator.replay(Trace("into a GOP", [15]), order: LRUOrder.self).decoded == 6)
    #expect(simulator.replay(Trace("on", [15, 18]), order: LRUOrder.self).decoded == 9)
    #expect(simulator.replay(Trace("back", [15, 14]), order: LRUOrder.self).decoded == 11)
    #expect(simulator.replay(Trace("a nearer keyframe", [15, 41]), order: LRUOrder.self).decoded == 8)
  }

  @Test(arguments: Seeds.all) func noOrderBeatsTheOptimum(seed: UInt64) throws {
    var table: [String] = []
    var run = Run(seed: seed)
    for capacity in [16, 48] {
      let simulator = Simulator(capacity: capacity, gop: 12)
      for (step, trace) in Trace.all(seed: seed, frames: 1000, cache: capacity).enumerated() {
        run.step = step
        run.event = "\(trace.name), cache of \(capacity)"
        let optimum = simulator.optimum(trace)
        var replays = [optimum]
        for order in Self.orders {
          let replay = simulator.replay(trace, order: order)
          try run.same(replay.hits + replay.misses, trace.requests.count, "requests of \(replay.policy)")
          try run.check(replay.hits <= optimum.hits, "\(replay) has more hits than \(optimum)")
          try run.check(replay.decoded >= replay.misses, "\(replay) decodes less than it misses")
          replays.append(replay)
        }
        let columns = replays.map { padded("\($0.hits)/\($0.misses)/\($0.decoded)", 15) }
        table.append(padded("\(trace.name), \(capacity)", 18) + columns.joined())
      }
    }
    let names = ["optimum"] + Self.orders.map { "\($0)" }
    let head = padded("trace, cache", 18) + names.map { padded($0, 15) }.joined()
    if seed == Seeds.all.first { print("hits/misses/decoded\n\(head)\n" + table.joined(separator: "\n")) }
  }

  @Test func theTracesComeFromTheSeed() {
    let traces = { (seed: UInt64) in Trace.all(seed: seed, frames: 1000, cache: 16).map(\.requests) }
    #expect(traces(7) == traces(7))
    #expect(traces(7) != traces(8))
  }
}
