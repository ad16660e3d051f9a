package import FFmpegMedia
package import FrameModel
internal import Synchronization

/// One decoder's use of a device: its surfaces, and the watch over its calls.
///
/// Used by the thread that decodes; `close` from any.
package final class HardwareSession: SurfaceAllocator {
  package let device: HardwareDevice
  private let isClosed: CancelFlag
  private let context: DeviceContext
  private let ticket = Mutex<HardwareWatch.Ticket?>(nil)

  /// - Parameter cancel: makes waiting for a surface fail, so that a closing buffer need not wait for the deadline.
  package init(_ device: HardwareDevice, cancel: CancelFlag) throws(DeviceFailure) {
    guard let (_, context) = device.attach() else {
      throw DeviceFailure(
        .lost, what: "VA-API on \(device.path)", why: "the device was lost", remedy: "ask again: it is opened again")
    }
    self.device = device
    self.context = context
    isClosed = cancel
  }

  // The decoder, which holds this, is gone.
  deinit { device.detach() }

  var options: HardwareOptions { HardwareOptions(device: context, surfaces: self) }

  package func allocate(_ shape: SurfaceShape) throws(VABufError) -> any LeasedSurface {
    try device.surfaces.lease(shape, isAbandoned: { isClosed.isRaised }, pause: { pause($0) })
  }

  /// Makes calls that end up in the driver.
  func watched<R, E: Error>(_ body: () throws(E) -> R) throws(E) -> R {
    enter()
    defer { leave() }
    return try body()
  }

  /// Waits in between, for something that is not the driver.
  private func pause(_ body: () -> Void) {
    leave()
    defer { enter() }
    body()
  }

  private func enter() { ticket.withLock { $0 = device.watch.enter() } }
  private func leave() { if let ticket = ticket.withLock({ $0.take() }) { device.watch.leave(ticket) } }
}

/// Says to whoever waits that nobody needs the result.
package final class CancelFlag: Sendable {
  private let raised = Atomic(false)

  package init() {}

  package func raise() { raised.store(true, ordering: .relaxed) }
  package var isRaised: Bool { raised.load(ordering: .relaxed) }
}
