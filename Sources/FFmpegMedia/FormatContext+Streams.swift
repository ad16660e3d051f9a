internal import CAVCodec
internal import CAVFormat
internal import CAVUtil
internal import CSWScale
internal import CVABufShims

/// How it is found out what the streams of a file are. Headers of containers say too little to decode by.
extension FormatContext {
  /// Learns what the header does not say, from the first packets. To know what pictures there are libavformat decodes the
  /// first one, which costs as much as the first frame does; not where `askDecoder` was answered.
  package mutating func findStreams() throws(FFmpegError) {
    var options: [OpaquePointer?] = Array(repeating: nil, count: streamCount)
    defer { for index in options.indices { av_dict_free(&options[index]) } }
    for index in options.indices {
      guard let parameters = stream(index)?.pointee.codecpar, parameters.pointee.codec_id == AV_CODEC_ID_H264,
        parameters.pointee.format != AV_PIX_FMT_NONE.rawValue
      else { continue }
      // It would decode even then, to see how far pictures are reordered.
      try check("av_dict_set", av_dict_set(&options[index], "skip_frame", "all", 0))
    }
    let result = options.withUnsafeMutableBufferPointer { avformat_find_stream_info(pointer, $0.baseAddress) }
    try check("avformat_find_stream_info", result)
  }

  /// Lets a decoder say what pictures a stream has, before `findStreams`, without decoding one: it gets the first packet, and
  /// is refused memory for the picture. It has read all headers by then.
  ///
  /// Does nothing where that would not do: the header says it already, or libavformat learns more than that by decoding. Of
  /// H.264 it learns how far pictures are reordered, where the stream does not say, and makes up the DTS by that, where the
  /// container has none.
  package mutating func askDecoder(of stream: Int) throws(FFmpegError) {
    guard let parameters = self.stream(stream)?.pointee.codecpar,
      parameters.pointee.format == AV_PIX_FMT_NONE.rawValue, answers(parameters.pointee.codec_id),
      let codec = avcodec_find_decoder(parameters.pointee.codec_id)
    else { return }
    let packet = try firstPacket(of: stream)
    var context: UnsafeMutablePointer<AVCodecContext>? = try checkMemory(
      "avcodec_alloc_context3", avcodec_alloc_context3(codec))
    defer { avcodec_free_context(&context) }
    guard let context, avcodec_parameters_to_context(context, parameters) >= 0 else { return }
    context.pointee.has_b_frames = 0
    context.pointee.thread_count = 1
    context.pointee.thread_type = 0
    // It complains of what it is refused.
    context.pointee.log_level_offset = AV_LOG_TRACE
    context.pointee.get_buffer2 = { context, _, _ in
      context?.pointee.opaque = UnsafeMutableRawPointer(context)
      return VABUF_ERROR_EXIT
    }
    guard avcodec_open2(context, codec, nil) >= 0 else { return }
    // Fails always; what counts is how far it came.
    _ = avcodec_send_packet(context, packet.pointer)
    guard context.pointee.opaque != nil, context.pointee.width == parameters.pointee.width,
      context.pointee.height == parameters.pointee.height
    else { return }
    if context.pointee.codec_id == AV_CODEC_ID_H264 {
      let depth = context.pointee.has_b_frames
      guard depth > 0, depth >= parameters.pointee.video_delay else { return }
    }
    try check("avcodec_parameters_from_context", avcodec_parameters_from_context(parameters, context))
  }

  /// Whether a decoder of the codec knows all that libavformat would learn by decoding.
  private func answers(_ codec: AVCodecID) -> Bool {
    switch codec {
    case AV_CODEC_ID_VP9: hasPacketTable || containerName.hasPrefix("matroska,")
    case AV_CODEC_ID_H264: hasPacketTable
    default: false
    }
  }

  /// The first packet of a stream, which is still to be read after this; empty where it cannot be had.
  private mutating func firstPacket(of number: Int) throws(FFmpegError) -> Packet {
    var packet = try Packet()
    if hasPacketTable, let input = pointer.pointee.pb, let entry = avformat_index_get_entry(stream(number), 0) {
      let place = avio_tell(input)
      if avio_seek(input, entry.pointee.pos, SEEK_SET) >= 0 {
        _ = av_get_packet(input, packet.pointer, entry.pointee.size)
      }
      let back = avio_seek(input, place, SEEK_SET)
      guard back >= 0 else { throw FFmpegError(call: "avio_seek", code: AVErrorCode(rawValue: Int32(clamping: back))) }
    } else {
      // What was read does not come again.
      var other = try FormatContext(path: path, interrupt: interrupt)
      other.select(stream: number)
      _ = other.read(into: &packet)
    }
    return packet
  }
}
