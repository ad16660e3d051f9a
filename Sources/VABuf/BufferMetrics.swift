internal import Decoding
internal import Synchronization

/// What a buffer did so far.
public struct BufferMetrics: Hashable, Sendable, Codable {
  /// Frames that were asked for: all hits and misses. One that is decoded again, because its surface could not be read, is
  /// asked for again by that.
  public var requests = 0
  /// Requests that found the frame there.
  public var residentHits = 0
  /// Of those, the requests that found it in a surface and not in host memory.
  public var residentSurfaceHits = 0
  /// Requests that found its decode already under way.
  public var joinedHits = 0
  /// Requests that had to start a decode, or failed at once.
  public var misses = 0
  /// Of all requests, those that got a frame within their tolerance instead of the one asked for. How that frame was
  /// found says which kind of hit, or that it was a miss.
  public var nearFrames = 0
  /// Frames that the decoder emitted, given out or not.
  public var decodedFrames = 0
  /// Frames that came from the source.
  public var deliveredFrames = 0
  /// Frames that prefetch planned.
  public var prefetchIssued = 0
  /// Planned frames that were then asked for.
  public var prefetchUsed = 0
  /// Planned frames that were evicted before anybody asked.
  public var prefetchWasted = 0
  /// Frames that were evicted to make room.
  public var evictions = 0
  /// Frames that left the GPU to make room there, and stayed in host memory.
  public var demotions = 0
  /// Of those, the frames that a reader got from host memory later: what demotions saved, in decoded frames.
  public var demotionsUsed = 0
  /// Downloads that demotions needed; a frame that was in host memory already needs none.
  public var demotionDownloads = 0
  /// Nanoseconds that those downloads took, their time in the device's queue included: what demotions cost.
  public var demotionNanoseconds = 0
  /// Frames that were copied from the GPU to host memory, on all devices of the pool.
  public var downloads = 0
  /// Frames that were copied from host memory to the GPU, on all devices of the pool.
  public var uploads = 0
  /// How often software took over from hardware, or stood in for it where it could not be had. 0 where software was asked for.
  public var fallbacks = 0
  /// How often hardware was opened, the first time included.
  public var deviceOpenings = 0
  /// The most decoders that were open at once. Each has tables of its own, which are not the pool's: at 1080p 20 to 25 MiB
  /// for H.264 with two threads (measured).
  public var decoders = 0
  /// Parts of long ranges that were given to sessions side by side.
  public var segments = 0
  /// Surfaces of the pool's devices: how often one was leased, and how many of those leases got one that was used before.
  public var surfaceLeases = 0
  /// Leases that got a surface which was used before.
  public var surfaceReuses = 0
  /// Surfaces that are leased now: by decoders, caches and the program.
  public var surfacesInUse = 0
  /// The most surfaces that were leased at once.
  public var surfaceHighWater = 0
  /// Nanoseconds that decoders waited for a surface.
  public var surfaceWaitNanoseconds = 0
  /// Frames that are cached now.
  public var cachedFrames = 0
  /// Bytes of the frames that are cached in host memory now.
  public var cachedBytes = 0
  /// Of the cached frames those that are packed in host memory, without loss, or have a packed copy.
  public var packedFrames = 0
  /// Bytes that these take, of `cachedBytes`.
  public var packedBytes = 0
  /// How often a frame was packed, because memory was short and others were used later.
  public var packs = 0
  /// How often a packed frame was asked for, and unpacked.
  public var unpacks = 0
  /// Surfaces of the frames that are cached on the GPU now.
  public var cachedSurfaces = 0
  /// The pool that the buffer uses, other buffers' leases included.
  public var pool = PoolMetrics(
    leases: 0, reuses: 0, bytesInUse: 0, idleBytes: 0, highWaterBytes: 0, waits: 0, waitNanoseconds: 0)

  /// Share of requests that found the frame there or its decode under way, 0 to 1.
  public var overallHitRate: Double { requests == 0 ? 0 : Double(residentHits + joinedHits) / Double(requests) }
  /// Share of requests that found the frame in a surface and not in host memory, 0 to 1.
  public var residentSurfaceHitRate: Double { requests == 0 ? 0 : Double(residentSurfaceHits) / Double(requests) }
  /// Share of requests that found the frame there, 0 to 1.
  public var residentHitRate: Double { requests == 0 ? 0 : Double(residentHits) / Double(requests) }
}

extension BufferMetrics {
  mutating func add(_ source: DecoderSource) {
    let counts = source.counts
    fallbacks = counts.fallbacks
    deviceOpenings = counts.reopenings
    decoders = counts.decoders
  }

  mutating func add(_ device: HardwareDevice) {
    let surfaces = device.surfaces.metrics
    surfaceLeases += surfaces.leases
    surfaceReuses += surfaces.reuses
    surfacesInUse += surfaces.leased
    surfaceHighWater += surfaces.highWater
    surfaceWaitNanoseconds += surfaces.waitNanoseconds
    let copies = device.access.counts
    downloads += copies.downloads
    uploads += copies.uploads
  }
}

/// The buffer's counters; each is atomic by itself.
final class BufferCounters: Sendable {
  let joinedHits = Atomic(0)
  let misses = Atomic(0)
  let nearFrames = Atomic(0)
  let decodedFrames = Atomic(0)
  let deliveredFrames = Atomic(0)
  let demotionDownloads = Atomic(0)
  let demotionNanoseconds = Atomic(0)
}

extension Atomic where Value == Int {
  /// Adds without ordering other memory.
  func count(_ amount: Int = 1) { add(amount, ordering: .relaxed) }
  /// Reads without ordering other memory.
  var value: Int { load(ordering: .relaxed) }
}
