internal import BufferPolicy
internal import Decoding
public import FrameModel
public import Logging
internal import SystemPackage

/// The frames of a video by number: forward, backward, at random, in ranges.
///
/// Frame N is the N-th frame that a linear software decode of the stream emits; every way of asking gives the same
/// bytes for it. What was decoded stays in a cache as long as its memory allows, and what the reader will ask for next
/// is decoded before it does. Any thread and any number of tasks may use one buffer at once.
///
/// ```swift
/// let buffer = try await FrameBuffer.open("clip.mp4")
/// let frame = try await buffer.frame(at: 120)
/// for try await frame in buffer.frames(0..<buffer.frameCount!, direction: .backward) { ... }
/// ```
public final class FrameBuffer: Sendable {
  let core: BufferCore
  private let channel: FrameChannel
  private let source: any FrameSource
  private let work: Task<Void, Never>
  /// How much the buffer holds and how far it looks ahead.
  public let configuration: Configuration
  /// Where frames' memory comes from, shared by all buffers that were made with it.
  public let pool: MemoryPool
  /// What is known of the stream; nil where the frames come from a program's own source.
  public let stream: StreamInfo?

  private init(
    source: any FrameSource, stream: StreamInfo?, configuration: Configuration, pool: MemoryPool,
    cacheBytes: Int, mostFrames: Int? = nil, segments: SegmentPlan.Limits? = nil, frameCount: Int?, logger: Logger,
    relay: DeviceRelay? = nil, devicePath: String? = nil
  ) throws(VABufError) {
    self.configuration = try configuration.validated()
    self.source = source
    self.stream = stream
    self.pool = pool
    let limits = CachePolicy.Limits(
      frames: mostFrames ?? configuration.cacheFrames, hostBytes: max(1, cacheBytes), surfaces: 0,
      plainBytes: configuration.packsFrames ? pool.capacity / Self.plainShare : .max, packings: Self.mostPackings)
    let core = BufferCore(
      configuration: configuration, pool: pool, cacheLimits: limits, frameCount: frameCount,
      seekPoints: (source as? DecoderSource)?.index.seekPoints.map(\.firstFrame) ?? [], segments: segments)
    let channel = FrameChannel(capacity: configuration.channelFrames)
    self.core = core
    self.channel = channel
    relay?.connect(core)
    if let decoder = source as? DecoderSource {
      core.onSurfaceFailure { [weak decoder] in decoder?.surfaceFailed($0, of: $1) }
    }
    let devices = pool.devices
    core.onUpload { [weak decoder = source as? DecoderSource, weak relay] in
      if let device = decoder?.device, !device.isLost { return device }
      let device = try await devices.any(at: devicePath, logger: logger)
      relay?.use(device)
      return device
    }
    work = Task {
      async let received: Void = channel.receive { await core.receive($0) }
      let end = await Self.produce(source, FramePort(core: core, channel: channel), logger)
      channel.finish()
      await received
      // Both are through: what is in the cache is all there will be. A source that failed is heard only now, so that
      // what it sent before is not lost.
      core.finish(end, isClosing: false)
    }
  }

  deinit { stop() }

  /// Runs the source.
  ///
  /// - Returns: why no more frames come.
  private static func produce(_ source: any FrameSource, _ port: FramePort, _ logger: Logger) async -> VABufError {
    do {
      try await source.run(port)
    } catch is CancellationError {
    } catch let error as VABufError {
      // Who asks for a frame hears it.
      logger.info("the source of frames failed", metadata: ["why": "\(error)"])
      return error
    } catch {
      logger.error("the source of frames failed", metadata: ["why": "\(error)"])
      return VABufError(
        .sourceFailed, what: "source of frames", why: "\(error)", remedy: "see why the decoder that feeds it failed")
    }
    return sourceEnded
  }

  private static let sourceEnded = VABufError(
    .sourceFailed, what: "source of frames", why: "it ended", remedy: "ask only for frames that it has sent")

  private static let closed = VABufError(
    .closed, what: "frame buffer", why: "it was closed", remedy: "open another one")

  // MARK: - Opening

  /// How a file is opened.
  public struct Options: Sendable {
    /// The stream's number in the file; nil takes the first video stream that is not a cover picture.
    public var stream: Int?
    /// How much to hold; nil takes what fits the stream and the memory.
    public var configuration: Configuration?
    /// Bytes of host memory; nil takes the configuration's, or an eighth of the machine's (256 MiB to 2 GiB).
    public var hostMemory: Int?
    /// Frames that were not used lately may be packed (``Configuration/packsFrames``).
    public var packsFrames = true
    /// Memory to share with other buffers; nil makes a pool of one's own.
    public var pool: MemoryPool?
    /// How long a decoder waits for memory, or for a surface, while the program holds all of it; then the request fails with
    /// `hostMemoryExhausted` or `surfacesExhausted`. That of a shared pool is the pool's.
    public var memoryDeadline = Duration.seconds(5)
    /// Decoder threads; 0 takes what libavcodec takes by itself (one a processor and one more; one on one
    /// processor).
    public var threads = 0
    /// How many decode sessions may share the threads for a long range, each with a part of it; 1: none but the one that
    /// does everything else. Nil takes what was measured to be faster for the codec and the threads, and only for readers
    /// that wait for the decoder and have read a group of pictures. Of no effect on a device, in a shared pool, with one thread, or where memory is short.
    public var rangeSessions: Int?
    /// Decoder threads give way to the program's other threads: for one that draws with the processor what it decodes
    /// ahead. Where nothing else wants the processor it changes nothing.
    public var decodesAtLowPriority = false
    /// Which decoders may be used.
    public var backend = BackendPreference.auto
    /// The render node for hardware, as `/dev/dri/renderD128`; nil takes the first that decodes the stream.
    public var device: String?
    /// Surfaces on the GPU; nil takes `MemoryPool.defaultSurfaces`. Those of a shared pool are the pool's.
    public var gpuSurfaces: Int?
    /// How long a call into a driver may take before it counts as a hang: the device is then given up. That of a shared
    /// pool is the pool's.
    public var deviceDeadline = Duration.seconds(10)
    /// How pictures that hardware decoded lie in host memory. With `.surface` frame N is the same samples on every path,
    /// not the same bytes: NV12 or P010 where hardware decoded it, planes where software did.
    public var hostFormat = HostFormat.software
    /// Keep the index in the user's cache folder, and use the one that is there.
    public var keepsIndex = true
    /// Decode the whole stream once on opening, where only its headers say what it holds, and keep what came out. Numbers
    /// are then right from the first request on also in files with damage that headers do not show; without it such
    /// damage is noticed when a decoder comes by.
    public var verifiesIndex = false
    /// Called while the file is indexed, with what is done of it, from 0 to 1.
    public var progress: (@Sendable (Double) -> Void)?
    /// Where log lines go.
    public var logger = Logger(label: "vabuf")

    /// The defaults.
    public init() {}
  }

  /// Opens a file; indexes it where no index is kept.
  ///
  /// - Throws: `VABufError`: `cannotOpen`, `invalidMedia`, `noVideoStream`, `unsupportedCodec`, `invalidConfiguration`,
  ///   `backendUnavailable`, or `hostMemoryExhausted` where the budget cannot hold what the decoder needs.
  public static func open(_ path: String, options: Options = Options()) async throws -> FrameBuffer {
    guard (0...256).contains(options.threads) else {
      throw VABufError(
        .invalidConfiguration, what: "decoder threads", why: "\(options.threads) of them",
        remedy: "give 0 (as many as FFmpeg likes) to 256")
    }
    guard (1...256).contains(options.rangeSessions ?? 1) else {
      throw VABufError(
        .invalidConfiguration, what: "sessions of a range", why: "\(options.rangeSessions ?? 0) of them",
        remedy: "give 1 (none but the one that does everything else) to 256")
    }
    guard options.memoryDeadline > .zero else {
      throw VABufError(
        .invalidConfiguration, what: "deadline of memory", why: "\(options.memoryDeadline)",
        remedy: "give a second or more: decoding waits so long for frames that are released")
    }
    guard options.deviceDeadline > .zero else {
      throw VABufError(
        .invalidConfiguration, what: "deadline of drivers", why: "\(options.deviceDeadline)",
        remedy: "give some seconds: a call that takes longer counts as a hang")
    }
    let pool =
      try options.pool
      ?? MemoryPool(
        capacity: openingBytes(options), surfaces: openingSurfaces(options), deadline: options.memoryDeadline,
        deviceDeadline: options.deviceDeadline)
    var session = SessionOptions(path: path, stream: options.stream, logger: options.logger)
    session.threads = options.threads
    session.hasLowPriority = options.decodesAtLowPriority
    session.progress = options.progress
    session.verifies = options.verifiesIndex
    session.hostFormat = options.hostFormat
    if options.keepsIndex, let folder = IndexStore.userFolder(environment: Environment.all) {
      session.store = IndexStore(folder: folder)
    }
    let decode = DecodeSession(name: "vabuf decode")
    let memory = SessionMemory(pool: pool)
    let opened: DecodeSession.Opened
    do {
      opened = try await withTaskCancellationHandler {
        try await decode.open(session, allocator: memory)
      } onCancel: {
        decode.interruptReads()
        memory.close()
      }
    } catch {
      // What was interrupted fails in one way or another.
      if Task.isCancelled { throw CancellationError() }
      throw error
    }
    var stream = StreamInfo(opened)
    let frameBytes = stream.bufferBytes
    var configuration =
      options.configuration
      ?? .automatic(frameBytes: frameBytes, width: stream.width, height: stream.height, hostBytes: pool.capacity)
    // Where memory is all that limits the cache: those that are packed are more than fit plain.
    var mostFrames: Int?
    if options.configuration == nil, options.hostMemory == nil, options.pool == nil {
      // Nobody named a budget to fill: keep what the preset keeps, or more frames where they are tiny.
      let preset = Configuration.preset(width: stream.width, height: stream.height)
      let tiny = unnamedBudget / max(1, frameBytes)
      configuration.cacheFrames = min(configuration.cacheFrames, max(preset.cacheFrames, tiny))
    } else if options.configuration == nil, options.packsFrames {
      mostFrames = configuration.cacheFrames * Self.mostPackedForOne
    }
    configuration.poolBytes = pool.capacity
    configuration.packsFrames = configuration.packsFrames && options.packsFrames
    // Before a device is opened that somebody would have to close.
    configuration = try configuration.validated()
    let shares = MemoryShares(
      opened, frameBytes: frameBytes, capacity: pool.capacity, isShared: options.pool != nil,
      cacheFrames: configuration.cacheFrames, threads: options.threads, rangeSessions: options.rangeSessions)
    let segments = opened.index.isPlain ? shares.segments : nil
    session.decoders = shares.decoders
    session.decodersInMemory = shares.decodersInMemory
    await decode.allow(decoders: shares.decoders, inMemory: shares.decodersInMemory)
    let relay = DeviceRelay(SurfaceNeeds(opened.stream))
    let source = DecoderSource(
      session: decode, options: session, memory: memory, index: opened.index, threads: shares.threads,
      segmentSessions: segments?.sessions ?? 0,
      hardware: HardwareChoice(
        preference: .init(options.backend), path: options.device, devices: pool.devices, logger: options.logger),
      onDeviceChange: { relay.deviceChanged($0) })
    do {
      try await withTaskCancellationHandler {
        try await source.start()
      } onCancel: {
        source.interrupt()
      }
      // Too late to fail there: nobody would get a frame of it.
      try Task.checkCancellation()
    } catch {
      await source.end()
      throw error
    }
    stream.backend = source.backend
    stream.fallbackReason = source.fallbackReason
    let buffer = try FrameBuffer(
      source: source, stream: stream, configuration: configuration, pool: pool,
      cacheBytes: pool.capacity - shares.reserve, mostFrames: mostFrames, segments: segments,
      frameCount: stream.frameCount, logger: options.logger, relay: relay, devicePath: options.device)
    return buffer
  }

  /// The part of the pool that frames which were used last take plain: the others are packed, where memory is short.
  private static let plainShare = 16
  /// Frames that wait to be packed: where the processor has no time for it, they go as before.
  private static let mostPackings = 8
  /// More frames than that are not packed into the place of one.
  private static let mostPackedForOne = 8

  /// Bytes of small frames that are kept without a budget: fresh memory costs time, so it is not filled just because
  /// it is there.
  private static let unnamedBudget = 128 << 20

  private static func openingSurfaces(_ options: Options) throws(VABufError) -> Int {
    let surfaces = options.gpuSurfaces ?? MemoryPool.defaultSurfaces
    guard surfaces > 0 else {
      throw VABufError(
        .invalidConfiguration, what: "surfaces", why: "\(surfaces) of them", remedy: "give at least 1")
    }
    return surfaces
  }

  private static func openingBytes(_ options: Options) throws(VABufError) -> Int {
    if let bytes = options.hostMemory ?? options.configuration?.poolBytes {
      guard bytes > 0 else {
        throw VABufError(
          .invalidConfiguration, what: "host memory", why: "\(bytes) bytes", remedy: "give a positive size, as 512M")
      }
      return bytes
    }
    return defaultHostMemory
  }

  /// Bytes of host memory that a buffer may take where nobody says how many: an eighth of the machine's, 256 MiB to 2 GiB.
  public static var defaultHostMemory: Int { min(max(Environment.physicalMemory / 8, 256 << 20), 2 << 30) }

  /// Makes a buffer that a program's own source feeds.
  ///
  /// - Parameters:
  ///   - source: delivers frames and serves requests.
  ///   - configuration: how much to hold.
  ///   - pool: memory to share with other buffers; nil makes one of `configuration.poolBytes`.
  ///   - frameCount: how many frames there are; nil where the source will say, or never knows.
  ///   - logger: where log lines go.
  public convenience init(
    source: some FrameSource, configuration: Configuration, pool: MemoryPool? = nil, frameCount: Int? = nil,
    logger: Logger = Logger(label: "vabuf")
  ) throws(VABufError) {
    let configuration = try configuration.validated()
    let pool = pool ?? MemoryPool(capacity: configuration.poolBytes)
    try self.init(
      source: source, stream: nil, configuration: configuration, pool: pool, cacheBytes: pool.capacity,
      frameCount: frameCount, logger: logger)
  }

  // MARK: - Frames

  /// Which frame is which; nil for a program's own source.
  var index: FrameIndex? { (source as? DecoderSource)?.index }

  /// How many frames there are; nil where a program's own source has not said.
  public var frameCount: Int? { core.frameCount }

  /// The frame of a number, decoded if it is not there.
  ///
  /// - Parameters:
  ///   - number: from 0, in presentation order.
  ///   - place: where the lease is to hold it.
  /// - Throws: `VABufError` (`noSuchFrame`, `decodingFailed`, `hostMemoryExhausted`, `sourceFailed`, `closed`), or
  ///   `CancellationError` when the task is cancelled; the decoder then drops what nobody else waits for.
  public func frame(at number: Int, in place: Placement = .host) async throws -> FrameLease {
    try await core.frame(number, urgency: .demand, reader: BufferState.anonymousReader, in: place).lease
  }

  /// The frame if it is there, wherever that is, without waiting; else nil, and the decoder has been told to do it first.
  ///
  /// - Throws: `VABufError` with code `noSuchFrame`, `sourceFailed` or `closed`.
  public func frameIfResident(at number: Int) throws -> FrameLease? { try core.look(number) }

  /// How a time chooses a frame.
  public enum TimeRule: String, Hashable, Sendable, CaseIterable {
    /// The frame that is on the screen at that time; the first frame for earlier times.
    case atOrBefore
    /// The frame that begins nearest to it.
    case nearest
  }

  /// The number of the frame at a time of the stream's own clock, in seconds.
  ///
  /// - Throws: `VABufError` with code `noSuchFrame` for a time that is no number, and `sourceFailed` for a source
  ///   without an index.
  public func frameNumber(atSeconds seconds: Double, _ rule: TimeRule = .atOrBefore) throws(VABufError) -> Int {
    guard let index else {
      throw VABufError(
        .sourceFailed, what: "frame at \(seconds) s", why: "the source has no index of times",
        remedy: "ask by number")
    }
    let ticks =
      switch rule {
      case .atOrBefore: ((seconds + Self.timeTolerance) / index.timeBase.value).rounded(.down)
      case .nearest: (seconds / index.timeBase.value).rounded(.toNearestOrEven)
      }
    guard seconds.isFinite, !ticks.isNaN else {
      throw VABufError(
        .noSuchFrame, what: "frame at \(seconds) s", why: "that is no time of the stream",
        remedy: "give seconds within the stream")
    }
    // Beyond all times there may be, and differences of two of them are numbers still.
    let within = Int64(min(max(ticks, -0x1p62), 0x1p62))
    return (rule == .nearest ? index.frame(nearest: within) : index.frame(atOrBefore: within)) ?? 0
  }

  /// A frame's time in seconds is its ticks rounded, by arithmetic or in print: so much earlier it is on the screen.
  private static let timeTolerance = 1e-6

  /// The frame at a time, decoded if it is not there.
  public func frame(
    atSeconds seconds: Double, _ rule: TimeRule = .atOrBefore, in place: Placement = .host
  ) async throws -> FrameLease {
    try await frame(at: frameNumber(atSeconds: seconds, rule), in: place)
  }

  /// When each frame is shown; empty for a program's own source.
  public var timings: [FrameTiming] {
    guard let index else { return [] }
    return index.frames.enumerated().map {
      FrameTiming(
        number: $0.offset, pts: $0.element.pts, duration: $0.element.duration, isKeyframe: $0.element.isKeyframe,
        isDamaged: $0.element.isDamaged)
    }
  }

  /// The frames of a range, one after the other, the next ones decoded meanwhile.
  ///
  /// - Parameters:
  ///   - range: numbers; those beyond the last frame end the sequence, those below 0 fail with code `noSuchFrame`.
  ///   - direction: `.backward` begins at the end of the range.
  ///   - place: where the leases are to hold the frames.
  public func frames(
    _ range: Range<Int>, direction: Direction = .forward, in place: Placement = .host
  ) -> FrameSequence {
    FrameSequence(core: core, of: self, range: range, direction: direction, in: place)
  }

  /// Decodes a range into the cache, as far as it has room.
  ///
  /// - Parameters:
  ///   - range: clamped to the frames there are.
  ///   - direction: in which it will be read. Before a range that will be read backward, frames that must be decoded for it
  ///     are kept too, as far as there is room: they come next.
  /// - Returns: how many frames of the range are there afterwards.
  @discardableResult
  public func preload(_ range: Range<Int>, direction: Direction = .forward) async throws -> Int {
    try await preload(range, direction: direction) {}
  }

  /// The same; `onFrame` is called for each frame that came.
  func preload(_ range: Range<Int>, direction: Direction = .forward, onFrame: () -> Void) async throws -> Int {
    let range = range.clamped(to: 0..<Int.max)
    let sequence = FrameSequence(
      core: core, of: self, range: range, direction: direction, in: .anywhere, isPreload: true)
    for try await _ in sequence { onFrame() }
    return range.clamped(to: 0..<max(0, core.frameCount ?? range.upperBound)).count { core.isCached($0) }
  }

  /// Leases memory of the buffer's pool, for a program's own decoder or anything else.
  ///
  /// - Throws: `VABufError` with code `hostMemoryExhausted` when too much is leased.
  public func lease(byteCount: Int) throws(VABufError) -> any HostBuffer { try pool.lease(byteCount: byteCount) }

  // MARK: - The rest

  /// The decoder behind the buffer; nil for a program's own source.
  var decoder: DecoderSource? { source as? DecoderSource }
  /// What is held, wanted and under way.
  var heldNow: BufferSnapshot { core.snapshot }

  /// What the buffer did so far.
  public var metrics: BufferMetrics {
    var metrics = core.metrics
    if let source = source as? DecoderSource { metrics.add(source) }
    for device in pool.devices.open { metrics.add(device) }
    return metrics
  }

  /// Stops decoding, and fails what still waits with code `closed`. Leases stay valid.
  public func close() async {
    // Also that of a source that has ended by itself, with an error.
    weak let device = (source as? DecoderSource)?.lastDevice
    weak let uploadDevice = core.uploadedTo
    let mayUseDevices = stream != nil || uploadDevice != nil
    stop()
    await work.value
    await core.finishPacking()
    core.publishMetrics()
    // Tasks that are just ending may refer to the device a moment longer (on a busy machine a long one), leases of the
    // program as long as they live.
    let patience = core.cache.heldSurfaces.leased == 0 ? 1000 : 100
    for _ in 0..<patience where device != nil || uploadDevice != nil { try? await Task.sleep(for: .milliseconds(1)) }
    if mayUseDevices { await DeviceTeardown.finish(within: .seconds(2)) }
  }

  private func stop() {
    core.finish(Self.closed, isClosing: true)
    (source as? DecoderSource)?.interrupt()
    work.cancel()
  }
}
