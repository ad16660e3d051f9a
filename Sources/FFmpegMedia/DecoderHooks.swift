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

  init(_ allocator: any HostAllocator, clearsMemory: Bool) {
    self.allocator = allocator
    self.clearsMemory = clearsMemory
  }

  func takeError() -> VABufError? { lastError.withLock { $0.take() } }

  /// `AVCodecContext.get_buffer2`: memory for one picture, from the pool where the decoder can use ours.
  static let getBuffer:
    @convention(c) (UnsafeMutablePointer<AVCodecContext>?, UnsafeMutablePointer<AVFrame>?, Int32) -> Int32 = {
      context, frame, flags in
      guard let context, let frame, let opaque = context.pointee.opaque else { return VABUF_ERROR_ENOMEM }
      let capabilities = context.pointee.codec.pointee.capabilities
      guard capabilities & AV_CODEC_CAP_DR1 != 0, PixelFormat(AVPixelFormat(frame.pointee.format)) != nil else {
        return avcodec_default_get_buffer2(context, frame, flags)
      }
      return Unmanaged<DecoderHooks>.fromOpaque(opaque).takeUnretainedValue().allocate(context, frame)
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
        to: frame, codedWidth: Int(width), codedHeight: Int(height), alignments: alignments, allocator)
      if clearsMemory, let buffer = PictureMemory.buffer(of: frame) {
        buffer.baseAddress.initializeMemory(as: UInt8.self, repeating: 0, count: buffer.byteCount)
      }
      return 0
    } catch let error as VABufError {
      lastError.withLock { $0 = error }
      return VABUF_ERROR_ENOMEM
    } catch let error as FFmpegError {
      return error.code.rawValue
    } catch {
      return VABUF_ERROR_ENOMEM
    }
  }
}
