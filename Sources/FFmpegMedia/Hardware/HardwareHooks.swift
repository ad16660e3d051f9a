internal import CAVCodec
internal import CAVFormat
internal import CAVUtil
internal import CSWScale
internal import CVABufShims
internal import FrameModel
internal import Glibc
internal import Synchronization

/// What libavcodec calls back while it decodes in hardware: which format, and which surface for the next picture.
///
/// Surfaces are ours (`SurfaceAllocator`), not those of a pool of FFmpeg's: FFmpeg's pools are fixed and fail when they
/// are empty (before 7.1) or grow without end (since); ours wait. The frames context only tells the decoder the size and
/// the format, so it is never initialised: that would make FFmpeg's own pool, and test surfaces and images in it
/// (docs/adr/0011-our-surfaces.md).
final class HardwareHooks: Sendable {
  private struct State {
    var trouble: HardwareTrouble?
    /// A format was chosen before: what is refused now failed to start.
    var hasChosen = false
  }

  private let options: HardwareOptions
  private let state = Mutex(State())

  init(_ options: HardwareOptions) { self.options = options }

  /// Why decoding failed, as far as hardware is the reason; taken once.
  func takeTrouble() -> HardwareTrouble? { state.withLock { $0.trouble.take() } }

  /// Takes the decoder's log line if it is about a failed call of libva, which libavcodec may report as damage of the
  /// stream, or not at all.
  ///
  /// - Returns: whether it was: then it says nothing of the stream.
  func takes(line: UnsafePointer<CChar>) -> Bool {
    if Self.consequences.contains(where: { strcmp(line, $0) == 0 }) { return true }
    guard strncmp(line, "Failed to ", 10) == 0, strstr(line, ": %d (%s)") != nil else { return false }
    // What could not be destroyed is no loss to any picture.
    guard strncmp(line, "Failed to destroy", 17) != 0 else { return true }
    state.withLock { state in
      if state.trouble == nil {
        let what = String(cString: line).dropFirst("Failed to ".count).prefix { $0 != ":" && $0 != "(" && $0 != "%" }
        state.trouble = .failed("the driver failed to \(what.trimmed)")
      }
    }
    return true
  }

  /// Lines that follow on failures which are known from elsewhere.
  private static let consequences = [
    "hardware accelerator failed to decode picture\n", "hardware accelerator failed to decode first field\n",
    "get_buffer() failed\n", "thread_get_buffer() failed\n",
  ]

  private func refuse(_ trouble: HardwareTrouble) -> AVPixelFormat {
    note(trouble)
    return AV_PIX_FMT_NONE
  }

  /// Decoding is about to fail for this reason.
  func note(_ trouble: HardwareTrouble) { state.withLock { $0.trouble = $0.trouble ?? trouble } }

  /// `AVCodecContext.get_format`: VA-API or nothing. Software is another decoder, with threads, not a fallback in here.
  func chooseFormat(
    _ context: UnsafeMutablePointer<AVCodecContext>, of formats: UnsafePointer<AVPixelFormat>
  ) throws -> AVPixelFormat {
    var isOffered = false
    var next = formats
    while next.pointee != AV_PIX_FMT_NONE {
      if next.pointee == AV_PIX_FMT_VAAPI { isOffered = true }
      next += 1
    }
    guard isOffered else {
      return refuse(
        state.withLock { $0.hasChosen }
          ? .failed("the device could not start decoding")
          : .unsupported("FFmpeg does not decode this profile by VA-API"))
    }
    var reference: UnsafeMutablePointer<AVBufferRef>?
    let result = avcodec_get_hw_frames_parameters(context, options.device.reference, AV_PIX_FMT_VAAPI, &reference)
    guard result >= 0, let reference else {
      let code = AVErrorCode(rawValue: result)
      switch code {
      // What libavcodec answers to a profile, and to a size, that the driver does not have (vaapi_decode.c).
      case .noSuchFunction: return refuse(.unsupported("the device does not decode this profile"))
      case .invalidArgument:
        return refuse(
          .unsupported("the device does not decode \(context.pointee.coded_width)x\(context.pointee.coded_height)"))
      default: return refuse(.failed("\(code)"))
      }
    }
    state.withLock { $0.hasChosen = true }
    let shape = reference.withFrames { frames in
      frames.pointee.initial_pool_size = 0
      return SurfaceShape(frames.pointee)
    }
    do {
      guard let shape else {
        throw HardwareTrouble.unsupported("the device decodes this format neither to NV12 nor to P010")
      }
      let targets = try options.surfaces.targets(shape)
      if !targets.isEmpty {
        try check("av_malloc_array", vabuf_vaapi_set_targets(reference, targets, Int32(targets.count)))
      }
    } catch {
      var unwanted: UnsafeMutablePointer<AVBufferRef>? = reference
      av_buffer_unref(&unwanted)
      guard let trouble = error as? HardwareTrouble else { throw error }
      return refuse(trouble)
    }
    // libavcodec took the one before away; it owns this one now.
    context.pointee.hw_frames_ctx = reference
    return AV_PIX_FMT_VAAPI
  }

  /// `AVCodecContext.get_buffer2` for a hardware frame.
  func attachSurface(
    _ context: UnsafeMutablePointer<AVCodecContext>, _ frame: UnsafeMutablePointer<AVFrame>
  ) throws {
    guard let reference = context.pointee.hw_frames_ctx, let shape = reference.withFrames({ SurfaceShape($0.pointee) })
    else { throw FFmpegError(call: "get_buffer2", code: .invalidArgument) }
    let surface = try options.surfaces.allocate(shape)
    let holder = Unmanaged.passRetained(SurfaceHolder(surface, shape, context.pointee.sw_pix_fmt.rawValue))
    // FFmpeg's form: the pointer is the number.
    let number = UnsafeMutablePointer<UInt8>(bitPattern: UInt(surface.id))
    guard let buffer = av_buffer_create(number, 0, SurfaceHolder.free, holder.toOpaque(), 0) else {
      holder.release()
      throw FFmpegError(call: "av_buffer_create", code: .outOfMemory)
    }
    frame.pointee.buf.0 = buffer
    guard let frames = av_buffer_ref(reference) else {
      av_buffer_unref(&frame.pointee.buf.0)
      throw FFmpegError(call: "av_buffer_ref", code: .outOfMemory)
    }
    frame.pointee.hw_frames_ctx = frames
    frame.pointee.data.3 = number
    frame.pointee.width = context.pointee.coded_width
    frame.pointee.height = context.pointee.coded_height
    frame.pointee.extended_data = UnsafeMutableRawPointer(frame).advanced(
      by: MemoryLayout<AVFrame>.offset(of: \AVFrame.data) ?? 0
    ).assumingMemoryBound(to: UnsafeMutablePointer<UInt8>?.self)
  }
}

/// Retained by the `AVBuffer` of a hardware frame, released by its free callback: keeps a surface leased while FFmpeg
/// refers to it.
final class SurfaceHolder {
  let surface: any LeasedSurface
  let shape: SurfaceShape
  /// The `AVPixelFormat` that a software decoder gives for the picture.
  let softwareFormat: Int32

  init(_ surface: any LeasedSurface, _ shape: SurfaceShape, _ softwareFormat: Int32) {
    self.surface = surface
    self.shape = shape
    self.softwareFormat = softwareFormat
  }

  static let free: @convention(c) (UnsafeMutableRawPointer?, UnsafeMutablePointer<UInt8>?) -> Void = { opaque, _ in
    if let opaque { Unmanaged<SurfaceHolder>.fromOpaque(opaque).release() }
  }

  /// The holder behind a hardware frame: all of those are ours.
  static func of(_ frame: UnsafeMutablePointer<AVFrame>) -> SurfaceHolder? {
    guard frame.pointee.format == AV_PIX_FMT_VAAPI.rawValue, let reference = frame.pointee.buf.0,
      let opaque = av_buffer_get_opaque(reference)
    else { return nil }
    return Unmanaged<SurfaceHolder>.fromOpaque(opaque).takeUnretainedValue()
  }
}

extension SurfaceShape {
  fileprivate init?(_ frames: AVHWFramesContext) {
    guard let format = SurfaceFormat(frames.sw_format) else { return nil }
    self.init(width: Int(frames.width), height: Int(frames.height), format: format)
  }
}

extension UnsafeMutablePointer<AVBufferRef> {
  fileprivate func withFrames<R>(_ body: (UnsafeMutablePointer<AVHWFramesContext>) -> R) -> R {
    pointee.data.withMemoryRebound(to: AVHWFramesContext.self, capacity: 1, body)
  }
}

extension Substring {
  /// Without spaces at the end.
  fileprivate var trimmed: Substring {
    var text = self
    while text.last == " " { text.removeLast() }
    return text
  }
}
