package import FrameModel

internal import CAVCodec
internal import CAVFormat
internal import CAVUtil
internal import CSWScale

/// How a decoder is opened.
package struct DecoderOptions: Sendable {
  /// Threads; 0 lets libavcodec choose, most decoders one a core and one more, 16 at most. Hardware decoders have one:
  /// their calls are serialised anyway, and each thread would need a surface more.
  package var threads: Int
  /// Decode in hardware, and only there.
  package var hardware: HardwareOptions?
  /// Clear the memory of each picture before it is decoded, so that what is not decoded is the same each time.
  package var isRepeatable = false

  package init(threads: Int = 0) { self.threads = threads }
}

/// Owns an `AVCodecContext`: one open decoder.
///
/// Used by one thread at a time. Pictures are written straight into buffers of the allocator where the decoder
/// allows it; libavcodec then calls the allocator from its own threads.
package struct CodecContext: ~Copyable {
  private let pointer: UnsafeMutablePointer<AVCodecContext>
  private let hooks: DecoderHooks
  private var isDraining = false

  /// What a send or receive came to.
  package enum Progress: Hashable, Sendable {
    case done
    /// Receive frames first (send), or send packets first (receive).
    case again
    /// Everything was drained.
    case ended
    /// The packet or picture was rejected; the decoder goes on with the next packet.
    case failed(AVErrorCode)
  }

  package init(
    stream index: Int, of format: borrowing FormatContext, options: DecoderOptions, allocator: any HostAllocator
  ) throws(FFmpegError) {
    guard let stream = format.stream(index), let parameters = stream.pointee.codecpar else {
      throw FFmpegError(call: "avcodec_find_decoder", code: .decoderNotFound)
    }
    let codec = try Self.find(parameters.pointee.codec_id, inHardware: options.hardware != nil)
    FFmpegLog.watch
    let hooks = DecoderHooks(
      allocator, clearsMemory: options.isRepeatable, hardware: options.hardware.map(HardwareHooks.init))
    let context = try checkMemory("avcodec_alloc_context3", avcodec_alloc_context3(codec))
    do {
      try check("avcodec_parameters_to_context", avcodec_parameters_to_context(context, parameters))
      context.pointee.pkt_timebase = stream.pointee.time_base
      context.pointee.thread_count = options.hardware == nil ? Int32(options.threads) : 1
      context.pointee.opaque = Unmanaged.passUnretained(hooks).toOpaque()
      context.pointee.get_buffer2 = DecoderHooks.getBuffer
      if options.hardware != nil {
        context.pointee.get_format = DecoderHooks.getFormat
        // What calls itself Baseline is Constrained Baseline, or cannot be decoded by libavcodec at all.
        if context.pointee.codec_id == AV_CODEC_ID_H264, context.pointee.profile == VABUF_PROFILE_H264_BASELINE {
          context.pointee.hwaccel_flags |= AV_HWACCEL_FLAG_ALLOW_PROFILE_MISMATCH
        }
      }
      DecoderHooks.allowFrameThreads(context)
      try check("avcodec_open2", avcodec_open2(context, codec, nil))
    } catch {
      var failed: UnsafeMutablePointer<AVCodecContext>? = context
      avcodec_free_context(&failed)
      throw error
    }
    // What is wrong with the codec's headers shows in the pictures, or does not matter.
    hooks.damage.forget()
    self.pointer = context
    self.hooks = hooks
  }

  deinit {
    var context: UnsafeMutablePointer<AVCodecContext>? = pointer
    avcodec_free_context(&context)
  }

  /// Its packets are to begin at multiples of 16 (`Packet.align`). libavcodec gives VA-API a VP8 frame without its header;
  /// NVDEC's driver needs that, and takes what lies before the data back to such a multiple for it.
  package var needsAlignedPackets: Bool { hooks.hardware != nil && pointer.pointee.codec_id == AV_CODEC_ID_VP8 }

  /// Gives the decoder a packet.
  package mutating func send(_ packet: borrowing Packet) -> Progress {
    progress(avcodec_send_packet(pointer, packet.pointer))
  }

  /// Tells the decoder that nothing follows: it gives out what it holds back.
  package mutating func drain() {
    guard !isDraining else { return }
    isDraining = true
    // Entering drain mode fails only when it was entered before.
    _ = avcodec_send_packet(pointer, nil)
  }

  /// Takes the next decoded frame.
  package mutating func receive(into frame: borrowing Frame) -> Progress {
    let progress = progress(avcodec_receive_frame(pointer, frame.pointer))
    if progress == .done { hooks.damage.check(frame) }
    return progress
  }

  /// Forgets everything in flight; the next packet must be a seek point.
  package mutating func flush() {
    avcodec_flush_buffers(pointer)
    hooks.damage.forget()
    // Threads that were in flight may have failed after the failure that was taken.
    _ = hooks.takeError()
    _ = hooks.hardware?.takeTrouble()
    isDraining = false
  }

  /// The reason of the last refused allocation, which libavcodec itself only calls ENOMEM; taken once.
  package func takeAllocationError() -> VABufError? { hooks.takeError() }

  /// The damage that the decoder met since this was last asked; a refused allocation looks like damage, so ask for that
  /// first. With frame threads the signs come up to as many packets early as there are threads, never late.
  package func takeDamage() -> DamageSigns { hooks.damage.take() }

  /// Why decoding in hardware failed, as far as that is the reason; taken once.
  package func takeHardwareTrouble() -> HardwareTrouble? { hooks.hardware?.takeTrouble() }

  /// The first decoder of a codec; for hardware, the first that libavcodec can combine with VA-API.
  private static func find(_ id: AVCodecID, inHardware: Bool) throws(FFmpegError) -> UnsafePointer<AVCodec> {
    guard let first = avcodec_find_decoder(id) else {
      throw FFmpegError(call: "avcodec_find_decoder", code: .decoderNotFound)
    }
    guard inHardware, !takesHardware(first) else { return first }
    var position: UnsafeMutableRawPointer?
    while let codec = av_codec_iterate(&position) {
      if codec.pointee.id == id, av_codec_is_decoder(codec) != 0, takesHardware(codec) { return codec }
    }
    throw FFmpegError(call: "avcodec_get_hw_config", code: .decoderNotFound)
  }

  /// Whether any of FFmpeg's decoders of a codec can decode by VA-API.
  ///
  /// - Parameter codec: FFmpeg's name, as `h264`.
  package static func knowsVAAPI(_ codec: String) -> Bool {
    guard let descriptor = avcodec_descriptor_get_by_name(codec) else { return false }
    do throws(FFmpegError) {
      _ = try find(descriptor.pointee.id, inHardware: true)
      return true
    } catch {
      return false
    }
  }

  private static func takesHardware(_ codec: UnsafePointer<AVCodec>) -> Bool {
    var index: Int32 = 0
    while let config = avcodec_get_hw_config(codec, index) {
      let isByFrames = config.pointee.methods & Int32(AV_CODEC_HW_CONFIG_METHOD_HW_FRAMES_CTX) != 0
      if config.pointee.device_type == AV_HWDEVICE_TYPE_VAAPI, isByFrames { return true }
      index += 1
    }
    return false
  }

  /// FFmpeg's name of the decoder, as `libdav1d`.
  package var decoderName: String { pointer.pointee.codec.map { String(cString: $0.pointee.name) } ?? "" }

  private func progress(_ result: Int32) -> Progress {
    switch result {
    case 0...: return .done
    case VABUF_ERROR_EAGAIN: return .again
    case VABUF_ERROR_EOF: return .ended
    default:
      hooks.damage.noteRejection()
      return .failed(AVErrorCode(rawValue: result))
    }
  }
}
