internal import Decoding
public import FrameModel

/// A frame's surface as a DMA-BUF, for EGL, Vulkan, DRM or another process: no copy is made.
///
/// The descriptors are closed, and the surface may be used again, when the last reference goes; the lease it came from may
/// go before. The GPU is done with the picture. Any thread.
public final class ExportedFrame: Sendable {
  /// The memory and what lies where in it.
  public let description: DMABufDescription
  /// Where the visible picture begins, in pixels from the left of the surface.
  public let left: Int
  /// Where the visible picture begins, in pixels from the top of the surface.
  public let top: Int
  /// Width of the visible picture in pixels.
  public let visibleWidth: Int
  /// Height of the visible picture in pixels.
  public let visibleHeight: Int
  /// Owns the descriptors, and holds the surface.
  private let surface: ExportedSurface

  init(_ surface: ExportedSurface) {
    self.surface = surface
    description = surface.description
    left = surface.frame.left
    top = surface.frame.top
    visibleWidth = surface.frame.layout.width
    visibleHeight = surface.frame.layout.height
  }
}

extension FrameLease {
  /// Exports the surface that the lease holds.
  ///
  /// - Parameter separateLayers: ask for a layer for each plane, as textures are made of; drivers that know one way only
  ///   give that, so read `layers`.
  /// - Throws: `VABufError`: `deviceFailed`, or `backendUnavailable` for a lease that holds no surface (ask for the frame
  ///   with `in: .gpu`).
  public func exported(separateLayers: Bool = false) async throws -> ExportedFrame {
    guard let surface else {
      throw VABufError(
        .backendUnavailable, what: "export of frame \(number)", why: "the lease holds no surface",
        remedy: "ask for the frame on the GPU (in: .gpu)")
    }
    do {
      return ExportedFrame(try await surface.device.access.export(surface, separateLayers: separateLayers))
    } catch let error as VABufError where error.code == .deviceFailed {
      // Its surface may hold anything: the next request has it decoded again.
      cache?.remove(self, cause: .deviceLost)
      throw error
    }
  }
}
