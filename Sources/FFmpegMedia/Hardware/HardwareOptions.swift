package import FrameModel

internal import CAVCodec
internal import CAVFormat
internal import CAVUtil
internal import CSWScale
internal import CVABufShims

/// How the samples of a surface lie: luma, then pairs of chroma samples, at half the size each way.
package enum SurfaceFormat: Hashable, Sendable, CaseIterable {
  /// 8 bits a sample.
  case nv12
  /// 10 bits in the upper bits of 16.
  case p010

  init?(_ format: AVPixelFormat) {
    switch format {
    case AV_PIX_FMT_NV12: self = .nv12
    case AV_PIX_FMT_P010LE: self = .p010
    default: return nil
    }
  }

  var pixelFormat: AVPixelFormat {
    switch self {
    case .nv12: AV_PIX_FMT_NV12
    case .p010: AV_PIX_FMT_P010LE
    }
  }

  /// FFmpeg's name of the format in host memory.
  package var name: String {
    switch self {
    case .nv12: "nv12"
    case .p010: "p010le"
    }
  }
}

/// What a decoder wants its surfaces to be.
package struct SurfaceShape: Hashable, Sendable {
  /// Coded width in pixels.
  package var width: Int
  /// Coded height in pixels.
  package var height: Int
  package var format: SurfaceFormat

  package init(width: Int, height: Int, format: SurfaceFormat) {
    self.width = width
    self.height = height
    self.format = format
  }
}

/// A surface that is the holder's until the object goes.
package protocol LeasedSurface: AnyObject, Sendable {
  /// libva's number of the surface.
  var id: UInt32 { get }
}

/// Leases surfaces to hardware decoders: the seam to the owner of the device.
package protocol SurfaceAllocator: AnyObject, Sendable {
  /// The surfaces that the decoder's next context is made with: none where its driver takes any surface later. The
  /// context before, if there was one, is gone. Blocks; called on the thread that decodes.
  ///
  /// - Throws: `VABufError`, as `surfacesExhausted` when there were not enough in time.
  func targets(_ shape: SurfaceShape) throws(VABufError) -> [UInt32]

  /// Leases a surface; blocks until there is one. Called on the thread that decodes.
  ///
  /// - Throws: `VABufError`, as `surfacesExhausted` when none came back in time.
  func allocate(_ shape: SurfaceShape) throws(VABufError) -> any LeasedSurface
}

/// What a decoder needs to decode in hardware.
package struct HardwareOptions: Sendable {
  package var device: DeviceContext
  package var surfaces: any SurfaceAllocator

  package init(device: DeviceContext, surfaces: any SurfaceAllocator) {
    self.device = device
    self.surfaces = surfaces
  }
}

/// Why a stream is not, or no longer, decoded in hardware.
package enum HardwareTrouble: Error, Hashable, Sendable {
  /// This stream cannot be decoded by this device and this FFmpeg, now or later.
  case unsupported(String)
  /// Something failed that should work.
  case failed(String)

  package var why: String {
    switch self {
    case .unsupported(let why), .failed(let why): why
    }
  }
}

/// Owns FFmpeg's device context on an open display.
///
/// The display must stay open as long as a decoder uses the context. Frames that outlive it are safe: letting go of them
/// calls nothing of libva.
// Sendable: an AVBufferRef whose reference count is atomic; the context in it is immutable once it is made.
package final class DeviceContext: @unchecked Sendable {
  let reference: UnsafeMutablePointer<AVBufferRef>

  /// - Parameter vaDisplay: the `VADisplay`.
  package init(vaDisplay: UnsafeMutableRawPointer) throws(FFmpegError) {
    var error: Int32 = 0
    guard let reference = vabuf_vaapi_device(vaDisplay, &error) else {
      throw FFmpegError(call: "av_hwdevice_ctx_init", code: AVErrorCode(rawValue: error))
    }
    self.reference = reference
  }

  deinit {
    var reference: UnsafeMutablePointer<AVBufferRef>? = reference
    av_buffer_unref(&reference)
  }
}
