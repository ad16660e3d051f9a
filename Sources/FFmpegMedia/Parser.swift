internal import CAVCodec
internal import CAVFormat
internal import CAVUtil
internal import CSWScale

/// Which part of a frame a packet's first picture is.
package enum PictureStructure: UInt8, Sendable {
  case unknown, frame, topField, bottomField
}

/// What libavcodec's parser reads from the headers of one packet.
package struct ParsedPicture: Hashable, Sendable {
  package var structure: PictureStructure
  /// Position in output order within a coded video sequence: the picture order count of H.264 and HEVC.
  package var outputNumber: Int32
}

/// Owns an `AVCodecParserContext` that reads headers of whole packets; it decodes nothing.
///
/// Used by one thread at a time.
package struct Parser: ~Copyable {
  private let pointer: UnsafeMutablePointer<AVCodecParserContext>
  private let context: UnsafeMutablePointer<AVCodecContext>

  /// - Returns: nil where libavcodec has no parser for the codec.
  package init?(stream index: Int, of format: borrowing FormatContext) throws(FFmpegError) {
    guard let parameters = format.stream(index)?.pointee.codecpar else { return nil }
    guard let parser = av_parser_init(Int32(parameters.pointee.codec_id.rawValue)) else { return nil }
    parser.pointee.flags |= PARSER_FLAG_COMPLETE_FRAMES
    var codec = avcodec_alloc_context3(nil)
    let result = codec == nil ? VABUF_ERROR_ENOMEM : avcodec_parameters_to_context(codec, parameters)
    guard result >= 0, let codec else {
      avcodec_free_context(&codec)
      av_parser_close(parser)
      throw FFmpegError(call: "avcodec_parameters_to_context", code: AVErrorCode(rawValue: result))
    }
    self.pointer = parser
    self.context = codec
  }

  deinit {
    av_parser_close(pointer)
    var context: UnsafeMutablePointer<AVCodecContext>? = context
    avcodec_free_context(&context)
  }

  /// Reads the headers of a packet; packets must come in the order of the stream.
  package mutating func parse(_ packet: borrowing Packet) -> ParsedPicture {
    let data = packet.pointer.pointee.data
    var output: UnsafeMutablePointer<UInt8>?
    var outputSize: Int32 = 0
    // With complete frames the parser only looks: the result is the packet itself.
    _ = av_parser_parse2(
      pointer, context, &output, &outputSize, data, packet.pointer.pointee.size, packet.pointer.pointee.pts,
      packet.pointer.pointee.dts, packet.pointer.pointee.pos)
    let structure: PictureStructure =
      switch pointer.pointee.picture_structure {
      case AV_PICTURE_STRUCTURE_FRAME: .frame
      case AV_PICTURE_STRUCTURE_TOP_FIELD: .topField
      case AV_PICTURE_STRUCTURE_BOTTOM_FIELD: .bottomField
      default: .unknown
      }
    return ParsedPicture(
      structure: structure, outputNumber: pointer.pointee.output_picture_number)
  }
}
