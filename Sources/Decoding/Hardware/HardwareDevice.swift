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
  /// The driver's name for itself.
  package let vendor: String
  package let surfaces: SurfacePool
  package let transfers = Transfers()
  package let watch = HardwareWatch()
  private let state: Mutex<State>

  private struct State {
    var display: OwnedDisplay?
    var context: DeviceContext?
    var sessions = 0
    var isLost = false
  }

  init(
    _ display: OwnedDisplay, generation: Int, limits: SurfaceLimits, deadline: Duration
  ) throws(DeviceFailure) {
    do {
      let context = try DeviceContext(vaDisplay: display.rawDisplay)
      state = Mutex(State(display: display, context: context))
    } catch {
      throw DeviceFailure(
        .failed, what: "VA-API on \(display.path)", why: "\(error.code) (\(error.call))",
        remedy: "look for messages of the GPU in `dmesg`; --backend software does without it")
    }
    path = display.path
    vendor = display.vendor
    self.generation = generation
    surfaces = SurfacePool(display, limits: limits, deadline: deadline)
  }

  deinit {
    let (display, context) = state.withLock { ($0.display.take(), $0.context.take()) }
    DeviceTeardown.run { withExtendedLifetime((display, context)) {} }
  }

  /// The display; nil when the device was lost.
  package var display: OwnedDisplay? { state.withLock { $0.display } }

  package var isLost: Bool { state.withLock { $0.isLost } }

  /// The error of whoever comes after the device was lost.
  var gone: VABufError {
    VABufError(
      .deviceFailed, what: "VA-API on \(path)", why: "the device was lost", remedy: "ask again: it is opened again")
  }

  /// A decoder begins to use the device.
  func attach() -> (OwnedDisplay, DeviceContext)? {
    state.withLock { state in
      guard let display = state.display, let context = state.context, !state.isLost else { return nil }
      state.sessions += 1
      return (display, context)
    }
  }

  /// It no longer does.
  func detach() {
    let isLast = state.withLock { state in
      state.sessions -= 1
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
    let (surfaces, transfers) = (surfaces, transfers)
    transfers.abandon(gone)
    DeviceTeardown.run {
      surfaces.giveUp()
      withExtendedLifetime((display, context)) {}
    }
  }

  /// Gives up a device whose driver does not return from a call. Nothing of it is freed: that would hang as well.
  package func abandon() {
    state.withLock { state in
      state.isLost = true
      // Held for ever.
      if let display = state.display.take() { _ = Unmanaged.passRetained(display) }
      if let context = state.context.take() { _ = Unmanaged.passRetained(context) }
    }
    transfers.abandon(gone)
    surfaces.abandon()
    _ = Unmanaged.passRetained(self)
  }
}
