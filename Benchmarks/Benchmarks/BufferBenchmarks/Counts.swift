import AllocationCounter
import Benchmark

/// What is counted of a benchmark, and so can have a threshold: no time among it.
///
/// Counts are of one benchmark iteration, which is a thousand operations.
struct Counts {
  static let allocations = BenchmarkMetric.custom(
    "allocations", polarity: .prefersSmaller, useScalingFactor: false)
  static let allocatedBytes = BenchmarkMetric.custom(
    "allocated bytes", polarity: .prefersSmaller, useScalingFactor: false)
  static let pageFaults = BenchmarkMetric.custom(
    "page faults", polarity: .prefersSmaller, useScalingFactor: false)
  /// Bytes of the heap that were not given back, by mallinfo2.
  static let heapGrowth = BenchmarkMetric.custom(
    "heap growth", polarity: .prefersSmaller, useScalingFactor: false)
  /// Leases of the pool that got fresh memory.
  static let newBuffers = BenchmarkMetric.custom(
    "new buffers", polarity: .prefersSmaller, useScalingFactor: false)
  /// Frames whose samples lie elsewhere than where the source wrote them.
  static let copies = BenchmarkMetric.custom(
    "copied frames", polarity: .prefersSmaller, useScalingFactor: false)

  /// Nanoseconds of a request, the clock's own among them: of the middle one, and of the slowest hundredth the quickest.
  static let medianHit = BenchmarkMetric.custom("hit, median ns", polarity: .prefersSmaller, useScalingFactor: false)
  static let slowHit = BenchmarkMetric.custom("hit, p99 ns", polarity: .prefersSmaller, useScalingFactor: false)

  private let allocations = allocation_count()
  private let bytes = allocated_bytes()
  private let faults = page_fault_count()
  private let heap = heap_bytes()

  /// Notes what was counted from `self` to `end`. What the benchmark library does between is not among it, if both are
  /// made between its start and its stop.
  func note(to end: Counts, _ benchmark: Benchmark) {
    benchmark.measurement(Self.allocations, Int(end.allocations - allocations))
    benchmark.measurement(Self.allocatedBytes, Int(end.bytes - bytes))
    benchmark.measurement(Self.pageFaults, Int(end.faults - faults))
    benchmark.measurement(Self.heapGrowth, max(0, Int(end.heap - heap)))
  }
}
