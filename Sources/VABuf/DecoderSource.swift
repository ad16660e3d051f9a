internal import BufferPolicy
internal import Decoding
internal import FrameModel
internal import Logging
internal import Synchronization

/// vabuf's own decoder as a source of frames: serves a buffer from a decode session, in hardware where that works, and
/// changes between hardware and software as `FallbackPolicy` says.
///
/// What a change costs is time: the frames that were asked for stay asked for, and the next session decodes them. A
/// session whose driver does not return is left behind with its thread, and another one takes over.
final class DecoderSource: FrameSource {
  private struct State {
    var session: DecodeSession
    /// The index as it is now: decoding may prove that it was wrong.
    var index: FrameIndex
    var policy: FallbackPolicy
    var device: HardwareDevice?
    /// The last one that there was; it may outlive its session.
    weak var lastDevice: HardwareDevice?
    /// The pictures that the decoder makes on it.
    var run: SurfaceRun?
    /// Why hardware was given up last.
    var failure: DeviceFailure?
    /// A surface could not be read: for the session to hear between two frames.
    var surfaceFailure: DeviceFailure?
    var reopenings = 0
    /// Decoders that the session has open, and the most that were open at once with those of segments.
    var decoders = 1
    var mostDecoders = 1
    /// Sessions that are open for segments.
    var segmentSessions: [DecodeSession] = []
    /// Ends the waits of the session for surfaces.
    var cancel = CancelFlag()
    /// Nothing is waited for any more: what is opened from now on ends soon, too.
    var isInterrupted = false
  }

  private let options: SessionOptions
  private let memory: SessionMemory
  /// The decoder's, and how many sessions may decode segments side by side with parts of them.
  private let threads: Int
  private let segmentSessions: Int
  private let hardware: HardwareChoice
  private let onDeviceChange: @Sendable (HardwareDevice?) -> Void
  private let state: Mutex<State>

  /// - Parameters:
  ///   - threads: of the decoder, however many `options` leave to libavcodec.
  ///   - segmentSessions: how many sessions may decode segments of a long range side by side.
  ///   - onDeviceChange: called when surfaces of another device, or of none, are used from now on; what was in those of a
  ///     lost one is gone.
  init(
    session: DecodeSession, options: SessionOptions, memory: SessionMemory, index: FrameIndex, threads: Int,
    segmentSessions: Int, hardware: HardwareChoice, onDeviceChange: @escaping @Sendable (HardwareDevice?) -> Void
  ) {
    self.options = options
    self.threads = threads
    self.segmentSessions = segmentSessions
    self.memory = memory
    self.hardware = hardware
    self.onDeviceChange = onDeviceChange
    state = Mutex(State(session: session, index: index, policy: FallbackPolicy(preference: hardware.preference)))
  }

  var index: FrameIndex { state.withLock { $0.index } }
  var device: HardwareDevice? { state.withLock { $0.device } }
  var lastDevice: HardwareDevice? { state.withLock { $0.lastDevice } }
  var backend: Backend { state.withLock { $0.device } == nil ? .software : .vaapi }
  /// Why hardware was given up last; nil where it never was.
  var fallbackReason: String? { state.withLock { $0.failure }.map { "\($0.what): \($0.why)" } }
  var counts: (fallbacks: Int, reopenings: Int, decoders: Int) {
    state.withLock { ($0.policy.fallbacks, $0.reopenings, $0.mostDecoders) }
  }
  func hasOpen(decoders: Int) {
    state.withLock { state in
      state.decoders = decoders
      state.mostDecoders = max(state.mostDecoders, decoders + state.segmentSessions.count)
    }
  }
  var logger: Logger { options.logger }

  func setIndex(_ index: FrameIndex) { state.withLock { $0.index = index } }

  /// Whether the session is the one that serves; one that was left behind may wake up again.
  func isCurrent(_ session: DecodeSession) -> Bool { state.withLock { $0.session === session } }

  /// Makes whatever the session waits for fail, so that it ends soon.
  func interrupt() {
    let (sessions, cancel) = state.withLock { state in
      state.isInterrupted = true
      return ([state.session] + state.segmentSessions, state.cancel)
    }
    for session in sessions { session.interruptReads() }
    cancel.raise()
    memory.close()
  }

  /// A surface could not be read, after it was decoded without an error. One of an earlier decoder says nothing of the
  /// one that is at work now.
  func surfaceFailed(_ failure: DeviceFailure, of surface: SurfaceFrame) {
    state.withLock { state in
      guard surface.device === state.device, surface.run == nil || surface.run?.stream === state.run?.stream
      else { return }
      state.surfaceFailure = failure
    }
  }

  /// The failure, after a look at whether the device is still there. Blocks.
  func examined(_ failure: DeviceFailure) -> DeviceFailure {
    guard failure.kind == .failed, let device else { return failure }
    var failure = failure
    if !device.watch.watched({ device.isAnswering }) { failure.kind = .lost }
    return failure
  }

  func takeSurfaceFailure() -> DeviceFailure? { state.withLock { $0.surfaceFailure.take() } }

  // MARK: - Running

  /// Chooses the first decoder.
  ///
  /// - Throws: `VABufError` where hardware is required and cannot be had.
  func start() async throws { try await follow(state.withLock { $0.policy.start() }) }

  func run(_ port: FramePort) async throws {
    async let segments: Void = decodeSegments(port.core)
    do {
      try await serveAll(port)
    } catch {
      port.core.closeSegments()
      await segments
      await end()
      throw error
    }
    port.core.closeSegments()
    await segments
    await end()
  }

  // MARK: - Sessions side by side

  /// Has segments of long ranges decoded, until there are no more.
  private func decodeSegments(_ core: BufferCore) async {
    await withDiscardingTaskGroup { group in
      for _ in 0..<segmentSessions { group.addTask { await SegmentSession(core: core, source: self).run() } }
    }
  }

  /// Opens another session of the stream.
  ///
  /// - Parameter sessions: how many share the decoder's threads.
  func openSession(sharing sessions: Int) async throws -> DecodeSession {
    var options = SessionOptions(path: options.path, stream: options.stream, logger: options.logger)
    options.threads = max(1, threads / sessions)
    options.hasLowPriority = self.options.hasLowPriority
    let session = DecodeSession(name: "vabuf segment")
    options.index = state.withLock { state in
      state.segmentSessions.append(session)
      if state.isInterrupted { session.interruptReads() }
      state.mostDecoders = max(state.mostDecoders, state.decoders + state.segmentSessions.count)
      return state.index
    }
    do {
      _ = try await session.open(options, allocator: memory)
    } catch {
      await closeSession(session)
      throw error
    }
    return session
  }

  func closeSession(_ session: DecodeSession) async {
    await session.close()
    state.withLock { $0.segmentSessions.removeAll { $0 === session } }
  }

  /// Closes the session. The device ends with the last one who refers to it.
  func end() async {
    let (session, device) = state.withLock { ($0.session, $0.device) }
    if await within(hardware.deadline, { await session.close() }) == nil { device?.abandon() }
    setDevice(nil)
  }

  private func serveAll(_ port: FramePort) async throws {
    while true {
      switch await serve(port) {
      case .closed: return
      case .hung: try await leaveSession()
      case .failed(let failure): try await recover(failure)
      case .advised(let action): try await follow(action)
      }
    }
  }

  /// Why a session no longer serves.
  enum Outcome: Sendable {
    case closed
    case failed(DeviceFailure)
    /// The driver does not return.
    case hung
    /// Another decoder is due.
    case advised(FallbackPolicy.Action)
  }

  /// Serves until something changes.
  private func serve(_ port: FramePort) async -> Outcome {
    let (session, watch) = state.withLock { ($0.session, $0.device?.watch) }
    guard let watch else { return await session.serve(port, for: self) }
    return await withCheckedContinuation { continuation in
      let once = ResumeOnce(continuation)
      let guardian = watch.whenHung { once.resume(returning: .hung) }
      Task {
        let outcome = await session.serve(port, for: self)
        watch.forget(guardian)
        once.resume(returning: outcome)
      }
    }
  }

  // MARK: - Changing decoders

  func delivered() -> FallbackPolicy.Action? {
    state.withLock { state in
      let backend: Backend = state.device == nil ? .software : .vaapi
      // A device that only says that it decodes has not yet done so.
      state.policy.opened(backend, at: Monotonic.now)
      return state.policy.framesDelivered(1, at: Monotonic.now)
    }
  }

  private func recover(_ failure: DeviceFailure, isHung: Bool = false) async throws {
    hardware.logger.warning("hardware decoding failed", metadata: ["what": "\(failure.what)", "why": "\(failure.why)"])
    let (action, device) = state.withLock { state -> (FallbackPolicy.Action?, HardwareDevice?) in
      state.failure = failure
      let action: FallbackPolicy.Action?
      switch state.policy.state {
      // Nothing was decoded yet.
      case .opening(.vaapi): action = state.policy.openFailed(.init(failure.kind))
      case .running(.vaapi):
        action = failure.kind == .lost ? state.policy.deviceLost(isHung: isHung) : state.policy.deviceError()
      default: action = nil
      }
      return (action, state.device)
    }
    if failure.kind == .lost, let device {
      device.lose()
      setDevice(nil)
    }
    guard let action else { return }
    try await follow(action)
  }

  /// Leaves a session whose thread is inside a driver that does not return, and opens the file once more.
  private func leaveSession() async throws {
    let (device, old) = state.withLock { ($0.device, $0.session) }
    // Its watch does so too, perhaps a little later.
    device?.abandon()
    old.interruptReads()
    let failure = DeviceFailure(
      .lost, what: "VA-API on \(device?.path ?? "a device")",
      why: "the driver did not return from a call within \(hardware.deadline)",
      remedy: "look for a GPU hang in `dmesg`; `Options.backend` software does without the GPU")
    try await replaceSession()
    setDevice(nil)
    try await recover(failure, isHung: true)
  }

  private func replaceSession() async throws {
    let session = DecodeSession(name: "vabuf decode")
    state.withLock { state in
      state.session = session
      if state.isInterrupted { session.interruptReads() }
    }
    _ = try await session.open(options, allocator: memory)
  }

  /// Does what the policy says until a decoder is ready.
  private func follow(_ first: FallbackPolicy.Action) async throws {
    var action = first
    while true {
      switch action {
      case .fail(let reason):
        let failure = state.withLock { $0.failure }
        throw failure?.error
          ?? VABufError(
            .backendUnavailable, what: "VA-API", why: "\(reason)", remedy: "use `Options.backend` auto or software")
      case .open(.software, _):
        try await useSoftware()
        return
      case .open(.vaapi, let nanoseconds):
        if nanoseconds > 0 { try await Task.sleep(for: .nanoseconds(Int64(clamping: nanoseconds))) }
        guard let next = try await useDevice() else { return }
        action = next
      }
    }
  }

  private func useSoftware() async throws {
    let (session, device) = state.withLock { ($0.session, $0.device) }
    // Closing a decoder calls its driver.
    let result = await within(hardware.deadline) { () -> Result<Void, any Error> in
      do { return .success(try await session.useSoftware()) } catch { return .failure(error) }
    }
    if result == nil { device?.abandon() }
    setDevice(nil)
    if let result { try result.get() } else { try await replaceSession() }
    state.withLock { $0.policy.opened(.software, at: Monotonic.now) }
  }

  /// - Returns: what to do instead, where that failed.
  private func useDevice() async throws -> FallbackPolicy.Action? {
    let cancel = CancelFlag()
    let session = state.withLock { state in
      state.cancel = cancel
      if state.isInterrupted { cancel.raise() }
      return state.session
    }
    let hardware = hardware
    let result = await within(hardware.deadline) { () -> Result<(HardwareDevice, SurfaceRun), any Error> in
      do {
        return .success(
          try await session.useDevice(of: hardware.devices, at: hardware.path, cancel: cancel, logger: hardware.logger))
      } catch { return .failure(error) }
    }
    do {
      guard let result else {
        try await replaceSession()
        throw DeviceFailure(
          .noDevice, what: "VA-API", why: "the driver did not return from a call within \(hardware.deadline)",
          remedy: "look for a GPU hang in `dmesg`; `Options.backend` software does without the GPU")
      }
      let (device, run) = try result.get()
      setDevice(device)
      state.withLock { state in
        state.run = run
        state.reopenings += 1
      }
      return nil
    } catch let failure as DeviceFailure {
      let action = state.withLock { state in
        state.failure = failure
        return state.policy.openFailed(.init(failure.kind)) ?? .open(.software, afterNanoseconds: 0)
      }
      // Many machines have none, and `fallbackReason` tells. Who named one expects it.
      var level = Logger.Level.debug
      if case .open(.software, _) = action, hardware.path != nil { level = .warning }
      hardware.logger.log(
        level: level, "no hardware decoding", metadata: ["what": "\(failure.what)", "why": "\(failure.why)"])
      return action
    }
  }

  private func setDevice(_ device: HardwareDevice?) {
    let old = state.withLock { state in
      state.surfaceFailure = nil
      state.run = nil
      if let device { state.lastDevice = device }
      defer { state.device = device }
      return state.device
    }
    if old !== device { onDeviceChange(device) }
  }
}
