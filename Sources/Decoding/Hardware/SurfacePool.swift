internal import Dispatch
internal import FFmpegMedia
internal import FrameModel
internal import Synchronization
internal import VAAPI

/// Something that holds surfaces and can give some up.
package protocol SurfaceReclaimer: AnyObject, Sendable {
  /// Gives up about so many surfaces, if it can; those that must be downloaded first come back later. Called without a
  /// lock held, on threads that decode.
  func reclaim(surfaces: Int)
  /// Surfaces that it holds, and how many of those the program leases.
  var heldSurfaces: (cached: Int, leased: Int) { get }
}

/// The surfaces of one opening of a device, lent to decoders and used again: by shape, within a budget that all streams
/// share. Who finds none left waits.
///
/// Any thread; `lease` blocks. Surfaces that nobody leases stay for reuse until another shape needs their room. libva is
/// called without the lock, on the thread that leases, or on that of the device's teardown.
package final class SurfacePool: Sendable {
  private struct State {
    /// Nil when the device was given up.
    var display: OwnedDisplay?
    var ledger: SurfaceLedger
    var surfaces: [SurfaceID: PooledSurface] = [:]
    var waiters: [DispatchSemaphore] = []
    var reclaimers: [WeakReclaimer] = []
  }

  private struct WeakReclaimer {
    weak var value: (any SurfaceReclaimer)?
  }

  /// What the pool did so far.
  package struct Metrics: Hashable, Sendable {
    package var leases = 0
    package var reuses = 0
    package var leased = 0
    package var highWater = 0
    package var waits = 0
    package var waitNanoseconds = 0
  }

  private let path: String
  let deadline: Duration
  private let state: Mutex<State>
  private let waits = Atomic(0)
  private let waitNanoseconds = Atomic(0)

  /// When so few can be leased at once, reclaimers are asked before somebody has to wait.
  private static let lowWater = 2

  init(_ display: OwnedDisplay, limits: SurfaceLimits, deadline: Duration) {
    path = display.path
    self.deadline = deadline
    state = Mutex(State(display: display, ledger: SurfaceLedger(limits: limits)))
  }

  deinit {
    let surfaces = takeAll()
    if !surfaces.isEmpty { DeviceTeardown.run { for surface in surfaces { surface.destroy() } } }
  }

  package var limits: SurfaceLimits { state.withLock { $0.ledger.limits } }

  package var metrics: Metrics {
    state.withLock {
      Metrics(
        leases: $0.ledger.leases, reuses: $0.ledger.reuses, leased: $0.ledger.leased, highWater: $0.ledger.highWater,
        waits: waits.load(ordering: .relaxed), waitNanoseconds: waitNanoseconds.load(ordering: .relaxed))
    }
  }

  package func register(_ reclaimer: any SurfaceReclaimer) {
    state.withLock { state in
      guard !state.reclaimers.contains(where: { $0.value === reclaimer }) else { return }
      state.reclaimers.append(WeakReclaimer(value: reclaimer))
    }
  }

  package func unregister(_ reclaimer: any SurfaceReclaimer) {
    state.withLock { $0.reclaimers.removeAll { $0.value == nil || $0.value === reclaimer } }
  }

  /// Destroys every surface, leased ones too: the device is lost, and what they held with it.
  func giveUp() {
    for surface in takeAll() { surface.destroy() }
  }

  /// Leaves every surface as it is, for ever: the driver no longer answers.
  func abandon() {
    for surface in takeAll() { _ = Unmanaged.passRetained(surface) }
  }

  private func takeAll() -> [PooledSurface] {
    let (display, surfaces, waiters) = state.withLock {
      state -> (OwnedDisplay?, [PooledSurface], [DispatchSemaphore]) in
      _ = state.ledger.removeAll()
      defer { state.surfaces = [:] }
      return (state.display.take(), Array(state.surfaces.values), state.waiters)
    }
    for waiter in waiters { waiter.signal() }
    // It may be the last reference, and its end calls libva.
    if display != nil { DeviceTeardown.run { withExtendedLifetime(display) {} } }
    return surfaces
  }

  // MARK: - Leases

  /// Leases a surface.
  ///
  /// - Parameters:
  ///   - run: the decoder that is going to decode into it.
  ///   - isAbandoned: nobody needs the surface any more: fail with code `closed`.
  ///   - pause: does the waiting that it is given, so that a watch does not take it for a hang.
  /// - Throws: `VABufError`: `surfacesExhausted` after the deadline, `deviceFailed` where the driver gives none, `closed`.
  func lease(
    _ shape: SurfaceShape, for run: SurfaceRun? = nil, isAbandoned: () -> Bool, pause: (() -> Void) -> Void
  ) throws(VABufError) -> SurfaceLease {
    func throwIfAbandoned() throws(VABufError) {
      guard isAbandoned() else { return }
      throw VABufError(.closed, what: "surface", why: "the buffer was closed", remedy: "open another one")
    }
    try throwIfAbandoned()
    // As a rule there is one at once, and nothing to wait with is needed.
    if let lease = try attemptKeepingLowWater(shape, run) { return lease }
    let start = ContinuousClock.now
    var hasWaited = false
    while true {
      try throwIfAbandoned()
      // Registered before the attempt, so that no release is missed between the two.
      let signal = DispatchSemaphore(value: 0)
      state.withLock { $0.waiters.append(signal) }
      defer { state.withLock { $0.waiters.removeAll { $0 === signal } } }
      if let lease = try attemptKeepingLowWater(shape, run) { return lease }
      reclaim(1)
      guard ContinuousClock.now - start < deadline else { throw exhausted }
      if !hasWaited { waits.add(1, ordering: .relaxed) }
      hasWaited = true
      let waitStart = ContinuousClock.now
      // A cached frame that is unpinned gives no signal: look again from time to time.
      pause { _ = signal.wait(timeout: .now() + .milliseconds(20)) }
      waitNanoseconds.add(Int((ContinuousClock.now - waitStart).nanoseconds), ordering: .relaxed)
    }
  }

  private func attemptKeepingLowWater(
    _ shape: SurfaceShape, _ run: SurfaceRun?
  ) throws(VABufError) -> SurfaceLease? {
    guard let lease = try attempt(shape, for: run) else { return nil }
    let available = state.withLock { $0.ledger.available(shape) }
    if available < Self.lowWater { reclaim(Self.lowWater - available) }
    return lease
  }

  /// Leases a surface that can be had without waiting, for an upload.
  ///
  /// - Returns: nil where all are leased.
  func leaseNow(_ shape: SurfaceShape) throws(VABufError) -> SurfaceLease? { try attempt(shape, for: nil) }

  /// - Returns: nil where all are leased.
  private func attempt(_ shape: SurfaceShape, for run: SurfaceRun?) throws(VABufError) -> SurfaceLease? {
    let (display, decision, found) = state.withLock {
      state -> (OwnedDisplay?, SurfaceLedger.Decision, [PooledSurface]) in
      guard let display = state.display else { return (nil, .wait, []) }
      let decision = state.ledger.lease(shape)
      switch decision {
      case .reuse(let id): return (display, decision, state.surfaces[id].map { [$0] } ?? [])
      case .create(let discard):
        return (display, decision, discard.compactMap { state.surfaces.removeValue(forKey: $0) })
      case .wait: return (display, decision, [])
      }
    }
    guard let display else {
      throw VABufError(
        .deviceFailed, what: "surface on \(path)", why: "the device was lost", remedy: "ask again: it is opened again")
    }
    switch decision {
    case .wait: return nil
    case .reuse(let id):
      guard let surface = found.first else { preconditionFailure("surface \(id) is not there") }
      surface.settle()
      if let last = surface.run, last !== run { last.waitForReaders() }
      surface.forget()
      return SurfaceLease(self, surface)
    case .create:
      for surface in found {
        surface.run?.waitForReaders()
        surface.destroy()
      }
      return try make(shape, display)
    }
  }

  private func make(_ shape: SurfaceShape, _ display: OwnedDisplay) throws(VABufError) -> SurfaceLease? {
    do {
      let surface = PooledSurface(try OwnedSurfaces(display, shape.description, count: 1))
      let isOpen = state.withLock { state in
        guard state.display != nil else { return false }
        state.ledger.created(surface.id, shape)
        state.surfaces[surface.id] = surface
        return true
      }
      guard isOpen else {
        surface.destroy()
        return nil
      }
      return SurfaceLease(self, surface)
    } catch {
      let isExhausted = error.kind == .exhausted
      let others = state.withLock { state in
        state.ledger.createFailed(shape, isExhausted: isExhausted)
        return state.ledger.count
      }
      if isExhausted, others > 0 { return nil }
      throw error.error(.deviceFailed, what: "surface of \(shape.width)x\(shape.height) on \(path)")
    }
  }

  /// Takes a surface back.
  func release(_ id: SurfaceID) {
    let waiters = state.withLock { state in
      state.ledger.release(id)
      return state.waiters
    }
    for waiter in waiters { waiter.signal() }
  }

  private var reclaimers: [any SurfaceReclaimer] { state.withLock { $0.reclaimers.compactMap(\.value) } }

  /// Asks caches to give up surfaces.
  func reclaim(_ count: Int) {
    for reclaimer in reclaimers { reclaimer.reclaim(surfaces: count) }
  }

  /// Who holds what.
  var exhausted: VABufError {
    let (total, leased) = state.withLock { ($0.ledger.limits.surfaces, $0.ledger.leased) }
    let held = reclaimers.map(\.heldSurfaces).reduce(into: (cached: 0, leased: 0)) {
      $0.cached += $1.cached
      $0.leased += $1.leased
    }
    return VABufError(
      .surfacesExhausted, what: "surface on \(path)",
      why: "\(leased) of \(total) surfaces are in use: \(held.leased) leased by the program, "
        + "\(held.cached - held.leased) cached, \(max(0, leased - held.cached)) in decoders",
      remedy: "release frames that you hold, or allow more surfaces (--gpu-surfaces)")
  }
}
