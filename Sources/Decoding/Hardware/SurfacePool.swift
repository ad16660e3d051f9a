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
/// share. Who finds none left waits. A driver that binds surfaces to contexts has some for each context (`bind`).
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
  ///   - binding: one of its context's own (`bind`).
  ///   - isAbandoned: nobody needs the surface any more: fail with code `closed`.
  ///   - pause: does the waiting that it is given, so that a watch does not take it for a hang.
  /// - Throws: `VABufError`: `surfacesExhausted` after the deadline, `deviceFailed` where the driver gives none, `closed`.
  func lease(
    _ shape: SurfaceShape, for run: SurfaceRun? = nil, of binding: SurfaceLedger.Binding? = nil,
    isAbandoned: () -> Bool,
    pause: (() -> Void) -> Void
  ) throws(VABufError) -> SurfaceLease {
    // As a rule there is one at once, and nothing to wait with is needed.
    if !isAbandoned(), let lease = try attemptKeepingLowWater(shape, run, binding) { return lease }
    return try wait(isAbandoned: isAbandoned, pause: pause) { _ throws(VABufError) in
      if let lease = try attemptKeepingLowWater(shape, run, binding) { return lease }
      reclaim(1)
      return nil
    }
  }

  /// Repeats an attempt whenever a surface comes back, until it gives something.
  ///
  /// - Parameter attempt: gets how long this has been waiting.
  private func wait<R>(
    isAbandoned: () -> Bool, pause: (() -> Void) -> Void, _ attempt: (Duration) throws(VABufError) -> R?
  ) throws(VABufError) -> R {
    let start = ContinuousClock.now
    var hasWaited = false
    while true {
      guard !isAbandoned() else {
        throw VABufError(.closed, what: "surface", why: "the buffer was closed", remedy: "open another one")
      }
      // Registered before the attempt, so that no release is missed between the two.
      let signal = DispatchSemaphore(value: 0)
      state.withLock { $0.waiters.append(signal) }
      defer { state.withLock { $0.waiters.removeAll { $0 === signal } } }
      if let result = try attempt(ContinuousClock.now - start) { return result }
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
    _ shape: SurfaceShape, _ run: SurfaceRun?, _ binding: SurfaceLedger.Binding?
  ) throws(VABufError) -> SurfaceLease? {
    guard let lease = try attempt(shape, for: run, of: binding) else { return nil }
    let available = state.withLock { $0.ledger.available(shape, binding) }
    if available < Self.lowWater { reclaim(Self.lowWater - available) }
    return lease
  }

  /// Leases a surface that can be had without waiting, for an upload.
  ///
  /// - Returns: nil where all are leased.
  func leaseNow(_ shape: SurfaceShape) throws(VABufError) -> SurfaceLease? { try attempt(shape, for: nil) }

  /// - Returns: nil where all are leased.
  private func attempt(
    _ shape: SurfaceShape, for run: SurfaceRun?, of binding: SurfaceLedger.Binding? = nil
  ) throws(VABufError) -> SurfaceLease? {
    let (display, decision, found) = state.withLock {
      state -> (OwnedDisplay?, SurfaceLedger.Decision, [PooledSurface]) in
      guard let display = state.display else { return (nil, .wait, []) }
      let decision = state.ledger.lease(shape, binding)
      switch decision {
      case .reuse(let id): return (display, decision, state.surfaces[id].map { [$0] } ?? [])
      case .create(let discard):
        return (display, decision, discard.compactMap { state.surfaces.removeValue(forKey: $0) })
      case .wait: return (display, decision, [])
      }
    }
    guard let display else { throw lost }
    switch decision {
    case .wait: return nil
    case .reuse(let id):
      guard let surface = found.first else { preconditionFailure("surface \(id) is not there") }
      surface.settle()
      if let last = surface.run, last !== run { last.waitForReaders() }
      surface.forget()
      return SurfaceLease(self, surface)
    case .create:
      discard(found)
      return try make(shape, display)
    }
  }

  private var lost: VABufError {
    VABufError(
      .deviceFailed, what: "surface on \(path)", why: "the device was lost", remedy: "ask again: it is opened again")
  }

  private func discard(_ surfaces: [PooledSurface]) {
    for surface in surfaces {
      surface.run?.waitForReaders()
      surface.destroy()
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

  // MARK: - Surfaces of a context

  /// Makes surfaces that only one context is to use, and which it is made with. Waits where there is no room.
  ///
  /// - Parameters:
  ///   - needs: what its decoder holds: as many as that may be, or, where they do not come, as many as it holds as a rule.
  ///   - most: as many as there is room for, up to this.
  ///   - isAbandoned: nobody needs them any more: fail with code `closed`.
  ///   - pause: does the waiting that it is given, so that a watch does not take it for a hang.
  /// - Returns: the binding, for `lease` and `unbind`, and the surfaces.
  /// - Throws: `VABufError`: `surfacesExhausted` after the deadline, `deviceFailed` where the driver gives none, `closed`.
  func bind(
    _ shape: SurfaceShape, for needs: SurfaceNeeds, most: Int, isAbandoned: () -> Bool, pause: (() -> Void) -> Void
  ) throws(VABufError) -> (binding: SurfaceLedger.Binding, ids: [SurfaceID]) {
    var hasReclaimed = false
    return try wait(isAbandoned: isAbandoned, pause: pause) { waited throws(VABufError) in
      let enough = min(needs.most, most)
      // What a program leases does not come back, and few decoders hold all that they may.
      let least = waited < deadline / 2 ? enough : min(needs.usual, enough)
      let (display, decision, found) = state.withLock {
        state -> (OwnedDisplay?, SurfaceLedger.BindingDecision, [PooledSurface]) in
        guard let display = state.display else { return (nil, .wait(missing: 0), []) }
        let decision = state.ledger.bind(shape, least...most, keeping: enough)
        guard case .create(_, _, let discard) = decision else { return (display, decision, []) }
        return (display, decision, discard.compactMap { state.surfaces.removeValue(forKey: $0) })
      }
      guard let display else { throw lost }
      switch decision {
      case .wait(let missing):
        reclaim(hasReclaimed ? 1 : missing)
        hasReclaimed = true
        return nil
      case .create(let binding, let count, _):
        discard(found)
        let ids = try make(count, shape, for: binding, display)
        if ids.count >= least { return (binding, ids) }
        unbind(binding)
        return nil
      }
    }
  }

  /// The context is gone: its surfaces are not used again. What is in them can be read as long as it is leased.
  func unbind(_ binding: SurfaceLedger.Binding) { state.withLock { $0.ledger.unbind(binding) } }

  /// - Returns: as many as the device has.
  private func make(
    _ count: Int, _ shape: SurfaceShape, for binding: SurfaceLedger.Binding, _ display: OwnedDisplay
  ) throws(VABufError) -> [SurfaceID] {
    var ids: [SurfaceID] = []
    var failure: VAError?
    for _ in 0..<count {
      do throws(VAError) {
        if failure == nil {
          let surface = PooledSurface(try OwnedSurfaces(display, shape.description, count: 1))
          let isOpen = state.withLock { state in
            guard state.display != nil else { return false }
            state.ledger.bound(surface.id, shape, to: binding)
            state.surfaces[surface.id] = surface
            return true
          }
          guard isOpen else {
            surface.destroy()
            return []
          }
          ids.append(surface.id)
          continue
        }
      } catch {
        failure = error
      }
      let isExhausted = failure?.kind == .exhausted
      state.withLock { $0.ledger.bindingFailed(shape, isExhausted: isExhausted) }
    }
    // Where others have some, waiting may give one.
    let isHopeless = ids.isEmpty && state.withLock { $0.ledger.count } == 0
    if let failure, failure.kind != .exhausted || isHopeless {
      unbind(binding)
      throw failure.error(.deviceFailed, what: "surfaces of \(shape.width)x\(shape.height) on \(path)")
    }
    return ids
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
      remedy: "release frames that you hold, or allow more surfaces (`Options.gpuSurfaces`)")
  }
}
