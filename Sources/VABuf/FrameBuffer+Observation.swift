internal import BufferPolicy
internal import Decoding
internal import FrameModel

/// What a benchmark reads of a buffer between two requests, cheaply.
package struct RequestCounts: Hashable, Sendable {
  /// As `BufferMetrics.residentHits`.
  package var residentHits = 0
  /// As `BufferMetrics.residentSurfaceHits`.
  package var surfaceHits = 0
  /// As `BufferMetrics.joinedHits`.
  package var joinedHits = 0
  /// As `BufferMetrics.decodedFrames`.
  package var decodedFrames = 0
  /// As `BufferMetrics.deliveredFrames`.
  package var deliveredFrames = 0
}

/// A frame that is cached.
package struct ResidentFrame: Hashable, Sendable {
  /// Its number.
  package var number: Int32
  /// It is in a surface, perhaps in host memory too.
  package var isOnGPU: Bool

  /// Names a frame and its tier.
  package init(number: Int32, isOnGPU: Bool) {
    self.number = number
    self.isOnGPU = isOnGPU
  }
}

extension FrameBuffer {
  /// The counts of now. Each is right by itself; they are not of one moment.
  package var counts: RequestCounts {
    let hits = core.hits
    return RequestCounts(
      residentHits: hits.resident, surfaceHits: hits.surface,
      joinedHits: core.counters.joinedHits.value, decodedFrames: core.counters.decodedFrames.value,
      deliveredFrames: core.counters.deliveredFrames.value)
  }

  /// Appends the frames that are cached now, in no order. Allocates only where the list has no room.
  package func appendResident(to list: inout [ResidentFrame]) { core.cache.appendResident(to: &list) }

  /// How many frames must be decoded for requests in this order, with the buffer's memory and four decoders, by who knows
  /// them all beforehand: docs/benchmarks.md. Nil for more requests than can be worked out in a moment, and where nothing
  /// is known of the stream.
  package func offlineBound(of requests: [Int]) -> Int? {
    guard let index, let stream, requests.count <= Self.mostRequests else { return nil }
    let capacity = min(configuration.cacheFrames, configuration.poolBytes / max(1, stream.bufferBytes))
    let seekPoints = SeekPoints(index.seekPoints.map(\.firstFrame))
    return OfflineBound(seekPoints: seekPoints, capacity: max(1, capacity), decoders: MemoryShares.mostDecoders)
      .decodedFrames(for: requests)
  }

  private static let mostRequests = 10_000
}
