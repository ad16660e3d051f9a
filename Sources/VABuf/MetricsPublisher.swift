internal import Metrics
internal import Synchronization

/// Passes a buffer's counts on to swift-metrics, in steps: the program chooses the backend, or none.
final class MetricsPublisher: Sendable {
  private let requests = Counter(label: "vabuf_requests_total")
  private let residentHits = Counter(label: "vabuf_hits_total", dimensions: [("kind", "resident")])
  private let joinedHits = Counter(label: "vabuf_hits_total", dimensions: [("kind", "joined")])
  private let misses = Counter(label: "vabuf_misses_total")
  private let nearFrames = Counter(label: "vabuf_near_frames_total")
  private let decodedFrames = Counter(label: "vabuf_decoded_frames_total")
  private let evictions = Counter(label: "vabuf_evictions_total")
  private let demotions = Counter(label: "vabuf_demotions_total")
  private let demotionsUsed = Counter(label: "vabuf_demotions_used_total")
  private let demotionNanoseconds = Counter(label: "vabuf_demotion_nanoseconds_total")
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
    let last = published.withLock { last in
      defer { last = now }
      return last
    }
    requests.increment(by: now.requests - last.requests)
    residentHits.increment(by: now.residentHits - last.residentHits)
    joinedHits.increment(by: now.joinedHits - last.joinedHits)
    misses.increment(by: now.misses - last.misses)
    nearFrames.increment(by: now.nearFrames - last.nearFrames)
    decodedFrames.increment(by: now.decodedFrames - last.decodedFrames)
    evictions.increment(by: now.evictions - last.evictions)
    demotions.increment(by: now.demotions - last.demotions)
    demotionsUsed.increment(by: now.demotionsUsed - last.demotionsUsed)
    demotionNanoseconds.increment(by: now.demotionNanoseconds - last.demotionNanoseconds)
    cachedBytes.record(now.cachedBytes)
    poolBytes.record(now.pool.bytesInUse + now.pool.idleBytes)
  }
}
