internal import Dispatch
internal import FFmpegMedia
package import FrameModel
internal import Synchronization
internal import VAAPI

/// Copies pictures of one device between surfaces and host memory, and exports them, on a thread of its own.
///
/// Any thread may ask. What a driver does not come back from is left to `abandon`.
package final class SurfaceAccess: Sendable {
  private let queue = DispatchQueue(label: "vabuf.surfaces", qos: .userInitiated)
  private let pending = Mutex(Pending())
  private let worker = SurfaceCopier()
  private let downloads = Atomic(0)
  private let uploads = Atomic(0)

  private struct Pending {
    var last = 0
    /// What fails the jobs that are not done.
    var jobs: [Int: @Sendable (VABufError) -> Void] = [:]
    var failure: VABufError?
  }

  deinit {
    let worker = worker
    // Its images are destroyed where libva may be called.
    DeviceTeardown.run { worker.close() }
  }

  /// How many pictures were copied to and from host memory.
  package var counts: (downloads: Int, uploads: Int) {
    (downloads.load(ordering: .relaxed), uploads.load(ordering: .relaxed))
  }

  // MARK: - What it does

  /// Copies a picture into `frame.hostBytes` bytes of memory, as `frame.layout` says; waits for the GPU to be done with it.
  ///
  /// The memory is the caller's to find: who waits for some must not keep others from the device.
  ///
  /// - Throws: `VABufError` with code `deviceFailed`.
  package func download(_ frame: SurfaceFrame, into buffer: any HostBuffer) async throws {
    try await perform { [self] in try downloadHere(frame, buffer) }
  }

  /// The same for a thread that may block.
  package func downloadBlocking(_ frame: SurfaceFrame, into buffer: any HostBuffer) throws {
    try queue.sync { try downloadHere(frame, buffer) }
  }

  /// Downloads a picture until each way of doing it was measured; for a thread that may block.
  package func measureDownloads(of frame: SurfaceFrame, _ allocator: any HostAllocator) throws -> [DownloadRate] {
    let buffer = try allocator.allocate(byteCount: frame.hostBytes)
    return try queue.sync {
      for _ in 0..<32 where !worker.knowsBest(frame.shape) { try downloadHere(frame, buffer) }
      return worker.rates
    }
  }

  /// Copies a picture from host memory into a surface of its own, which it waits for.
  ///
  /// - Parameters:
  ///   - buffer: the memory that the planes of `layout` lie in.
  ///   - isAbandoned: nobody needs it any more.
  /// - Throws: `VABufError`: `surfacesExhausted`, `deviceFailed`, or `backendUnavailable` for a format that surfaces do not
  ///   have.
  package func upload(
    _ layout: PictureLayout, _ buffer: any HostBuffer, to device: HardwareDevice,
    isAbandoned: @escaping @Sendable () -> Bool
  ) async throws -> SurfaceFrame {
    guard let format = SurfaceFormat.allCases.first(where: { SurfaceFrame.takes(layout.format, $0) }) else {
      throw VABufError(
        .backendUnavailable, what: "upload to \(device.path)",
        why: "surfaces hold NV12 and P010, not \(layout.format)", remedy: "read the frame in host memory")
    }
    let shape = SurfaceShape(width: (layout.width + 1) / 2 * 2, height: (layout.height + 1) / 2 * 2, format: format)
    let start = ContinuousClock.now
    while true {
      // Never waits on the thread that downloads: what it waits for may be a download.
      let frame = try await perform { [self] in try uploadHere(layout, buffer, shape, device) }
      if let frame { return frame }
      guard !isAbandoned(), ContinuousClock.now - start < device.surfaces.deadline else {
        throw device.surfaces.exhausted
      }
      device.surfaces.reclaim(1)
      try await Task.sleep(for: .milliseconds(5))
    }
  }

  /// Exports a surface as a DMA-BUF; waits for the GPU to be done with it.
  package func export(_ frame: SurfaceFrame, separateLayers: Bool) async throws -> ExportedSurface {
    try await perform { [self] in
      try onDisplay(of: frame.device, "export") { display in
        do {
          try frame.prove()
          let surface = SurfaceReference(display, frame.surfaceID)
          return ExportedSurface(frame, try surface.export(separateLayers ? .separate : .composed))
        } catch let error as ExportError {
          throw VABufError(
            .deviceFailed, what: "export from \(frame.device.path)", why: "\(error)",
            remedy: "read the frame in host memory; not every driver exports surfaces")
        }
      }
    }
  }

  // MARK: - On the queue

  private func downloadHere(_ frame: SurfaceFrame, _ buffer: any HostBuffer) throws {
    try onDisplay(of: frame.device, "download") { try worker.download(frame, $0, into: buffer) }
    downloads.add(1, ordering: .relaxed)
  }

  private func uploadHere(
    _ layout: PictureLayout, _ buffer: any HostBuffer, _ shape: SurfaceShape, _ device: HardwareDevice
  ) throws -> SurfaceFrame? {
    try onDisplay(of: device, "upload") { display in
      guard let lease = try device.surfaces.leaseNow(shape) else { return nil }
      let frame = SurfaceFrame(device: device, surface: lease, shape: shape, layout: layout)
      try worker.upload(layout, buffer, to: frame, display)
      uploads.add(1, ordering: .relaxed)
      return frame
    }
  }

  private func onDisplay<R>(of device: HardwareDevice, _ what: String, _ body: (OwnedDisplay) throws -> R) throws -> R {
    guard let display = device.display, !device.isLost else { throw device.gone }
    do {
      let result = try device.watch.watched { try body(display) }
      // What was read from a device that was lost meanwhile may be anything.
      guard !device.isLost else { throw device.gone }
      return result
    } catch {
      let error = (error as? VAError)?.error(.deviceFailed, what: "\(what) on \(device.path)") ?? error
      // Perhaps no decoder is there to notice.
      if (error as? VABufError)?.code == .deviceFailed, !device.watch.watched({ device.isAnswering }) { device.lose() }
      throw error
    }
  }

  /// Runs a job on the queue; `abandon` fails it where it does not come back.
  private func perform<R: Sendable>(_ job: @escaping @Sendable () throws -> R) async throws -> R {
    let result = await withCheckedContinuation { (continuation: CheckedContinuation<Result<R, any Error>, Never>) in
      let once = ResumeOnce(continuation)
      let (id, failure) = pending.withLock { pending -> (Int, VABufError?) in
        pending.last += 1
        if pending.failure == nil { pending.jobs[pending.last] = { _ = once.resume(returning: .failure($0)) } }
        return (pending.last, pending.failure)
      }
      if let failure {
        once.resume(returning: .failure(failure))
        return
      }
      queue.async { [self] in
        let result = Result { try job() }
        _ = pending.withLock { $0.jobs.removeValue(forKey: id) }
        once.resume(returning: result)
      }
    }
    return try result.get()
  }

  /// Lets go of images; no job is under way or comes through any more.
  func close() { worker.close() }

  /// Runs `body` when the job that is under way now is through: what it uses may go then, not before.
  func afterwards(_ body: @escaping @Sendable () -> Void) { queue.async(execute: body) }

  /// Fails what waits, and all that follows: the device does not answer.
  func abandon(_ error: VABufError) {
    let waiting = pending.withLock { pending in
      pending.failure = error
      defer { pending.jobs = [:] }
      return pending.jobs.values
    }
    for fail in waiting { fail(error) }
  }
}
