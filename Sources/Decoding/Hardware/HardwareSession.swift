package import FFmpegMedia
package import FrameModel
internal import Synchronization
internal import VAAPI

/// One decoder's use of a device: its surfaces, and the watch over its calls.
///
/// Used by the thread that decodes.
package final class HardwareSession: SurfaceAllocator {
  package let device: HardwareDevice
  /// The pictures that its decoder makes.
  package let run: SurfaceRun
  private let isClosed: CancelFlag
  private let context: DeviceContext
  private let needs: SurfaceNeeds
  private let ticket = Mutex<HardwareWatch.Ticket?>(nil)
  /// The surfaces of the decoder's context, where the driver binds them to it.
  private let binding = Mutex<SurfaceLedger.Binding?>(nil)

  private let isAtKey = Atomic(true)

  /// As many pictures as NVDEC decodes with.
  private static let mostTargets = 32
  /// Pictures that nobody has waited for yet. nvidia-vaapi-driver loses all that wait for NVDEC when there are 16, and each of
  /// two fields is one to it: these, the one that follows, and the second field of the one that was waited for last, since
  /// waiting ends with the first. That is 15.
  private static let mostPending = 6

  /// - Parameters:
  ///   - old: the session whose place this one takes: what is promised to that is promised to this.
  ///   - cancel: makes waiting for a surface fail, so that a closing buffer need not wait for the deadline.
  package init(
    _ device: HardwareDevice, for stream: StreamDescription, replacing old: HardwareSession?, cancel: CancelFlag
  ) throws(DeviceFailure) {
    needs = SurfaceNeeds(stream)
    let promised = old?.device === device ? old?.needs.most ?? 0 : 0
    context = try device.attach(needs, promised: promised)
    run = SurfaceRun()
    self.device = device
    isClosed = cancel
  }

  private init(beside first: HardwareSession) throws(DeviceFailure) {
    needs = first.needs
    context = try first.device.attach(needs, promised: 0, isSpare: true)
    run = SurfaceRun(of: first.run.stream)
    device = first.device
    isClosed = first.isClosed
  }

  /// A session for another decoder of the same stream on the same device. Half of the surfaces are left to what is not
  /// spare.
  ///
  /// - Throws: `DeviceFailure` where there are too few.
  func another() throws(DeviceFailure) -> HardwareSession { try HardwareSession(beside: self) }

  // The decoder, which holds this, is gone.
  deinit {
    unbind()
    device.detach(needs)
  }

  /// Where it binds surfaces, starting may make another context (libavcodec does so for each flush of H.264), and such a
  /// driver takes as long for it as for decoding a hundred pictures: measured, docs/hardware-testing.md.
  var startsAreDear: Bool { device.bindsSurfaces }

  var options: HardwareOptions { HardwareOptions(device: context, surfaces: self) }

  package func targets(_ shape: SurfaceShape) throws(VABufError) -> [UInt32] {
    guard device.bindsSurfaces else { return [] }
    if binding.withLock({ $0 != nil }), !isAtKey.load(ordering: .relaxed) {
      // The references are in surfaces of the old context: what is predicted from them would be wrong without an error.
      throw VABufError(
        .deviceFailed, what: "decoding on \(device.path)", why: "pictures change their size between keyframes",
        remedy: "use `Options.backend` auto or software")
    }
    unbind()
    let bound = try device.surfaces.bind(
      shape, for: needs, most: min(Self.mostTargets, device.share(of: needs)), isAbandoned: { isClosed.isRaised },
      pause: { pause($0) })
    binding.withLock { $0 = bound.binding }
    return bound.ids
  }

  private func unbind() {
    guard let old = binding.withLock({ $0.take() }) else { return }
    run.abandon()
    device.surfaces.unbind(old)
  }

  /// A packet is about to be sent. At a keyframe pictures of another size may begin, for which libavcodec makes another
  /// context before it asks for surfaces.
  func willSend(isKey: Bool) {
    isAtKey.store(isKey, ordering: .relaxed)
    if isKey { settle() }
  }

  /// The decoder's context may go now. Its pictures can be read after that where they were waited for.
  func settle() {
    // After a failure the driver may not know any more that nothing comes.
    guard device.bindsSurfaces, !device.isLost, (try? run.check()) != nil else { return }
    run.settle(keeping: 0)
  }

  package func allocate(_ shape: SurfaceShape) throws(VABufError) -> any LeasedSurface {
    if device.bindsSurfaces { run.settle(keeping: Self.mostPending) }
    let lease = try device.surfaces.lease(
      shape, for: run, of: binding.withLock { $0 }, isAbandoned: { isClosed.isRaised }, pause: { pause($0) })
    do {
      try run.check()
    } catch {
      throw error.error(.deviceFailed, what: "decoding on \(device.path)")
    }
    lease.begin(run)
    return lease
  }

  /// The driver has fewer surfaces than the decoders were promised: waiting for one may be for ever.
  var lacksSurfaces: Bool { device.isShortOfSurfaces }

  /// Why decoding failed, if the device is the reason: `code` is what libavcodec said.
  func failure(_ trouble: HardwareTrouble?, _ code: AVErrorCode) -> DeviceFailure? {
    let what = "VA-API on \(device.path)"
    if case .unsupported(let why) = trouble {
      return DeviceFailure(
        .unsupported, what: what, why: why,
        remedy: "use `Options.backend` auto or software; `vabuf probe` shows what the device can")
    }
    // libavcodec's answer to any failed call of libva; damage is another one.
    guard trouble != nil || code == .inputOutput else { return nil }
    return DeviceFailure(
      device.isAnswering ? .failed : .lost, what: what, why: trouble?.why ?? "the driver failed while it decoded",
      remedy: "look for messages of the GPU in `dmesg`; `Options.backend` software does without it")
  }

  /// Waits in between, for something that is not the driver.
  private func pause(_ body: () -> Void) {
    leave()
    defer { enter() }
    body()
  }

  /// The thread goes into calls that end up in the driver, and comes back: the watch sees how long that takes.
  func enter() { ticket.withLock { $0 = device.watch.enter() } }
  func leave() { if let ticket = ticket.withLock({ $0.take() }) { device.watch.leave(ticket) } }
}

/// Says to whoever waits that nobody needs the result.
package final class CancelFlag: Sendable {
  private let raised = Atomic(false)

  package init() {}

  package func raise() { raised.store(true, ordering: .relaxed) }
  package var isRaised: Bool { raised.load(ordering: .relaxed) }
}
