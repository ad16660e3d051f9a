internal import Metrics
internal import Synchronization

/// Passes a buffer's counts on to swift-metrics, in steps: the program chooses the backend, or none.
final class MetricsPublisher: Sendable {
  private let counters: [(counter: Counter, count: any WritableKeyPath<BufferMetrics, Int> & Sendable)] = [
    (Counter(label: "vabuf_requests_total"), \.requests),
    (Counter(label: "vabuf_hits_total", dimensions: [("kind", "resident")]), \.residentHits),
    (Counter(label: "vabuf_hits_total", dimensions: [("kind", "joined")]), \.joinedHits),
    (Counter(label: "vabuf_misses_total"), \.misses),
    (Counter(label: "vabuf_near_frames_total"), \.nearFrames),
    (Counter(label: "vabuf_decoded_frames_total"), \.decodedFrames),
    (Counter(label: "vabuf_evictions_total"), \.evictions),
    (Counter(label: "vabuf_demotions_total"), \.demotions),
    (Counter(label: "vabuf_demotions_used_total"), \.demotionsUsed),
    (Counter(label: "vabuf_demotion_nanoseconds_total"), \.demotionNanoseconds),
  ]
  private let cachedBytes = Gauge(label: "vabuf_cached_bytes")
  private let poolBytes = Gauge(label: "vabuf_pool_bytes")
  private let published = Mutex(BufferMetrics())
  private let arrivals = Atomic(0)

  /// How many frames arrive between two reports.
  private static let interval = 64

  func frameArrived(_ metrics: () -> BufferMetrics) {
    if arrivals.add(1, ordering: .relaxed).newValue % Self.interval == 0 { publish(metrics()) }
  }

  func publish(_ now: BufferMetrics) {
    // Whoever counted first may come last: counters never go back.
    let steps = published.withLock { last in
      counters.map { _, count in
        let step = max(0, now[keyPath: count] - last[keyPath: count])
        last[keyPath: count] += step
        return step
      }
    }
    for ((counter, _), step) in zip(counters, steps) { counter.increment(by: step) }
    cachedBytes.record(now.cachedBytes)
    poolBytes.record(now.pool.bytesInUse + now.pool.idleBytes)
  }
}
