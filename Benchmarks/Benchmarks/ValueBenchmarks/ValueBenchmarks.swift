import Benchmark
import FrameModel

let benchmarks: @Sendable () -> Void = {
  Benchmark.defaultConfiguration = .init(
    metrics: [.wallClock, .cpuTotal, .throughput],
    scalingFactor: .kilo,
    maxDuration: .seconds(2),
    maxIterations: 10_000)

  // What each look-up in the cache pays before it finds anything.
  Benchmark("frame-key-find-in-1000") { benchmark in
    let keys = Set((0..<1000).map { FrameKey(stream: 1, number: $0) })
    benchmark.startMeasurement()
    for number in benchmark.scaledIterations {
      blackHole(keys.contains(FrameKey(stream: 1, number: number)))
    }
    benchmark.stopMeasurement()
  }
}
