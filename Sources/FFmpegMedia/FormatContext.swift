package import FrameModel

internal import CAVCodec
internal import CAVFormat
internal import CAVUtil
internal import CSWScale
internal import CVABufShims

#if canImport(Glibc)
  internal import Glibc
#endif

/// Owns an `AVFormatContext`: an opened file.
///
/// Used by one thread at a time.
package struct FormatContext: ~Copyable {
  let pointer: UnsafeMutablePointer<AVFormatContext>
  let path: String
  let interrupt: InterruptFlag

  /// Opens a file and reads its header: which streams there are, and what it says of them. `findStreams` has to follow before
  /// packets are read.
  package init(path: String, interrupt: InterruptFlag) throws(FFmpegError) {
    FFmpegLog.watch
    // The demuxer of pictures takes a name with a % for those of several, also where a file has that very name.
    var options: OpaquePointer?
    defer { av_dict_free(&options) }
    if path.contains("%"), access(path, F_OK) == 0 {
      try check("av_dict_set", av_dict_set(&options, "pattern_type", "none", 0))
    }
    var context: UnsafeMutablePointer<AVFormatContext>? = try checkMemory(
      "avformat_alloc_context", avformat_alloc_context())
    context?.pointee.interrupt_callback.opaque = Unmanaged.passUnretained(interrupt).toOpaque()
    context?.pointee.interrupt_callback.callback = InterruptFlag.isRaised
    // Without the prefix a name with a colon would be taken for a protocol.
    try check("avformat_open_input", avformat_open_input(&context, "file:" + path, nil, &options))
    self.pointer = try checkMemory("avformat_open_input", context)
    self.path = path
    self.interrupt = interrupt
  }

  deinit {
    var context: UnsafeMutablePointer<AVFormatContext>? = pointer
    avformat_close_input(&context)
  }

  /// FFmpeg's name of the container, as `mov,mp4,m4a,3gp,3g2,mj2`.
  package var containerName: String { String(cString: pointer.pointee.iformat.pointee.name) }

  /// A table in the file says where each packet lies, so that seeking to the first one is the same as opening the file. A
  /// Matroska file may be several one after the other.
  package var hasPacketTable: Bool { containerName.hasPrefix("mov,") }

  package var streamCount: Int { Int(pointer.pointee.nb_streams) }

  /// All video streams of the file, cover pictures too.
  package var videoStreams: [StreamDescription] {
    (0..<streamCount).compactMap { index in
      guard let stream = stream(index),
        stream.pointee.codecpar.pointee.codec_type == AVMEDIA_TYPE_VIDEO
      else { return nil }
      return describe(stream)
    }
  }

  /// Makes the demuxer skip the packets of all other streams.
  package mutating func select(stream wanted: Int) {
    for index in 0..<streamCount {
      stream(index)?.pointee.discard = index == wanted ? AVDISCARD_DEFAULT : AVDISCARD_ALL
    }
  }

  /// What reading came to.
  package enum ReadResult: Hashable, Sendable {
    case packet
    case end
    case failed(AVErrorCode)
  }

  /// Reads the next packet of any selected stream.
  package mutating func read(into packet: inout Packet) -> ReadResult {
    let result = av_read_frame(pointer, packet.pointer)
    if result >= 0 { return .packet }
    return result == VABUF_ERROR_EOF ? .end : .failed(AVErrorCode(rawValue: result))
  }

  /// Where to go on reading.
  package enum Target: Hashable, Sendable {
    /// A time in the stream's time base; lands at or before it, on what the container calls a keyframe.
    case time(Int64, stream: Int)
    /// A byte of the file.
    case byte(Int64)
  }

  package mutating func seek(to target: Target) throws(FFmpegError) {
    switch target {
    case .time(let time, let stream):
      try check(
        "av_seek_frame", av_seek_frame(pointer, Int32(stream), time, AVSEEK_FLAG_BACKWARD))
    case .byte(let position):
      try check("av_seek_frame", av_seek_frame(pointer, -1, position, AVSEEK_FLAG_BYTE))
    }
  }

  /// Bytes of the file; nil where unknown.
  package var byteCount: Int64? {
    let size = avio_size(pointer.pointee.pb)
    return size < 0 ? nil : size
  }

  /// Bytes read so far: the progress of a demuxing pass.
  package var bytePosition: Int64 { pointer.pointee.pb?.pointee.pos ?? 0 }

  /// The codec's out-of-band headers (avcC, hvcC, Annex B parameter sets); empty where there are none.
  package func extradata(of index: Int) -> [UInt8] {
    guard let parameters = stream(index)?.pointee.codecpar, let bytes = parameters.pointee.extradata else { return [] }
    return Array(UnsafeBufferPointer(start: bytes, count: Int(parameters.pointee.extradata_size)))
  }

  func stream(_ index: Int) -> UnsafeMutablePointer<AVStream>? {
    guard index >= 0, index < streamCount else { return nil }
    return pointer.pointee.streams[index]
  }

  private func describe(_ stream: UnsafeMutablePointer<AVStream>) -> StreamDescription? {
    guard let parameters = stream.pointee.codecpar else { return nil }
    var sample = stream.pointee.sample_aspect_ratio
    if sample.num == 0 { sample = parameters.pointee.sample_aspect_ratio }
    return StreamDescription(
      index: Int(stream.pointee.index),
      codec: String(cString: avcodec_get_name(parameters.pointee.codec_id)),
      profile: avcodec_profile_name(parameters.pointee.codec_id, parameters.pointee.profile).map {
        String(cString: $0)
      },
      width: Int(parameters.pointee.width),
      height: Int(parameters.pointee.height),
      pixelFormat: PixelFormat(AVPixelFormat(parameters.pointee.format)),
      timeBase: Rational(stream.pointee.time_base),
      averageFrameRate: Rational(stream.pointee.avg_frame_rate),
      nominalFrameRate: Rational(stream.pointee.r_frame_rate),
      rotation: rotation(of: stream),
      sampleAspectRatio: Rational(sample),
      reorderDepth: Int(parameters.pointee.video_delay),
      isInterlaced: ![AV_FIELD_UNKNOWN, AV_FIELD_PROGRESSIVE].contains(parameters.pointee.field_order),
      isAttachedPicture: stream.pointee.disposition & AV_DISPOSITION_ATTACHED_PIC != 0,
      duration: stream.pointee.duration == VABUF_NOPTS_VALUE ? nil : stream.pointee.duration)
  }

  private func rotation(of stream: UnsafeMutablePointer<AVStream>) -> Double {
    var size = 0
    guard let data = vabuf_stream_side_data(stream, AV_PKT_DATA_DISPLAYMATRIX, &size), size >= 36 else { return 0 }
    let degrees = data.withMemoryRebound(to: Int32.self, capacity: 9) { av_display_rotation_get($0) }
    return degrees.isNaN || degrees == 0 ? 0 : degrees
  }
}

extension Rational {
  init(_ value: AVRational) { self.init(value.num, value.den) }
}
