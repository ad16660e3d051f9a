package import FrameModel

internal import CAVCodec
internal import CAVFormat
internal import CAVUtil
internal import CSWScale

/// Turns pictures into PNG files: libswscale to RGB, then libavcodec's encoder. Owns nothing between two pictures.
package enum PictureEncoder {
  /// The PNG file of a picture: 8 bits a sample, 16 where the picture has more; opacity is kept.
  ///
  /// Colours follow the frame's matrix and range. Where the stream does not say, they are taken as players take them:
  /// BT.709 from 720 rows on and BT.601 below, limited range. The picture is not rotated; pixels that are not square
  /// are noted in the file.
  ///
  /// - Parameter base: what the offsets of the layout count from.
  package static func png(_ descriptor: FrameDescriptor, base: UnsafeMutableRawPointer) throws(FFmpegError) -> [UInt8] {
    let source = try Frame()
    try wrap(descriptor.layout, base, into: source)
    let picture = try Frame()
    let format = target(of: descriptor.layout.format)
    picture.pointer.pointee.format = format.rawValue
    picture.pointer.pointee.width = source.pointer.pointee.width
    picture.pointer.pointee.height = source.pointer.pointee.height
    try check("av_frame_get_buffer", av_frame_get_buffer(picture.pointer, 0))
    let scaler = try Scaler(from: source, to: picture, descriptor)
    try scaler.convert(source, picture)
    return try encode(picture, sampleAspectRatio: descriptor.sampleAspectRatio)
  }

  /// The picture in red, green and blue bytes without padding, scaled; colours as in `png`.
  ///
  /// - Parameter base: what the offsets of the layout count from.
  package static func rgb(
    _ descriptor: FrameDescriptor, base: UnsafeMutableRawPointer, width: Int, height: Int
  ) throws(FFmpegError) -> [UInt8] {
    let source = try Frame()
    try wrap(descriptor.layout, base, into: source)
    let picture = try rgbFrame(width, height)
    let scaler = try Scaler(from: source, to: picture, descriptor)
    try scaler.convert(source, picture)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(width * height * 3)
    let frame = picture.pointer.pointee
    for row in 0..<height {
      guard let start = frame.data.0 else { throw FFmpegError(call: "av_frame_get_buffer", code: .outOfMemory) }
      bytes.append(contentsOf: UnsafeBufferPointer(start: start + row * Int(frame.linesize.0), count: width * 3))
    }
    return bytes
  }

  /// The PNG file of red, green and blue bytes without padding.
  package static func png(rgb bytes: [UInt8], width: Int, height: Int) throws(FFmpegError) -> [UInt8] {
    precondition(bytes.count == width * height * 3, "bytes of another size")
    let picture = try rgbFrame(width, height)
    let frame = picture.pointer.pointee
    guard let start = frame.data.0 else { throw FFmpegError(call: "av_frame_get_buffer", code: .outOfMemory) }
    for row in 0..<height {
      let rest = bytes[(row * width * 3)..<((row + 1) * width * 3)]
      (start + row * Int(frame.linesize.0)).update(from: Array(rest), count: width * 3)
    }
    return try encode(picture, sampleAspectRatio: Rational(0, 1))
  }

  private static func rgbFrame(_ width: Int, _ height: Int) throws(FFmpegError) -> Frame {
    let picture = try Frame()
    picture.pointer.pointee.format = AV_PIX_FMT_RGB24.rawValue
    picture.pointer.pointee.width = Int32(clamping: width)
    picture.pointer.pointee.height = Int32(clamping: height)
    try check("av_frame_get_buffer", av_frame_get_buffer(picture.pointer, 0))
    return picture
  }

  private static func target(of format: PixelFormat) -> AVPixelFormat {
    let hasAlpha = format.traits.contains(.alpha)
    guard format.bitsPerComponent > 8 else { return hasAlpha ? AV_PIX_FMT_RGBA : AV_PIX_FMT_RGB24 }
    return hasAlpha ? AV_PIX_FMT_RGBA64BE : AV_PIX_FMT_RGB48BE
  }

  /// Lets a frame that owns no memory point to the planes.
  private static func wrap(
    _ layout: PictureLayout, _ base: UnsafeMutableRawPointer, into frame: borrowing Frame
  ) throws(FFmpegError) {
    let format = av_get_pix_fmt(layout.format.name)
    guard format != AV_PIX_FMT_NONE, layout.planes.count <= 4 else {
      throw FFmpegError(call: "av_get_pix_fmt", code: .invalidData)
    }
    func start(_ plane: Int) -> UnsafeMutablePointer<UInt8>? {
      guard plane < layout.planes.count else { return nil }
      return (base + layout.planes[plane].offset).assumingMemoryBound(to: UInt8.self)
    }
    func stride(_ plane: Int) -> Int32 { plane < layout.planes.count ? Int32(layout.planes[plane].stride) : 0 }
    frame.pointer.pointee.format = format.rawValue
    frame.pointer.pointee.width = Int32(layout.width)
    frame.pointer.pointee.height = Int32(layout.height)
    frame.pointer.pointee.data = (start(0), start(1), start(2), start(3), nil, nil, nil, nil)
    frame.pointer.pointee.linesize = (stride(0), stride(1), stride(2), stride(3), 0, 0, 0, 0)
  }

  private static func encode(
    _ picture: borrowing Frame, sampleAspectRatio: Rational
  ) throws(FFmpegError) -> [UInt8] {
    guard let codec = avcodec_find_encoder(AV_CODEC_ID_PNG) else {
      throw FFmpegError(call: "avcodec_find_encoder(png)", code: .encoderNotFound)
    }
    let frame = picture.pointer.pointee
    var context: UnsafeMutablePointer<AVCodecContext>? = try checkMemory(
      "avcodec_alloc_context3", avcodec_alloc_context3(codec))
    defer { avcodec_free_context(&context) }
    let encoder = try checkMemory("avcodec_alloc_context3", context)
    encoder.pointee.width = frame.width
    encoder.pointee.height = frame.height
    encoder.pointee.pix_fmt = AVPixelFormat(frame.format)
    encoder.pointee.time_base = AVRational(num: 1, den: 1)
    encoder.pointee.thread_count = 1
    if sampleAspectRatio.numerator > 0, sampleAspectRatio.denominator > 0 {
      encoder.pointee.sample_aspect_ratio = AVRational(
        num: sampleAspectRatio.numerator, den: sampleAspectRatio.denominator)
    }
    try check("avcodec_open2", avcodec_open2(encoder, codec, nil))
    try check("avcodec_send_frame", avcodec_send_frame(encoder, picture.pointer))
    let packet = try Packet()
    try check("avcodec_receive_packet", avcodec_receive_packet(encoder, packet.pointer))
    return packet.withBytes { Array($0) }
  }
}

/// Owns an `SwsContext` for one kind of picture.
private struct Scaler: ~Copyable {
  private let context: OpaquePointer

  init(from source: borrowing Frame, to target: borrowing Frame, _ descriptor: FrameDescriptor) throws(FFmpegError) {
    let context = try checkMemory("sws_alloc_context", sws_alloc_context())
    do {
      let options = UnsafeMutableRawPointer(context)
      let flags = SWS_BICUBIC | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT | SWS_FULL_CHR_H_INP
      let site = Self.chromaSite(descriptor)
      for (name, value) in [
        ("srcw", source.pointer.pointee.width), ("srch", source.pointer.pointee.height),
        ("src_format", source.pointer.pointee.format), ("dstw", target.pointer.pointee.width),
        ("dsth", target.pointer.pointee.height), ("dst_format", target.pointer.pointee.format),
        ("sws_flags", flags), ("src_h_chr_pos", site.x), ("src_v_chr_pos", site.y),
      ] { try check("av_opt_set_int(swscale)", av_opt_set_int(options, name, Int64(value), 0)) }
      try check("sws_init_context", sws_init_context(context, nil, nil))
      let table = sws_getCoefficients(try Self.matrix(descriptor))
      let isFull = descriptor.color.range == "full" || descriptor.layout.format.name.hasPrefix("yuvj")
      // Without effect, and refused with -1, where neither side has luma and chroma.
      let set = sws_setColorspaceDetails(context, table, isFull ? 1 : 0, table, 1, 0, 1 << 16, 1 << 16)
      if !descriptor.layout.format.traits.contains(.rgb), descriptor.layout.format.componentCount > 2 {
        try check("sws_setColorspaceDetails", set)
      }
    } catch {
      sws_freeContext(context)
      throw error
    }
    self.context = context
  }

  deinit { sws_freeContext(context) }

  func convert(_ source: borrowing Frame, _ target: borrowing Frame) throws(FFmpegError) {
    let rows = withUnsafePointer(to: source.pointer.pointee) { source in
      withUnsafePointer(to: target.pointer.pointee) { target in
        scale(UnsafeMutablePointer(mutating: source), UnsafeMutablePointer(mutating: target))
      }
    }
    try check("sws_scale", rows)
    guard rows == target.pointer.pointee.height else { throw FFmpegError(call: "sws_scale", code: .invalidData) }
  }

  private func scale(_ source: UnsafeMutablePointer<AVFrame>, _ target: UnsafeMutablePointer<AVFrame>) -> Int32 {
    let (from, to) = (source.pointee, target.pointee)
    let fromPlanes = [from.data.0, from.data.1, from.data.2, from.data.3].map { $0.map { UnsafePointer($0) } }
    let fromStrides = [from.linesize.0, from.linesize.1, from.linesize.2, from.linesize.3]
    let toPlanes = [to.data.0, to.data.1, to.data.2, to.data.3]
    let toStrides = [to.linesize.0, to.linesize.1, to.linesize.2, to.linesize.3]
    return sws_scale(context, fromPlanes, fromStrides, 0, from.height, toPlanes, toStrides)
  }

  /// libswscale's number of the matrix between luma-chroma and RGB.
  private static func matrix(_ descriptor: FrameDescriptor) throws(FFmpegError) -> Int32 {
    switch descriptor.color.matrix {
    case "bt709": return SWS_CS_ITU709
    case "fcc": return SWS_CS_FCC
    case "bt470bg", "smpte170m": return SWS_CS_ITU601
    case "smpte240m": return SWS_CS_SMPTE240M
    case "bt2020nc", "bt2020c": return SWS_CS_BT2020
    case nil, "gbr", "reserved", "unknown":
      return descriptor.layout.height >= 720 ? SWS_CS_ITU709 : SWS_CS_ITU601
    default:
      // YCgCo, ICtCp and the like: wrong colours would not be noticed.
      guard descriptor.layout.format.traits.contains(.rgb) else {
        throw FFmpegError(
          call: "sws_setColorspaceDetails(\(descriptor.color.matrix ?? ""))", code: .notImplemented)
      }
      return SWS_CS_ITU709
    }
  }

  /// Where chroma samples lie, in 256ths of a luma sample; -513 leaves it to libswscale.
  private static func chromaSite(_ descriptor: FrameDescriptor) -> (x: Int32, y: Int32) {
    let format = descriptor.layout.format
    guard format.log2ChromaWidth == 1, !format.traits.contains(.rgb) else { return (-513, -513) }
    let site = descriptor.color.chromaLocation ?? "left"
    let isCentred = site == "center" || site == "top" || site == "bottom"
    let x: Int32 = isCentred ? 128 : 0
    guard format.log2ChromaHeight == 1 else { return (x, -513) }
    return (x, site.hasPrefix("top") ? 0 : site.hasPrefix("bottom") ? 256 : 128)
  }
}
