internal import CAVCodec
internal import CAVFormat
internal import CAVUtil
internal import CSWScale
internal import CVABufShims

/// FFmpeg's own way to read surfaces (`av_hwframe_transfer_data`): it knows the oddities of drivers, makes an image for each
/// picture, and copies once more than need be, into memory of its own that is used again.
///
/// Used by one thread at a time. Reading calls libva; the end does not.
package final class FFmpegDownload {
  private let target: UnsafeMutablePointer<AVFrame>
  private var frames: UnsafeMutablePointer<AVBufferRef>?
  private var pool: OpaquePointer?
  private let shape: SurfaceShape

  /// - Parameter surface: one of that shape, from which FFmpeg learns what the driver can; it is not changed.
  /// - Throws: `FFmpegError` where FFmpeg cannot read surfaces of this shape, or memory is out.
  package init(_ device: DeviceContext, _ shape: SurfaceShape, trying surface: UInt32) throws(FFmpegError) {
    self.shape = shape
    target = try checkMemory("av_frame_alloc", av_frame_alloc())
    frames = nil
    pool = nil
    target.pointee.format = shape.format.pixelFormat.rawValue
    target.pointee.width = Int32(shape.width)
    target.pointee.height = Int32(shape.height)
    try check("av_frame_get_buffer", av_frame_get_buffer(target, 64))
    // FFmpeg's frames need a context that is initialised, which takes one surface from a pool. The pool is ours, has that
    // one, and is not asked again.
    let trial = UnsafeMutableRawPointer(bitPattern: UInt(surface))
    pool = av_buffer_pool_init2(0, trial, { surface, _ in FFmpegDownload.reference(surface) }, nil)
    guard pool != nil else { throw FFmpegError(call: "av_buffer_pool_init2", code: .outOfMemory) }
    frames = try checkMemory("av_hwframe_ctx_alloc", av_hwframe_ctx_alloc(device.reference))
    let pool = pool
    frames?.pointee.data.withMemoryRebound(to: AVHWFramesContext.self, capacity: 1) { context in
      context.pointee.format = AV_PIX_FMT_VAAPI
      context.pointee.sw_format = shape.format.pixelFormat
      context.pointee.width = Int32(shape.width)
      context.pointee.height = Int32(shape.height)
      context.pointee.pool = pool
    }
    try check("av_hwframe_ctx_init", av_hwframe_ctx_init(frames))
  }

  deinit {
    av_buffer_unref(&frames)
    // FFmpeg leaves a pool that is not its own.
    av_buffer_pool_uninit(&pool)
    var frame: UnsafeMutablePointer<AVFrame>? = target
    av_frame_free(&frame)
  }

  /// A plane in memory that FFmpeg filled.
  package struct Plane {
    package let bytes: UnsafeRawBufferPointer
    /// Bytes from one row to the next.
    package let stride: Int
  }

  /// Reads a surface. The planes (luma, chroma) are valid until `body` returns.
  package func read<R>(_ surface: UInt32, _ body: ([Plane]) throws -> R) throws -> R {
    let source = try Frame()
    source.pointer.pointee.format = AV_PIX_FMT_VAAPI.rawValue
    source.pointer.pointee.width = Int32(shape.width)
    source.pointer.pointee.height = Int32(shape.height)
    source.pointer.pointee.data.3 = UnsafeMutablePointer(bitPattern: UInt(surface))
    source.pointer.pointee.buf.0 = try checkMemory(
      "av_buffer_create", Self.reference(UnsafeMutableRawPointer(bitPattern: UInt(surface))))
    source.pointer.pointee.hw_frames_ctx = try checkMemory("av_buffer_ref", frames.flatMap { av_buffer_ref($0) })
    try check("av_hwframe_transfer_data", av_hwframe_transfer_data(target, source.pointer, 0))
    let frame = target.pointee
    let planes = [
      (frame.data.0, frame.linesize.0, shape.height), (frame.data.1, frame.linesize.1, (shape.height + 1) / 2),
    ]
    return try body(
      planes.map { start, stride, rows in
        Plane(bytes: UnsafeRawBufferPointer(start: start, count: Int(stride) * rows), stride: Int(stride))
      })
  }

  /// A reference to a surface that somebody else holds: FFmpeg's form, where the pointer is the number.
  private static func reference(_ surface: UnsafeMutableRawPointer?) -> UnsafeMutablePointer<AVBufferRef>? {
    av_buffer_create(surface?.assumingMemoryBound(to: UInt8.self), 0, { _, _ in }, nil, 0)
  }
}
