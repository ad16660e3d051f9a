internal import CAVCodec
internal import CAVFormat
internal import CAVUtil
internal import CSWScale
internal import FrameModel
internal import Synchronization

/// Puts pictures of libavcodec into buffers of a pool: the owner of each `AVBuffer` that wraps one.
enum PictureMemory {
  /// Bytes that each plane starts aligned to. AVX-512 loads of libavcodec want 64.
  static let alignment = 64

  /// FFmpeg's own pool leaves this much behind each plane for SIMD that reads past the end
  /// (`update_frame_pool` in libavcodec/get_buffer.c: 16 + STRIDE_ALIGN - 1).
  static let tailPadding = 16 + alignment - 1

  /// Retained by an `AVBuffer`, released by its free callback: keeps a pool buffer leased while FFmpeg refers to it.
  private final class Holder {
    let buffer: any HostBuffer
    let damage: DamageWatch?
    init(_ buffer: any HostBuffer, _ damage: DamageWatch?) {
      self.buffer = buffer
      self.damage = damage
    }
  }

  /// The holders that FFmpeg refers to now, by address: how a buffer of ours is told from one of FFmpeg's own.
  /// A frame's `opaque` would not do: libdav1d's wrapper moves the buffer to a frame without it.
  private static let live = LiveHolders()

  private final class LiveHolders: Sendable {
    private let addresses = Mutex<Set<UInt>>([])
    func insert(_ address: UInt) { addresses.withLock { _ = $0.insert(address) } }
    func remove(_ address: UInt) { addresses.withLock { _ = $0.remove(address) } }
    func contains(_ address: UInt) -> Bool { addresses.withLock { $0.contains(address) } }
  }

  private static let free: @convention(c) (UnsafeMutableRawPointer?, UnsafeMutablePointer<UInt8>?) -> Void = {
    opaque, _ in
    guard let opaque else { return }
    let address = UInt(bitPattern: opaque)
    live.remove(address)
    let holder = Unmanaged<Holder>.fromOpaque(opaque).takeRetainedValue()
    holder.damage?.pictureIsFreed(address)
  }

  /// The pool's buffer behind a frame; nil where FFmpeg allocated the picture.
  static func buffer(of frame: UnsafeMutablePointer<AVFrame>) -> (any HostBuffer)? {
    guard let address = address(of: frame), let opaque = UnsafeMutableRawPointer(bitPattern: address) else {
      return nil
    }
    return Unmanaged<Holder>.fromOpaque(opaque).takeUnretainedValue().buffer
  }

  /// What names the pool's buffer behind a frame as long as FFmpeg refers to it.
  static func address(of frame: UnsafeMutablePointer<AVFrame>) -> UInt? {
    guard let reference = frame.pointee.buf.0, let opaque = av_buffer_get_opaque(reference) else { return nil }
    let address = UInt(bitPattern: opaque)
    return live.contains(address) ? address : nil
  }

  /// Gives `frame` (whose format and size are set) memory for a picture of the coded size.
  ///
  /// Strides depend on the coded size and format only, so that they are the same for every frame of a stream, as
  /// libavcodec's H.264 and MPEG-2 decoders demand.
  ///
  /// - Parameters:
  ///   - alignments: the strides that the decoder wants, as multiples of bytes, for each plane.
  ///   - damage: is told when FFmpeg no longer refers to the picture.
  static func attach(
    to frame: UnsafeMutablePointer<AVFrame>, codedWidth: Int, codedHeight: Int, alignments: [Int]?,
    _ allocator: any HostAllocator, damage: DamageWatch? = nil
  ) throws {
    let format = AVPixelFormat(frame.pointee.format)
    let (strides, sizes) = try planeSizes(
      format: format, width: Int32(codedWidth), height: Int32(codedHeight), alignments: alignments)
    var offsets: [Int] = []
    var total = 0
    for size in sizes {
      offsets.append(total)
      if size > 0 { total += (size + tailPadding + alignment - 1) / alignment * alignment }
    }
    let buffer = try allocator.allocate(byteCount: total)
    let holder = Unmanaged.passRetained(Holder(buffer, damage))
    let address = UInt(bitPattern: holder.toOpaque())
    live.insert(address)
    let base = buffer.baseAddress.assumingMemoryBound(to: UInt8.self)
    guard let reference = av_buffer_create(base, total, free, holder.toOpaque(), 0) else {
      free(holder.toOpaque(), nil)
      throw FFmpegError(call: "av_buffer_create", code: .outOfMemory)
    }
    frame.pointee.buf.0 = reference
    func start(_ plane: Int) -> UnsafeMutablePointer<UInt8>? {
      plane < sizes.count && sizes[plane] > 0 ? base + offsets[plane] : nil
    }
    frame.pointee.data = (start(0), start(1), start(2), start(3), nil, nil, nil, nil)
    frame.pointee.linesize = (
      Int32(strides[0]), Int32(strides[1]), Int32(strides[2]), Int32(strides[3]), 0, 0, 0, 0
    )
    frame.pointee.extended_data = UnsafeMutableRawPointer(frame).advanced(
      by: MemoryLayout<AVFrame>.offset(of: \AVFrame.data) ?? 0
    ).assumingMemoryBound(to: UnsafeMutablePointer<UInt8>?.self)
  }

  /// Strides and byte counts of the planes, widened until every stride is a multiple of what the decoder wants: the
  /// loop of FFmpeg's own pool.
  private static func planeSizes(
    format: AVPixelFormat, width: Int32, height: Int32, alignments: [Int]?
  ) throws(FFmpegError) -> (strides: [Int], sizes: [Int]) {
    var strides = [Int32](repeating: 0, count: 4)
    var width = width
    while true {
      try check("av_image_fill_linesizes", av_image_fill_linesizes(&strides, format, width))
      let isAligned = (0..<4).allSatisfy { plane in
        Int(strides[plane]) % (alignments?[plane] ?? alignment) == 0
      }
      if isAligned { break }
      // Adds the lowest set bit, so that the width gains one more factor of two each time.
      width += width & ~(width - 1)
    }
    let wide = strides.map { Int($0) }
    var sizes = [Int](repeating: 0, count: 4)
    try check("av_image_fill_plane_sizes", av_image_fill_plane_sizes(&sizes, format, height, wide))
    return (wide, sizes)
  }
}
