import Benchmark
import Dispatch
import VABuf

#if canImport(Glibc)
  import Glibc
#endif

/// A frame of 1920x1080 in yuv420p.
private let hdBytes = 1920 * 1080 * 3 / 2

let benchmarks: @Sendable () -> Void = {
  Benchmark.defaultConfiguration = .init(
    metrics: [
      .wallClock, .instructions, Counts.allocations, Counts.allocatedBytes, Counts.pageFaults, Counts.heapGrowth,
    ],
    warmupIterations: 3,
    scalingFactor: .kilo,
    maxDuration: .seconds(2),
    maxIterations: 1000,
    thresholds: [
      // What the runtime does meanwhile.
      Counts.allocations: .init(absolute: [.p90: 20]),
      Counts.allocatedBytes: .init(absolute: [.p90: 4096]),
      Counts.pageFaults: .init(absolute: [.p90: 20]),
      Counts.heapGrowth: .init(absolute: [.p90: 4096]),
    ])
  // Names have no spaces: the benchmark library writes thresholds under a cleaned name, but reads them under the plain
  // one.
  pool()
  cache()
  twoReaders()
  channel()
}

// MARK: - Pool

private func pool() {
  var configuration = Benchmark.defaultConfiguration
  configuration.metrics.append(Counts.newBuffers)

  Benchmark("pool-lease-and-release-1080p", configuration: configuration) { benchmark in
    let pool = MemoryPool(capacity: 64 << 20)
    pool.preallocate(byteCount: hdBytes, count: 4)
    try measurePool(benchmark, pool) { blackHole(try pool.lease(byteCount: hdBytes)) }
  }

  Benchmark("pool-lease-touch-release-1080p", configuration: configuration) { benchmark in
    let pool = MemoryPool(capacity: 64 << 20)
    pool.preallocate(byteCount: hdBytes, count: 4)
    try measurePool(benchmark, pool) { touch(try pool.lease(byteCount: hdBytes).baseAddress) }
  }

  // The reference: what the pool saves. (malloc keeps what it got back, so it would be warm here, too.)
  Benchmark("reference-fresh-memory-1080p") { benchmark in
    benchmark.startMeasurement()
    let counts = Counts()
    for _ in benchmark.scaledIterations {
      let memory = mmap(nil, hdBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
      guard let memory, memory != MAP_FAILED else { fatalError("no memory") }
      touch(memory)
      munmap(memory, hdBytes)
    }
    let end = Counts()
    benchmark.stopMeasurement()
    counts.note(to: end, benchmark)
  }
}

private func measurePool(_ benchmark: Benchmark, _ pool: MemoryPool, _ body: () throws -> Void) rethrows {
  let before = pool.metrics
  benchmark.startMeasurement()
  let counts = Counts()
  for _ in benchmark.scaledIterations { try body() }
  let end = Counts()
  benchmark.stopMeasurement()
  counts.note(to: end, benchmark)
  let after = pool.metrics
  benchmark.measurement(Counts.newBuffers, (after.leases - before.leases) - (after.reuses - before.reuses))
}

private func touch(_ memory: UnsafeMutableRawPointer) {
  for page in stride(from: 0, to: hdBytes, by: 4096) {
    memory.storeBytes(of: 1, toByteOffset: page, as: UInt8.self)
  }
}

// MARK: - Cache

private let sizes = [(320, 180), (3840, 2160)]
/// Frames that are in the cache.
private let resident = 12

private func cache() {
  for (width, height) in sizes {
    Benchmark("cache-frame-at-\(width)x\(height)") { benchmark in
      let buffer = try await filled(width, height)
      benchmark.startMeasurement()
      let counts = Counts()
      for number in benchmark.scaledIterations { blackHole(try await buffer.frame(at: number % resident)) }
      let end = Counts()
      benchmark.stopMeasurement()
      counts.note(to: end, benchmark)
      await buffer.close()
    }

    Benchmark("cache-frame-if-resident-\(width)x\(height)") { benchmark in
      let buffer = try await filled(width, height)
      benchmark.startMeasurement()
      let counts = Counts()
      for number in benchmark.scaledIterations { blackHole(try buffer.frameIfResident(at: number % resident)) }
      let end = Counts()
      benchmark.stopMeasurement()
      counts.note(to: end, benchmark)
      await buffer.close()
    }
  }
}

/// Two readers at once, each request timed by itself.
private func twoReaders() {
  var configuration = Benchmark.defaultConfiguration
  configuration.metrics = [.wallClock, Counts.medianHit, Counts.slowHit, Counts.allocations]
  configuration.scalingFactor = .one
  configuration.maxIterations = 20
  configuration.thresholds = [Counts.allocations: .init(absolute: [.p90: 20])]

  Benchmark("cache-two-readers-1920x1080", configuration: configuration) { benchmark in
    let buffer = try await filled(1920, 1080)
    let requests = 50_000
    // Once before, so that each frame has a lease to give.
    for number in 0..<resident { blackHole(try await buffer.frame(at: number)) }
    let readers = (0..<2).map { _ in HitTimer(buffer, requests) }
    benchmark.startMeasurement()
    let counts = Counts()
    // Threads of their own: the library blocks one of the two that tasks have on two cores.
    DispatchQueue.concurrentPerform(iterations: readers.count) { readers[$0].run() }
    let end = Counts()
    benchmark.stopMeasurement()
    counts.note(to: end, benchmark)
    let sorted = readers.flatMap(\.times).sorted()
    benchmark.measurement(Counts.medianHit, Int(sorted[sorted.count / 2]))
    benchmark.measurement(Counts.slowHit, Int(sorted[sorted.count * 99 / 100]))
    await buffer.close()
  }
}

/// Times each of many requests of cached frames.
// Sendable: each is run by one thread, and read after that.
private final class HitTimer: @unchecked Sendable {
  private let buffer: FrameBuffer
  private(set) var times: [UInt64]

  init(_ buffer: FrameBuffer, _ requests: Int) {
    self.buffer = buffer
    times = [UInt64](repeating: 0, count: requests)
  }

  func run() {
    for index in times.indices {
      let begin = nanoseconds
      guard let lease = try? buffer.frameIfResident(at: index % resident) else { fatalError("frame \(index) is gone") }
      blackHole(lease)
      times[index] = nanoseconds - begin
    }
  }
}

private var nanoseconds: UInt64 {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}

/// A buffer whose frames are all cached.
private func filled(_ width: Int, _ height: Int) async throws -> FrameBuffer {
  let source = PatternSource(width: width, height: height)
  let configuration = Configuration(
    ringFrames: 30, cacheFrames: 100, prefetchFrames: 10, poolBytes: 256 << 20, channelFrames: 8)
  let buffer = try FrameBuffer(source: source, configuration: configuration, frameCount: resident)
  for number in 0..<resident { _ = try await buffer.frame(at: number) }
  return buffer
}

// MARK: - Channel

private func channel() {
  var configuration = Benchmark.defaultConfiguration
  configuration.metrics = [.wallClock, Counts.pageFaults, Counts.newBuffers, Counts.copies]
  configuration.thresholds = [Counts.pageFaults: .init(absolute: [.p90: 500])]

  Benchmark("channel-1000-frames-1080p", configuration: configuration) { benchmark in
    let pool = MemoryPool(capacity: 64 << 20)
    pool.preallocate(byteCount: hdBytes, count: 32)
    let settings = Configuration(
      ringFrames: 8, cacheFrames: 12, prefetchFrames: 4, poolBytes: pool.capacity, channelFrames: 4)
    let count = benchmark.scaledIterations.count
    let buffer = try FrameBuffer(
      source: PatternSource(width: 1920, height: 1080), configuration: settings, pool: pool, frameCount: count)
    var copies = 0
    let before = pool.metrics
    benchmark.startMeasurement()
    let counts = Counts()
    for try await frame in buffer.frames(0..<count) where frame.isCopy { copies += 1 }
    let end = Counts()
    benchmark.stopMeasurement()
    counts.note(to: end, benchmark)
    let after = pool.metrics
    benchmark.measurement(Counts.copies, copies)
    benchmark.measurement(Counts.newBuffers, (after.leases - before.leases) - (after.reuses - before.reuses))
    await buffer.close()
  }
}
