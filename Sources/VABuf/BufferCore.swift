internal import BufferPolicy
internal import Decoding
internal import FrameModel
internal import Synchronization

/// The heart of a buffer, shared by its handle, its readers and its source: one lock around the state, and the doors
/// through which the outside comes in. Nothing of the outside runs under the lock.
///
/// Lock order: the state's lock may be held while the cache's is taken, never the other way round.
final class BufferCore: Sendable {
  let pool: MemoryPool
  let cache: FrameCache
  /// A range of no more frames is kept whole.
  let keepWhole: Int
  /// About how many frames there is room for in host memory.
  private let hostFrames: Int
  /// How many frames a sequential reader leaves behind it when the decoder is the slower one.
  let trailFrames: Int
  let counters = BufferCounters()
  private let packer = FramePacker()
  /// Told of surfaces that cannot be read: the device behind them failed.
  private let uploadDevice = Mutex<(@Sendable () async throws -> HardwareDevice)?>(nil)
  private struct WeakDevice { weak var value: HardwareDevice? }
  private let lastUploadDevice = Mutex(WeakDevice())
  private let surfaceFailed = Mutex<(@Sendable (DeviceFailure, SurfaceFrame) -> Void)?>(nil)
  private let publisher = MetricsPublisher()
  private let isClosed = Atomic(false)
  private let stream: UInt32
  private let state: Mutex<BufferState>

  private static let lastStream = Atomic<UInt32>(0)
  /// How far a hand on a time line usually goes back: measured, docs/adr/0020-packed-frames.md.
  private static let handful = 64
  /// Frames are packed when there is no more memory than for so many: before decoders find none.
  private static let headroomFrames = 12
  /// But not when this part of the pool is free: large frames that fit plain are not packed for a decoder that may come.
  private static let headroomShare = 4
  /// For each frame that comes: one would keep up when most are packed, two just make the room for it.
  private static let packsPerFrame = 3
  /// So many frames are sure to take the place of a plain one, but for noise: most pictures give two and more.
  private static let packedInPlaceOfOne = 1.5

  init(
    configuration: Configuration, pool: MemoryPool, cacheLimits: CachePolicy.Limits, frameCount: Int?,
    seekPoints: [Int] = [], segments: SegmentPlan.Limits? = nil
  ) {
    self.pool = pool
    stream = Self.lastStream.add(1, ordering: .relaxed).newValue
    trailFrames = max(1, configuration.ringFrames / 16)
    let relay = EvictionRelay()
    cache = FrameCache(
      limits: cacheLimits,
      hooks: .init(
        evicted: { relay.evicted($0) },
        // A lease keeps the cache, and must not keep the pool.
        demote: { [counters] in Self.demote($1, $2, of: $0, into: relay.pool, counters) },
        pack: { [packer] in packer.pack($1, for: $0, from: relay.pool) }))
    // A part of the memory is the decoder's. Where memory is all that limits it, frames are packed.
    let inPlaceOfOne = cacheLimits.frames > configuration.cacheFrames ? Self.packedInPlaceOfOne : 1
    hostFrames = Int(
      Double(min(configuration.cacheFrames, 1 << 40)) * inPlaceOfOne
        * min(1, Double(cacheLimits.hostBytes) / Double(max(1, configuration.poolBytes))))
    keepWhole = configuration.cacheFrames / 2
    state = Mutex(
      BufferState(
        configuration: configuration, cacheFrames: max(1, hostFrames), frameCount: frameCount, seekPoints: seekPoints,
        segments: segments))
    relay.core.withLock { $0.value = self }
    pool.register(cache)
  }

  deinit {
    pool.unregister(cache)
    // The leases that it keeps hold it.
    cache.removeAll()
  }

  /// Breaks the circle of the cache telling the core of evictions.
  private final class EvictionRelay: Sendable {
    struct Weak { weak var value: BufferCore? }
    let core = Mutex(Weak())
    var pool: MemoryPool? { core.withLock { $0.value }?.pool }
    func evicted(_ number: Int) {
      guard let core = core.withLock({ $0.value }) else { return }
      core.state.withLock { $0.evicted(number) }
    }
  }

  /// Frames come in surfaces from now on, of which the cache may hold so many; nil: in host memory.
  func decodesToSurfaces(_ surfaces: Int?) {
    update { state, effects in
      state.cacheFrames = max(1, surfaces ?? hostFrames)
      state.allowSegments(surfaces == nil, isResident: isResident, &effects)
    }
  }

  /// How many frames before a wanted one are kept, where they are decoded on the way: half a cache, and of a small one all
  /// but a little, because a hand that goes back soon wants more than half of it.
  var keepBehind: Int {
    let room = max(hostFrames, cache.packedRoom ?? 0)
    return max(keepWhole, min(room - BufferState.spareFrames, Self.handful))
  }

  func key(_ number: Int) -> FrameKey { FrameKey(stream: stream, number: number) }

  /// Says where uploads go; without that there are none.
  func onUpload(_ device: @escaping @Sendable () async throws -> HardwareDevice) {
    uploadDevice.withLock { $0 = device }
  }

  func deviceForUploads() async throws -> HardwareDevice {
    guard let find = uploadDevice.withLock({ $0 }) else {
      throw VABufError(
        .backendUnavailable, what: "upload", why: "the buffer has no device", remedy: "read frames in host memory")
    }
    let device = try await find()
    lastUploadDevice.withLock { $0.value = device }
    return device
  }

  /// Where the last upload went; nil when that is gone.
  var uploadedTo: HardwareDevice? { lastUploadDevice.withLock { $0.value } }

  func onSurfaceFailure(_ body: @escaping @Sendable (DeviceFailure, SurfaceFrame) -> Void) {
    surfaceFailed.withLock { $0 = body }
  }
  func reportSurfaceFailure(_ failure: DeviceFailure, of surface: SurfaceFrame) {
    surfaceFailed.withLock { $0 }?(failure, surface)
  }

  var isClosing: Bool { isClosed.load(ordering: .acquiring) }

  private func isResident(_ number: Int) -> Bool { cache.contains(key(number)) }

  /// The one way into the state: changes it under the lock, then does what came of it.
  private func update<R: Sendable>(
    _ body: (inout BufferState, inout BufferState.Effects) throws -> R
  ) rethrows -> R {
    var effects = BufferState.Effects()
    let result = try state.withLock { try body(&$0, &effects) }
    perform(effects, lease: nil)
    return result
  }

  private func perform(_ effects: consuming BufferState.Effects, lease: FrameLease?) {
    if let lease { for continuation in effects.arrived { continuation.resume(returning: lease) } }
    for (continuation, error) in effects.failed { continuation.resume(throwing: error) }
    for (continuation, request) in effects.sources { continuation.resume(returning: request) }
    effects.receiver?.resume()
    effects.resumptions.resume()
    for continuation in effects.emptied { continuation.resume() }
    if let kept = effects.kept { cache.touch(kept.map { key($0) }) }
  }

  // MARK: - Readers

  /// - Parameter isRead: else the lease may hold a packed frame, which nobody can read.
  /// - Returns: the frame, and whether it waited for it. Where several sessions decode its range it always counts as one that
  ///   waits: frames come in bursts then.
  func frame(
    _ number: Int, urgency: RequestSchedule.Urgency, reader: BufferState.ReaderID, in place: Placement,
    isRead: Bool = true
  ) async throws -> (lease: FrameLease, hasWaited: Bool) {
    let found = hit(number, reader, place)
    let lease = if let found { found.lease } else { try await arrival(of: number, urgency: urgency, reader: reader) }
    // A download is waited for too.
    let needsDownload = place == .host && lease.picture == nil && !lease.tiers.isPacked
    let settled = isRead ? try await settle(lease, place) : lease
    if needsDownload {
      let now = Monotonic.now
      state.withLock { $0.answered(reader, at: now) }
    }
    return (settled, needsDownload || found?.isDivided ?? true)
  }

  /// Waits for a frame that is not there.
  private func arrival(
    of number: Int, urgency: RequestSchedule.Urgency, reader: BufferState.ReaderID
  ) async throws -> FrameLease {
    let id = Mutex<BufferState.WaiterID?>(nil)
    // The thread sanitizer does not see that a continuation orders memory which is resumed before it is awaited. The frame
    // was made before this lock was last let go of.
    defer { state.withLock { _ in } }
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        if let lease = wait(number, urgency, reader, continuation, id) { continuation.resume(returning: lease) }
      }
    } onCancel: {
      update { state, effects in
        if let id = id.withLock({ $0 }) { state.cancel(id, &effects) }
      }
    }
  }

  /// Waits for a frame that was there, and is to be decoded again.
  func again(_ number: Int) async throws -> FrameLease {
    if let lease = cache.lease(key(number), in: .host) { return lease }
    return try await arrival(of: number, urgency: .demand, reader: BufferState.anonymousReader)
  }

  /// A sequential reader has no more use for a frame: lets it go if nobody else used it.
  func giveUp(_ number: Int) { cache.removeIfUsedOnce(key(number)) }

  /// The frame if it is there; else nil, and the source is told to do it first.
  func look(_ number: Int) throws -> FrameLease? {
    // Most are not packed, and are given on as they are: two readers pay for each reference that is counted.
    if let lease = hit(number, BufferState.anonymousReader, .anywhere)?.lease {
      return lease.tiers.isPacked ? unpackedNow(lease) : lease
    }
    let arrived = try update { state, effects -> FrameLease? in
      if let lease = late(number, BufferState.anonymousReader, &state, &effects) { return lease }
      if let error = state.end ?? state.outOfRange(number) {
        counters.misses.count()
        throw error
      }
      if !state.isLookedFor(number) {
        let waiting = state.wait(
          .init(frame: number, continuation: nil, reader: BufferState.anonymousReader), urgency: .demand, &effects)
        count(waiting?.found)
      } else {
        counters.joinedHits.count()
      }
      state.observe(
        number, BufferState.anonymousReader, isHit: false, at: Monotonic.now, isResident: isResident, &effects)
      state.feedSource(isResident, &effects)
      return nil
    }
    return arrived.flatMap { unpackedNow($0) }
  }

  /// - Returns: the frame, and whether several sessions decode what the reader reads; nil where the frame is not there.
  private func hit(
    _ number: Int, _ reader: BufferState.ReaderID, _ place: Placement
  ) -> (lease: FrameLease, isDivided: Bool)? {
    guard let lease = cache.lease(key(number), in: place) else { return nil }
    let now = Monotonic.now
    let (isFollowed, isDivided) = state.withLock { state in
      state.countHit(isOnHost: lease.isOnHost)
      // A closure: a reference to the method would count references of the core, which all readers share.
      let isFollowed = state.note(number, reader, isHit: true, at: now, isResident: { isResident($0) })
      return (isFollowed, state.isDivided(reader))
    }
    if isFollowed { update { $0.follow(reader, isHit: true, isResident: isResident, &$1) } }
    return (lease, isDivided)
  }

  /// A frame that arrived since `hit` missed it. To be asked under the lock and before the source is told to decode the
  /// frame: it is in the cache before `arrived` takes the lock, and what is not there now will find its waiter.
  private func late(
    _ number: Int, _ reader: BufferState.ReaderID, _ state: inout BufferState, _ effects: inout BufferState.Effects
  ) -> FrameLease? {
    guard let lease = cache.lease(key(number), in: .anywhere) else { return nil }
    state.countHit(isOnHost: lease.isOnHost)
    state.observe(number, reader, isHit: true, at: Monotonic.now, isResident: isResident, &effects)
    return lease
  }

  func countHit(_ lease: FrameLease) { state.withLock { $0.countHit(isOnHost: lease.isOnHost) } }

  /// Requests that found their frame there, and of those, that found it in a surface only.
  var hits: (resident: Int, surface: Int) { state.withLock { $0.hits } }

  /// - Returns: the frame, where it arrived meanwhile; then nobody waits.
  private func wait(
    _ number: Int, _ urgency: RequestSchedule.Urgency, _ reader: BufferState.ReaderID,
    _ continuation: CheckedContinuation<FrameLease, any Error>, _ idBox: borrowing Mutex<BufferState.WaiterID?>
  ) -> FrameLease? {
    update { state, effects -> FrameLease? in
      guard !Task.isCancelled else {
        counters.misses.count()
        effects.failed.append((continuation, CancellationError()))
        return nil
      }
      if let lease = late(number, reader, &state, &effects) { return lease }
      let waiting = state.wait(
        .init(frame: number, continuation: continuation, reader: reader), urgency: urgency, &effects)
      count(waiting?.found)
      guard let waiting else { return nil }
      idBox.withLock { $0 = waiting.id }
      state.observe(number, reader, isHit: false, at: Monotonic.now, isResident: isResident, &effects)
      state.feedSource(isResident, &effects)
      return nil
    }
  }

  private func count(_ found: BufferState.Found?) {
    switch found {
    case .joined: counters.joinedHits.count()
    case .missed, nil: counters.misses.count()
    }
  }

  func addReader(_ direction: Direction, of range: Range<Int>, isPart: Bool) -> BufferState.ReaderID {
    update { state, _ in state.addReader(direction, of: range, isPart: isPart) }
  }
  func removeReader(_ id: BufferState.ReaderID) { update { $0.removeReader(id, isResident: isResident, &$1) } }

  func isCached(_ number: Int) -> Bool { isResident(number) }
  func outOfRange(_ number: Int) -> VABufError? { state.withLock { $0.outOfRange(number) } }

  /// What is there, and what is to come: two looks, one after the other.
  var snapshot: BufferSnapshot {
    var snapshot = BufferSnapshot()
    (snapshot.decoding, snapshot.planned) = state.withLock { ($0.underWay, $0.planned) }
    snapshot.frames = cache.residentFrames.sorted { $0.number < $1.number }
    return snapshot
  }

  var frameCount: Int? { state.withLock { $0.frameCount } }

  var metrics: BufferMetrics {
    let (hits, prefetch, segments) = state.withLock { ($0.hits, $0.prefetch, $0.segmentCount) }
    var metrics = BufferMetrics()
    (metrics.residentHits, metrics.residentSurfaceHits) = hits
    metrics.joinedHits = counters.joinedHits.value
    metrics.misses = counters.misses.value
    metrics.requests = metrics.residentHits + metrics.joinedHits + metrics.misses
    metrics.nearFrames = counters.nearFrames.value
    metrics.decodedFrames = counters.decodedFrames.value
    metrics.deliveredFrames = counters.deliveredFrames.value
    (metrics.prefetchIssued, metrics.prefetchUsed, metrics.prefetchWasted) = prefetch
    metrics.segments = segments
    metrics.evictions = cache.evictions
    (metrics.demotions, metrics.demotionsUsed) = cache.demotions
    metrics.demotionDownloads = counters.demotionDownloads.value
    metrics.demotionNanoseconds = counters.demotionNanoseconds.value
    metrics.cachedFrames = cache.count
    metrics.cachedBytes = cache.hostBytes
    metrics.cachedSurfaces = cache.surfaces
    (metrics.packedFrames, metrics.packedBytes, metrics.packs, metrics.unpacks) = cache.packing
    metrics.pool = pool.metrics
    return metrics
  }

  // MARK: - The source

  func nextRequest(position: Int?) async -> FrameRequest? {
    await withCheckedContinuation { continuation in
      update { $0.sourceIsIdle(continuation, position: position, isResident: isResident, &$1) }
    }
  }

  func isCurrent(_ request: FrameRequest, position: Int) -> Bool {
    state.withLock { $0.isCurrent(request, at: position) }
  }

  func goesOnPast(_ request: FrameRequest, position: Int) -> Bool {
    request.passesOver(position) && state.withLock { $0.goesOnPast(request, at: position) }
  }

  func distanceAlone(_ request: FrameRequest) -> Int? { state.withLock { $0.distanceAlone(request) } }

  func isWanted(_ number: Int) -> Bool { state.withLock { $0.isWanted(number) } }

  func willSend(_ number: Int) throws { try update { state, _ in try state.willSend(number) } }
  func didNotSend(_ number: Int) { update { $0.didNotSend(number, &$1) } }

  /// Lets go of every frame, those that are on their way, too. No others come meanwhile: the source waits here.
  func forgetFrames() async {
    // What is there now is not given out while the others come.
    cache.removeAll()
    await withCheckedContinuation { continuation in update { $0.emptyChannel(continuation, &$1) } }
    cache.removeAll()
  }
  func fail(_ frames: ClosedRange<Int>, _ error: VABufError) { update { $0.fail(frames, error, &$1) } }
  func setFrameCount(_ count: Int, seekPoints: [Int]?) {
    update { $0.setFrameCount(count, seekPoints: seekPoints, &$1) }
  }

  /// The source decoded frames, given out or not.
  func decoded(_ frames: Int, nanoseconds: UInt64?) {
    counters.decodedFrames.count(frames)
    if let nanoseconds { state.withLock { $0.decoded(frames, nanoseconds: nanoseconds) } }
  }

  /// Takes a frame from the channel: holds it back while it is too far ahead.
  func receive(_ frame: SourceFrame) async {
    let number = frame.descriptor.number
    while await isHeldBack(number) {}
    if !update({ $0.drops(number, isResident: isResident, &$1) }) { keep(frame) }
    update { $0.received(&$1) }
    await keepUp()
  }

  /// Whether a frame need not wait in the channel.
  func takesAtOnce(_ number: Int) throws -> Bool { try update { state, _ in try state.takesAtOnce(number) } }

  /// Keeps a frame, and wakes who waits for it.
  func keep(_ frame: SourceFrame) {
    let number = frame.descriptor.number
    counters.deliveredFrames.count()
    let byteCount = frame.hostBytes
    let lease = cache.insert(frame, key(number), isAwaited: state.withLock { $0.isAwaited(number) })
    let now = Monotonic.now
    var effects = BufferState.Effects()
    state.withLock { $0.arrived(number, at: now, isResident: isResident, &effects) }
    perform(effects, lease: lease)
    makeRoom(for: byteCount)
    // A frame that was on its way when the buffer closed has no business in the cache any more.
    if isClosed.load(ordering: .acquiring) { cache.removeAll() }
    publisher.frameArrived { metrics }
  }

  /// Packs frames where memory is short, after one of so many bytes was added.
  func makeRoom(for byteCount: Int) {
    let headroom = min(Self.headroomFrames * byteCount, pool.capacity / Self.headroomShare)
    cache.pack(Self.packsPerFrame, toHaveFree: headroom, inPool: pool.freeBytes)
  }

  /// Waits a while where many frames are still to be packed: else some would have to go whose memory a decoder wants.
  func keepUp() async { if cache.isBehind { await packer.finishLast() } }

  /// What waits to be packed is not, once the cache is empty; until then it holds memory.
  func finishPacking() async { await packer.finishLast() }

  /// Brings swift-metrics up to date.
  func publishMetrics() { publisher.publish(metrics) }

  private func isHeldBack(_ number: Int) async -> Bool {
    var held = true
    await withCheckedContinuation { continuation in
      held = state.withLock { $0.holds(number, continuation) }
      if !held { continuation.resume() }
    }
    return held
  }

  // MARK: - Sessions side by side

  /// What one of the sessions that decode a long range side by side does next; nil when they end.
  ///
  /// - Parameter isOpen: it has a decoder.
  func nextSegment(isOpen: Bool) async -> SegmentDesk.Work? {
    await withCheckedContinuation { continuation in
      update { $0.sessionIsIdle(continuation, isOpen: isOpen, isResident: isResident, &$1) }
    }
  }

  /// Whether a session decodes a frame of its segment, as soon as the reader is near enough; false where nobody wants the
  /// rest. Cheap: to be asked before each frame.
  func goesOn(_ segment: SegmentPlan.SegmentID, at frame: Int) async -> Bool {
    while true {
      if let goesOn = state.withLock({ $0.segmentGoesOn(segment, at: frame) }) { return goesOn }
      guard await waitForReader(segment, at: frame) else { return false }
    }
  }

  private func waitForReader(_ segment: SegmentPlan.SegmentID, at frame: Int) async -> Bool {
    await withCheckedContinuation { continuation in
      update { $0.waitForReader(segment, at: frame, continuation, &$1) }
    }
  }

  func ended(_ segment: SegmentPlan.SegmentID) { update { $0.segmentIsOver(segment, isResident: isResident, &$1) } }

  /// The source decodes everything from now on. When this returns, no frame of a segment comes any more.
  func forbidSegments() async {
    await withCheckedContinuation { continuation in
      update { $0.forbidSegments(continuation, isResident: isResident, &$1) }
    }
  }

  /// The sessions end.
  func closeSegments() { update { $0.closeSegments(isResident: isResident, &$1) } }

  func finish(_ error: VABufError, isClosing: Bool) {
    if isClosing { isClosed.store(true, ordering: .releasing) }
    update { $0.finish(error, isClosing: isClosing, &$1) }
    if isClosing { cache.removeAll() }
  }
}
