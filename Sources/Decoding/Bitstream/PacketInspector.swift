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
    case pictures
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
    case "mjpeg": codec = .mjpeg(MJPEGInspector(height: stream.height))
    case "vp8": codec = .vp8
    case "vp9": codec = .vp9
    case "av1": codec = .av1(AV1Inspector(extradata: extradata))
    default: codec = Self.onePictureCodecs.contains(stream.codec) ? .pictures : .unknown
    }
  }

  /// Those whose decoders in libavcodec give one picture for each packet, unless they complain, whatever came before. Not every
  /// codec whose packets decode by themselves (`AV_CODEC_PROP_INTRA_ONLY`) is one: Fraps has packets that repeat the picture
  /// before and give none, SMV JPEG has several pictures in one. What is not named here is decoded once to be indexed.
  private static let onePictureCodecs: Set = [
    "012v", "asv1", "asv2", "avrp", "avui", "ayuv", "bitpacked", "bmp", "cljr", "cllc", "dnxhd", "dpx",
    "dvvideo", "dxv", "exr", "ffvhuff", "hap", "huffyuv", "hymt", "jpeg2000", "jpegls", "jpegxl",
    "magicyuv", "notchlc", "pam", "pbm", "pgm", "pgmyuv", "ppm", "prores", "r10k", "r210", "rawvideo",
    "sgi", "sheervideo", "targa", "tiff", "utvideo", "v210", "v210x", "v308", "v408", "v410", "vble",
    "webp", "y41p", "ylc", "yuv4",
  ]

  package mutating func inspect(_ packet: borrowing Packet) -> PictureFacts {
    // It is not sent (`StreamDecoder`).
    guard packet.byteCount > 0 else {
      var facts = PictureFacts()
      facts.output = .none
      return facts
    }
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
      case .pictures:
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
