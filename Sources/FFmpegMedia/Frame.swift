package import FrameModel

internal import CAVCodec
internal import CAVFormat
internal import CAVUtil
internal import CSWScale
internal import CVABufShims

/// Owns an `AVFrame`: a reference to one decoded picture.
///
/// Used by one thread at a time; its picture is shared, read-only, with the decoder.
package struct Frame: ~Copyable {
  let pointer: UnsafeMutablePointer<AVFrame>

  package init() throws(FFmpegError) {
    pointer = try checkMemory("av_frame_alloc", av_frame_alloc())
  }

  // Drops references to memory; of software frames that is a count and, at zero, a return to the pool. No decoder
  // is called, so any thread may do it.
  deinit {
    var frame: UnsafeMutablePointer<AVFrame>? = pointer
    av_frame_free(&frame)
  }

  /// The tag of the packet that the frame was decoded from (`Packet.tag`); nil where the decoder lost it.
  package var packetTag: Int64? { pointer.pointee.pts == VABUF_NOPTS_VALUE ? nil : pointer.pointee.pts }
  package var width: Int { Int(pointer.pointee.width) }
  package var height: Int { Int(pointer.pointee.height) }

  /// The decoder met damage and concealed it, or decoded from references that it did not have.
  package var isDamaged: Bool {
    pointer.pointee.decode_error_flags != 0 || pointer.pointee.flags & AV_FRAME_FLAG_CORRUPT != 0
  }

  package var fieldOrder: FieldOrder {
    guard vabuf_frame_is_interlaced(pointer) else { return .progressive }
    return vabuf_frame_is_top_field_first(pointer) ? .topFirst : .bottomFirst
  }

  package var sampleAspectRatio: Rational { Rational(pointer.pointee.sample_aspect_ratio) }

  package var color: ColorDescription {
    let frame = pointer.pointee
    func name(_ text: UnsafePointer<CChar>?, _ known: Bool) -> String? {
      known ? text.map { String(cString: $0) } : nil
    }
    return ColorDescription(
      range: frame.color_range == AVCOL_RANGE_JPEG ? "full" : frame.color_range == AVCOL_RANGE_MPEG ? "limited" : nil,
      matrix: name(av_color_space_name(frame.colorspace), frame.colorspace != AVCOL_SPC_UNSPECIFIED),
      primaries: name(
        av_color_primaries_name(frame.color_primaries), frame.color_primaries != AVCOL_PRI_UNSPECIFIED),
      transfer: name(av_color_transfer_name(frame.color_trc), frame.color_trc != AVCOL_TRC_UNSPECIFIED),
      chromaLocation: name(
        av_chroma_location_name(frame.chroma_location), frame.chroma_location != AVCHROMA_LOC_UNSPECIFIED))
  }

  package var hdr: HDRMetadata? {
    var hdr = HDRMetadata()
    if let side = av_frame_get_side_data(pointer, AV_FRAME_DATA_MASTERING_DISPLAY_METADATA) {
      side.pointee.data.withMemoryRebound(to: AVMasteringDisplayMetadata.self, capacity: 1) { pointer in
        let display = pointer.pointee
        func point(_ p: (AVRational, AVRational)) -> SIMD2<Double> { SIMD2(av_q2d(p.0), av_q2d(p.1)) }
        if display.has_primaries != 0 {
          let primaries = display.display_primaries
          hdr.primaries = [
            point(primaries.0), point(primaries.1), point(primaries.2), point(display.white_point),
          ]
        }
        let (low, high) = (av_q2d(display.min_luminance), av_q2d(display.max_luminance))
        if display.has_luminance != 0, low <= high { hdr.luminance = low...high }
      }
    }
    if let side = av_frame_get_side_data(pointer, AV_FRAME_DATA_CONTENT_LIGHT_LEVEL) {
      side.pointee.data.withMemoryRebound(to: AVContentLightMetadata.self, capacity: 1) { light in
        hdr.maxContentLightLevel = Int(light.pointee.MaxCLL)
        hdr.maxFrameAverageLightLevel = Int(light.pointee.MaxFALL)
      }
    }
    return hdr == HDRMetadata() ? nil : hdr
  }

  /// The shape of the frame, from `known` where that is the same.
  package func shape(known: PictureShape?) -> PictureShape? {
    let frame = pointer.pointee
    if let known, known.format == frame.format, known.width == frame.width, known.height == frame.height {
      return known
    }
    return PictureShape(format: frame.format, width: frame.width, height: frame.height)
  }

  /// What there is to know of a frame in a surface.
  package struct Surface {
    package let surface: any LeasedSurface
    package let shape: SurfaceShape
    /// The `AVPixelFormat` that a software decoder gives for the picture.
    package let softwareFormat: Int32
    /// Of the visible picture, in pixels from the upper left of the surface. Hardware frames come cropped right and
    /// bottom only.
    package let left: Int
    package let top: Int
    package let width: Int
    package let height: Int
  }

  /// The surface that holds the picture; nil for a frame in host memory.
  package var surface: Surface? {
    guard let holder = SurfaceHolder.of(pointer) else { return nil }
    let (left, top) = (Int(pointer.pointee.crop_left), Int(pointer.pointee.crop_top))
    return Surface(
      surface: holder.surface, shape: holder.shape, softwareFormat: holder.softwareFormat, left: left, top: top,
      width: width - left, height: height - top)
  }

  /// The pool's buffer that holds the picture, if a decoder wrote it straight into one.
  package var hostBuffer: (any HostBuffer)? { PictureMemory.buffer(of: pointer) }

  /// Where the planes lie, as offsets from `base`.
  package func layout(_ shape: PictureShape, base: UnsafeMutableRawPointer) -> PictureLayout {
    var planes: [PlaneLayout] = []
    planes.reserveCapacity(shape.rows.count)
    forEachPlane(shape) { plane, start, stride in
      planes.append(
        PlaneLayout(
          offset: start - UnsafeRawPointer(base), stride: stride, rowBytes: shape.rowBytes[plane],
          rows: shape.rows[plane]))
    }
    return PictureLayout(
      width: Int(shape.width), height: Int(shape.height), format: shape.pixelFormat, planes: planes)
  }

  /// Calls `body` with the visible bytes of each row of each plane.
  package func forEachRow(_ shape: PictureShape, _ body: (UnsafeRawBufferPointer) -> Void) {
    forEachPlane(shape) { plane, start, stride in
      for row in 0..<shape.rows[plane] {
        body(UnsafeRawBufferPointer(start: start + row * stride, count: shape.rowBytes[plane]))
      }
    }
  }

  private func forEachPlane(_ shape: PictureShape, _ body: (Int, UnsafeRawPointer, Int) -> Void) {
    withUnsafePointer(to: pointer.pointee.data) { data in
      withUnsafePointer(to: pointer.pointee.linesize) { strides in
        data.withMemoryRebound(to: UnsafeMutablePointer<UInt8>?.self, capacity: 8) { data in
          strides.withMemoryRebound(to: Int32.self, capacity: 8) { strides in
            for plane in shape.rows.indices {
              guard let start = data[plane] else { continue }
              body(plane, UnsafeRawPointer(start), Int(strides[plane]))
            }
          }
        }
      }
    }
  }

  /// Moves a picture that a decoder allocated by itself into memory of `allocator`: the one copy of a decoder that
  /// cannot write into the pool.
  package consuming func moved(to allocator: any HostAllocator) throws -> Frame {
    let copy = try Frame()
    copy.pointer.pointee.format = pointer.pointee.format
    copy.pointer.pointee.width = pointer.pointee.width
    copy.pointer.pointee.height = pointer.pointee.height
    try PictureMemory.attach(to: copy.pointer, codedWidth: width, codedHeight: height, alignments: nil, allocator)
    try check("av_frame_copy_props", av_frame_copy_props(copy.pointer, pointer))
    try check("av_frame_copy", av_frame_copy(copy.pointer, pointer))
    return copy
  }
}
