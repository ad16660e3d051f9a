internal import CAVCodec
internal import CAVFormat
internal import CAVUtil
internal import CSWScale
internal import CVABufShims
internal import FrameModel
internal import Synchronization

/// What libavcodec calls back from its threads while it decodes; lives as long as its codec context.
final class DecoderHooks: Sendable {
  private let allocator: any HostAllocator
  private let lastError = Mutex<VABufError?>(nil)

  private let clearsMemory: Bool

  let damage = DamageWatch()

  /// Set where pictures are decoded in hardware.
  let hardware: HardwareHooks?

  init(_ allocator: any HostAllocator, clearsMemory: Bool, hardware: HardwareHooks?) {
    self.hardware = hardware
    self.allocator = allocator
    self.clearsMemory = clearsMemory
  }

  func takeError() -> VABufError? { lastError.withLock { $0.take() } }

  /// `AVCodecContext.get_buffer2`: memory for one picture, from the pool where the decoder can use ours.
  static let getBuffer:
    @convention(c) (UnsafeMutablePointer<AVCodecContext>?, UnsafeMutablePointer<AVFrame>?, Int32) -> Int32 = {
      context, frame, flags in
      guard let context, let frame, let opaque = context.pointee.opaque else { return VABUF_ERROR_ENOMEM }
      if frame.pointee.format == AV_PIX_FMT_VAAPI.rawValue {
        return Unmanaged<DecoderHooks>.fromOpaque(opaque).takeUnretainedValue().attachSurface(context, frame)
      }
      let capabilities = context.pointee.codec.pointee.capabilities
      guard capabilities & AV_CODEC_CAP_DR1 != 0, PixelFormat(AVPixelFormat(frame.pointee.format)) != nil else {
        return avcodec_default_get_buffer2(context, frame, flags)
      }
      return Unmanaged<DecoderHooks>.fromOpaque(opaque).takeUnretainedValue().allocate(context, frame)
    }

  /// `AVCodecContext.get_format` of decoders in hardware.
  static let getFormat:
    @convention(c) (UnsafeMutablePointer<AVCodecContext>?, UnsafePointer<AVPixelFormat>?) -> AVPixelFormat = {
      context, formats in
      guard let context, let formats, let opaque = context.pointee.opaque else { return AV_PIX_FMT_NONE }
      let hooks = Unmanaged<DecoderHooks>.fromOpaque(opaque).takeUnretainedValue()
      do {
        return try hooks.hardware?.chooseFormat(context, of: formats) ?? AV_PIX_FMT_NONE
      } catch {
        if let error = error as? FFmpegError { hooks.hardware?.note(.failed("\(error.code) (\(error.call))")) }
        _ = hooks.refuse(context, error)
        return AV_PIX_FMT_NONE
      }
    }

  /// FFmpeg 5.1 refuses frame threads with a get_buffer2 that is not declared thread-safe; ours is. The member is
  /// gone in later versions, where it is always so.
  static func allowFrameThreads(_ context: UnsafeMutablePointer<AVCodecContext>) {
    vabuf_allow_threaded_callbacks(context)
  }

  private func allocate(
    _ context: UnsafeMutablePointer<AVCodecContext>, _ frame: UnsafeMutablePointer<AVFrame>
  ) -> Int32 {
    var width = frame.pointee.width
    var height = frame.pointee.height
    let alignments = withUnsafeTemporaryAllocation(of: Int32.self, capacity: 8) { strides in
      strides.initialize(repeating: 0)
      avcodec_align_dimensions2(context, &width, &height, strides.baseAddress)
      return (0..<4).map { max(1, Int(strides[$0])) }
    }
    do {
      try PictureMemory.attach(
        to: frame, codedWidth: Int(width), codedHeight: Int(height), alignments: alignments, allocator,
        damage: damage)
      if let buffer = PictureMemory.buffer(of: frame) {
        if clearsMemory {
          buffer.baseAddress.initializeMemory(as: UInt8.self, repeating: 0, count: buffer.byteCount)
        } else {
          damage.mark(frame, buffer, rows: Int(height), context.pointee.codec_id)
        }
      }
      return 0
    } catch {
      return refuse(context, error)
    }
  }

  private func attachSurface(
    _ context: UnsafeMutablePointer<AVCodecContext>, _ frame: UnsafeMutablePointer<AVFrame>
  ) -> Int32 {
    guard let hardware else { return VABUF_ERROR_EINVAL }
    do {
      try hardware.attachSurface(context, frame)
      return 0
    } catch {
      return refuse(context, error)
    }
  }

  /// Added to the levels of a context's log lines: they are then below all that FFmpeg knows.
  private static let unheard: Int32 = 64

  private func refuse(_ context: UnsafeMutablePointer<AVCodecContext>, _ error: any Error) -> Int32 {
    // Nobody wants its pictures any more, so it is no news that it fails. The context is the calling thread's own.
    if (error as? VABufError)?.code == .closed { context.pointee.log_level_offset = Self.unheard }
    if let error = error as? FFmpegError { return error.code.rawValue }
    if let error = error as? VABufError { lastError.withLock { $0 = error } }
    return VABUF_ERROR_ENOMEM
  }
}
