package import FrameModel

internal import CAVCodec
internal import CAVFormat
internal import CAVUtil
internal import CSWScale

extension PixelFormat {
  /// The format from FFmpeg's own table; nil for none, unknown and GPU formats.
  init?(_ format: AVPixelFormat) {
    guard let descriptor = av_pix_fmt_desc_get(format), let name = descriptor.pointee.name else { return nil }
    let flags = descriptor.pointee.flags
    guard flags & UInt64(AV_PIX_FMT_FLAG_HWACCEL) == 0 else { return nil }
    var traits: Traits = []
    for (flag, trait) in [
      (AV_PIX_FMT_FLAG_RGB, Traits.rgb), (AV_PIX_FMT_FLAG_ALPHA, .alpha), (AV_PIX_FMT_FLAG_PLANAR, .planar),
      (AV_PIX_FMT_FLAG_BE, .bigEndian), (AV_PIX_FMT_FLAG_PAL, .palette), (AV_PIX_FMT_FLAG_BITSTREAM, .bitstream),
      (AV_PIX_FMT_FLAG_FLOAT, .float),
    ] where flags & UInt64(flag) != 0 { traits.insert(trait) }
    let components = descriptor.pointee.comp
    let depths = [components.0.depth, components.1.depth, components.2.depth, components.3.depth]
    let count = Int(descriptor.pointee.nb_components)
    // av_pix_fmt_count_planes does not count the palette, which is a plane of memory all the same.
    let planes = traits.contains(.palette) ? 2 : max(1, Int(av_pix_fmt_count_planes(format)))
    self.init(
      name: String(cString: name), bitsPerComponent: Int(depths.prefix(count).max() ?? 0), componentCount: count,
      planeCount: planes, log2ChromaWidth: Int(descriptor.pointee.log2_chroma_w),
      log2ChromaHeight: Int(descriptor.pointee.log2_chroma_h), traits: traits)
  }
}

/// Remembers what FFmpeg's tables say of one format and size, so that a stream of equal frames asks once.
package struct PictureShape: Sendable {
  let format: Int32
  package let width: Int32
  package let height: Int32
  package let pixelFormat: PixelFormat
  /// Bytes of a row of each plane, without padding.
  package let rowBytes: [Int]
  /// Rows of each plane.
  package let rows: [Int]

  /// - Parameters:
  ///   - format: FFmpeg's number of the pixel format.
  ///   - width: in pixels.
  ///   - height: in pixels.
  package init?(format: Int32, width: Int32, height: Int32) {
    let avFormat = AVPixelFormat(format)
    guard let pixelFormat = PixelFormat(avFormat) else { return nil }
    var rowBytes: [Int] = []
    var rows: [Int] = []
    for plane in 0..<pixelFormat.planeCount {
      if plane == 1, pixelFormat.traits.contains(.palette) {
        rowBytes.append(1024)
        rows.append(1)
        continue
      }
      let bytes = av_image_get_linesize(avFormat, width, Int32(plane))
      guard bytes >= 0 else { return nil }
      let isChroma = (plane == 1 || plane == 2) && !pixelFormat.traits.contains(.rgb)
      let shift = isChroma ? pixelFormat.log2ChromaHeight : 0
      rowBytes.append(Int(bytes))
      rows.append((Int(height) + (1 << shift) - 1) >> shift)
    }
    self.format = format
    self.width = width
    self.height = height
    self.pixelFormat = pixelFormat
    self.rowBytes = rowBytes
    self.rows = rows
  }

  /// A picture that lies as a surface holds it.
  package init?(_ format: SurfaceFormat, width: Int32, height: Int32) {
    self.init(format: format.pixelFormat.rawValue, width: width, height: height)
  }
}
