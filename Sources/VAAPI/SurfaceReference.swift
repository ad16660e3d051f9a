internal import FrameModel
internal import CVA
internal import Glibc

/// A surface that somebody else owns: FFmpeg, or `OwnedSurfaces`.
///
/// Keeps the display, not the surface: whoever holds the picture (an `AVFrame`, a lease) keeps that. Its methods block
/// and may be called on any thread that may; two that use the same surface at once read the same picture, or race with
/// who writes it.
package struct SurfaceReference: Sendable {
  package let display: OwnedDisplay
  package let id: SurfaceID

  package init(_ display: OwnedDisplay, _ id: SurfaceID) {
    self.display = display
    self.id = id
  }

  /// Waits until all work on the surface is done, and says whether it went well. To be called before its memory is
  /// read by any way: drivers do not wait by themselves.
  ///
  /// - Parameter timeout: how long at most; then `VAStatus.timedOut` is thrown. nil waits for as long as the driver
  ///   does, which may be for ever when the GPU hangs. (The calls themselves may hang in a broken driver; against
  ///   that no timeout helps that runs in the same thread.)
  package func sync(timeout: Duration? = nil) throws(VAError) {
    guard let timeout else { return try syncWithoutEnd() }
    let limit = UInt64(clamping: timeout.nanoseconds)
    let status = display.calls.status(.vaSyncSurface2) { vaSyncSurface2(display.rawDisplay, id, limit) }
    switch status {
    case .success: return
    case .unimplemented: try poll(until: ContinuousClock.now + timeout)
    default: throw VAError(.vaSyncSurface2, status)
    }
  }

  private func syncWithoutEnd() throws(VAError) {
    try display.make(.vaSyncSurface) { vaSyncSurface(display.rawDisplay, id) }
  }

  // For drivers without vaSyncSurface2: asks until the surface is ready. vaSyncSurface, which then returns at once,
  // tells of errors. Drivers that cannot be asked either are waited for without a limit.
  private func poll(until deadline: ContinuousClock.Instant) throws(VAError) {
    var pause: UInt32 = 50
    while true {
      do throws(VAError) {
        guard try isRendering() else { break }
      } catch  where error.status == .unimplemented { break }
      guard ContinuousClock.now < deadline else { throw VAError(.vaQuerySurfaceStatus, .timedOut) }
      usleep(pause)
      pause = min(pause * 2, 2000)
    }
    try syncWithoutEnd()
  }

  /// The GPU is at work on the surface, or will be.
  package func isRendering() throws(VAError) -> Bool {
    var status = VASurfaceReady
    try display.make(.vaQuerySurfaceStatus) { vaQuerySurfaceStatus(display.rawDisplay, id, &status) }
    return status.rawValue & VASurfaceRendering.rawValue != 0
  }

  /// Copies pixels of the surface to the upper left of an image: the driver converts tiling, and where it can, format.
  /// Waits for the surface where the driver does not: call `sync` before.
  package func download(
    to image: borrowing OwnedImage, x: Int = 0, y: Int = 0, width: Int, height: Int
  ) throws(VAError) {
    let target = image.value.image_id
    try display.make(.vaGetImage) {
      vaGetImage(display.rawDisplay, id, Int32(x), Int32(y), UInt32(width), UInt32(height), target)
    }
  }

  /// Copies the upper left of an image to the upper left of the surface. Some drivers say that they did and do nothing:
  /// ask `OwnedDisplay.canUpload` once.
  package func upload(from image: borrowing OwnedImage, width: Int, height: Int) throws(VAError) {
    let source = image.value.image_id
    try display.make(.vaPutImage) {
      vaPutImage(
        display.rawDisplay, id, source, 0, 0, UInt32(width), UInt32(height), 0, 0, UInt32(width), UInt32(height))
    }
  }
}
