internal import FFmpegMedia
internal import FrameModel
internal import Synchronization
package import VAAPI

/// One opening of a device, shared by the sessions that decode on it and by the frames in its surfaces.
///
/// Any thread. Its end: when the last session and the last frame are gone, or, when the device is lost, with the last
/// session: surfaces, then the display, then the descriptor of its node, on the thread of `DeviceTeardown`.
package final class HardwareDevice: Sendable {
  /// The node that it was opened on.
  package let path: String
  /// How many times a device was opened before it, and one more.
  package let generation: Int
  package let surfaces: SurfacePool
  package let access = SurfaceAccess()
  package let watch: HardwareWatch
  /// Surfaces belong to a decoder's context (`OwnedDisplay.bindsSurfaces`).
  let bindsSurfaces: Bool
  private let state: Mutex<State>

  private struct State {
    var display: OwnedDisplay?
    var context: DeviceContext?
    var sessions = 0
    /// Surfaces that the decoders of the sessions may need together.
    var reserved = 0
    /// Those that they are likely to keep from caches.
    var occupied = 0
    var isLost = false
  }

  init(
    _ display: OwnedDisplay, generation: Int, limits: SurfaceLimits, patience: Patience
  ) throws(DeviceFailure) {
    do {
      let context = try DeviceContext(vaDisplay: display.rawDisplay)
      state = Mutex(State(display: display, context: context))
    } catch {
      throw DeviceFailure(
        .failed, what: "VA-API on \(display.path)", why: "\(error.code) (\(error.call))",
        remedy: "look for messages of the GPU in `dmesg`; `Options.backend` software does without it")
    }
    path = display.path
    bindsSurfaces = display.bindsSurfaces
    self.generation = generation
    surfaces = SurfacePool(display, limits: limits, deadline: patience.surface)
    watch = HardwareWatch(deadline: patience.driver)
    _ = watch.whenHung { [weak self] in self?.abandon() }
  }

  deinit {
    let (display, context) = state.withLock { ($0.display.take(), $0.context.take()) }
    DeviceTeardown.run { withExtendedLifetime((display, context)) {} }
  }

  /// The display; nil when the device was lost.
  package var display: OwnedDisplay? { state.withLock { $0.display } }

  /// FFmpeg's view of it; nil when the device was lost.
  var context: DeviceContext? { state.withLock { $0.context } }

  package var isLost: Bool { state.withLock { $0.isLost } }

  /// Whether it still works: a device that is lost refuses everything. Blocks.
  package var isAnswering: Bool {
    guard let display, !isLost else { return false }
    do throws(VAError) {
      try display.checkAlive()
      return true
    } catch {
      // It knows that it has no more.
      return error.kind == .exhausted
    }
  }

  /// What whoever comes after the device was lost is told.
  package var loss: DeviceFailure {
    DeviceFailure(
      .lost, what: "VA-API on \(path)", why: "the device was lost", remedy: "ask again: it is opened again")
  }
  var gone: VABufError { loss.error }

  /// A decoder begins to use the device. What it needs is reserved: two that had too few together could wait for each
  /// other for ever.
  ///
  /// - Parameters:
  ///   - promised: surfaces of the reservation whose place this one takes.
  ///   - isSpare: the decoder only saves time: where one is, half of the surfaces are likely to be left to caches.
  func attach(_ needs: SurfaceNeeds, promised: Int, isSpare: Bool = false) throws(DeviceFailure) -> DeviceContext {
    let limits = surfaces.limits
    let limit = min(limits.surfaces, limits.bytes / max(1, needs.surfaceBytes))
    let (context, others) = state.withLock { state -> (DeviceContext?, Int) in
      guard let context = state.context, !state.isLost else { return (nil, -1) }
      guard state.reserved - promised + needs.most <= limit,
        !isSpare || state.occupied + occupied(needs) <= limit / 2
      else { return (nil, state.reserved - promised) }
      state.sessions += 1
      state.reserved += needs.most
      state.occupied += occupied(needs)
      return (context, 0)
    }
    if let context { return context }
    guard others >= 0 else {
      throw loss
    }
    throw DeviceFailure(
      // Others may end.
      needs.most > limit ? .unsupported : .resources, what: "VA-API on \(path)",
      why: "the decoder may need \(needs.most) surfaces, there are \(limit)"
        + (others > 0 ? ", \(others) of them promised to other decoders" : ""),
      remedy:
        "allow more surfaces (`Options.gpuSurfaces` \(others + needs.most) or more), or use `Options.backend` auto")
  }

  /// How many surfaces a decoder is likely to keep from caches: those of a context are taken when it is made.
  private func occupied(_ needs: SurfaceNeeds) -> Int { bindsSurfaces ? needs.most : needs.usual }

  /// How many surfaces one of the decoders may take for itself: what it may need, and its part of what is promised to
  /// nobody.
  func share(of needs: SurfaceNeeds) -> Int {
    let limits = surfaces.limits
    let limit = min(limits.surfaces, limits.bytes / max(1, needs.surfaceBytes))
    return state.withLock { needs.most + max(0, limit - $0.reserved) / max(1, $0.sessions) }
  }

  /// The driver turned out to have fewer surfaces than the decoders were promised.
  var isShortOfSurfaces: Bool { state.withLock { $0.reserved } > surfaces.limits.surfaces }

  /// It no longer does.
  func detach(_ needs: SurfaceNeeds) {
    let isLast = state.withLock { state in
      state.sessions -= 1
      state.reserved -= needs.most
      state.occupied -= occupied(needs)
      return state.isLost && state.sessions == 0
    }
    if isLast { end() }
  }

  /// Gives the device up: no session can begin any more, and what its surfaces hold is gone when the last one ends.
  package func lose() {
    let isUnused = state.withLock { state in
      defer { state.isLost = true }
      return !state.isLost && state.sessions == 0
    }
    if isUnused { end() }
  }

  private func end() {
    let (display, context) = state.withLock { ($0.display.take(), $0.context.take()) }
    let (surfaces, access) = (surfaces, access)
    access.abandon(gone)
    // A copy that is under way may still use a surface.
    access.afterwards {
      DeviceTeardown.run {
        access.close()
        surfaces.giveUp()
        withExtendedLifetime((display, context)) {}
      }
    }
  }

  /// Gives up a device whose driver does not return from a call; its watch does so by itself. Nothing of it is freed:
  /// that would hang as well.
  package func abandon() {
    state.withLock { state in
      state.isLost = true
      // Held for ever.
      if let display = state.display.take() { _ = Unmanaged.passRetained(display) }
      if let context = state.context.take() { _ = Unmanaged.passRetained(context) }
    }
    access.abandon(gone)
    surfaces.abandon()
    _ = Unmanaged.passRetained(self)
  }
}
