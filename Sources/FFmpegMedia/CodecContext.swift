package import FrameModel

internal import CAVCodec
internal import CAVFormat
internal import CAVUtil
internal import CSWScale

/// How a decoder is opened.
package struct DecoderOptions: Hashable, Sendable {
  /// Threads; 0 lets libavcodec choose, most decoders one a core and one more, 16 at most.
  package var threads: Int
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
    guard let codec = avcodec_find_decoder(parameters.pointee.codec_id) else {
      throw FFmpegError(call: "avcodec_find_decoder", code: .decoderNotFound)
    }
    _ = DecoderHooks.watchLog
    let hooks = DecoderHooks(allocator, clearsMemory: options.isRepeatable)
    let context = try checkMemory("avcodec_alloc_context3", avcodec_alloc_context3(codec))
    do {
      try check("avcodec_parameters_to_context", avcodec_parameters_to_context(context, parameters))
      context.pointee.pkt_timebase = stream.pointee.time_base
      context.pointee.thread_count = Int32(options.threads)
      context.pointee.opaque = Unmanaged.passUnretained(hooks).toOpaque()
      context.pointee.get_buffer2 = DecoderHooks.getBuffer
      DecoderHooks.allowFrameThreads(context)
      try check("avcodec_open2", avcodec_open2(context, codec, nil))
    } catch {
      var failed: UnsafeMutablePointer<AVCodecContext>? = context
      avcodec_free_context(&failed)
      throw error
    }
    // What is wrong with the codec's headers shows in the pictures, or does not matter.
    hooks.forgetDamage()
    self.pointer = context
    self.hooks = hooks
  }

  deinit {
    var context: UnsafeMutablePointer<AVCodecContext>? = pointer
    avcodec_free_context(&context)
  }

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
    if progress == .done { hooks.check(frame) }
    return progress
  }

  /// Forgets everything in flight; the next packet must be a seek point.
  package mutating func flush() {
    avcodec_flush_buffers(pointer)
    hooks.forgetDamage()
    isDraining = false
  }

  /// The reason of the last refused allocation, which libavcodec itself only calls ENOMEM; taken once.
  package func takeAllocationError() -> VABufError? { hooks.takeError() }

  /// The damage that the decoder met since this was last asked; a refused allocation looks like damage, so ask for that
  /// first. With frame threads the signs come up to as many packets early as there are threads, never late.
  package func takeDamage() -> DamageSigns { hooks.takeDamage() }

  /// FFmpeg's name of the decoder, as `libdav1d`.
  package var decoderName: String { pointer.pointee.codec.map { String(cString: $0.pointee.name) } ?? "" }

  private func progress(_ result: Int32) -> Progress {
    switch result {
    case 0...: return .done
    case VABUF_ERROR_EAGAIN: return .again
    case VABUF_ERROR_EOF: return .ended
    default:
      hooks.noteRejection()
      return .failed(AVErrorCode(rawValue: result))
    }
  }
}
