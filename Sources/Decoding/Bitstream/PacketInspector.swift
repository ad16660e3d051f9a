package import FFmpegMedia
package import FrameModel

/// Reads the headers of a stream's packets, one after the other, whatever the codec.
package struct PacketInspector: ~Copyable {
  private enum Codec {
    case h264(H264Inspector)
    case hevc(HEVCInspector)
    case mpeg2(MPEG2Inspector)
    case mjpeg(MJPEGInspector)
    case vp8
    case vp9
    case av1(AV1Inspector)
    /// Every packet is a picture of its own.
    case intraOnly
    case unknown
  }

  private var codec: Codec
  private var parser: Parser?

  package init(stream: StreamDescription, of format: borrowing FormatContext) throws(FFmpegError) {
    let extradata = format.extradata(of: stream.index)
    switch stream.codec {
    case "h264":
      codec = .h264(H264Inspector(extradata: extradata))
      parser = try Parser(stream: stream.index, of: format)
    case "hevc":
      codec = .hevc(HEVCInspector(extradata: extradata))
      parser = try Parser(stream: stream.index, of: format)
    case "mpeg2video", "mpeg1video": codec = .mpeg2(MPEG2Inspector())
    case "mjpeg": codec = .mjpeg(MJPEGInspector())
    case "vp8": codec = .vp8
    case "vp9": codec = .vp9
    case "av1": codec = .av1(AV1Inspector(extradata: extradata))
    default: codec = stream.isIntraOnly ? .intraOnly : .unknown
    }
  }

  package mutating func inspect(_ packet: borrowing Packet) -> PictureFacts {
    let parsed = parser?.parse(packet)
    var facts = packet.withBytes { bytes -> PictureFacts in
      switch codec {
      case .h264(var inspector):
        let facts = inspector.inspect(bytes, parsed: parsed)
        codec = .h264(inspector)
        return facts
      case .hevc(var inspector):
        let facts = inspector.inspect(bytes, parsed: parsed)
        codec = .hevc(inspector)
        return facts
      case .mpeg2(var inspector):
        let facts = inspector.inspect(bytes)
        codec = .mpeg2(inspector)
        return facts
      case .mjpeg(var inspector):
        let facts = inspector.inspect(bytes)
        codec = .mjpeg(inspector)
        return facts
      case .vp8: return VP8Inspector.inspect(bytes)
      case .vp9: return VP9Inspector.inspect(bytes)
      case .av1(var inspector):
        let facts = inspector.inspect(bytes)
        codec = .av1(inspector)
        return facts
      case .intraOnly:
        var facts = PictureFacts()
        facts.entry = .exact
        return facts
      case .unknown:
        var facts = PictureFacts()
        facts.entry = packet.isKey ? .leading : .none
        facts.doubts = .codec
        return facts
      }
    }
    if packet.isCorrupt { facts.doubts.insert(.damage) }
    return facts
  }
}
