internal import CVABufShims
package import FrameModel

/// The samples of a frame in host memory, packed without loss: two fifths of their size, as a rule, for a tenth of what
/// decoding them took (docs/adr/0020-packed-frames.md).
///
/// It lies in parts of a buffer or two, which other packed pictures share.
package struct PackedPicture: Sendable {
  /// Some rows of a plane.
  fileprivate struct Part: Sendable {
    let buffer: any HostBuffer
    let offset: Int
    let plane: Int
    let rows: Range<Int>
  }

  fileprivate var parts: [Part] = []
  /// Bytes that it takes.
  package fileprivate(set) var byteCount = 0
  /// Bytes of the picture when it is unpacked.
  package let plainBytes: Int
  package let planes: [PlaneLayout]
  fileprivate let sampleBytes: Int32

  /// With an instruction that not every processor has; the bytes are the same.
  var isFast: Bool

  /// Whether this processor has it.
  package static let isFast = vabuf_has_fast_packing()

  fileprivate init(_ layout: PictureLayout, plainBytes: Int, isFast: Bool) {
    self.isFast = isFast
    self.plainBytes = plainBytes
    planes = layout.planes
    let format = layout.format
    // Of other formats the bytes of a sample have less to do with each other, or with those above.
    let isWide = format.bitsPerComponent > 8 && format.traits.isDisjoint(with: [.bigEndian, .float, .bitstream])
    sampleBytes = isWide && planes.allSatisfy { $0.rowBytes % 2 == 0 } ? 2 : 1
  }

  /// Writes the picture as it was into memory of at least `plainBytes`; what lies between its rows is left alone.
  package func unpack(into plain: any HostBuffer) {
    // Pointers into memory that the buffers keep for as long as the call takes.
    let target = plain.baseAddress.assumingMemoryBound(to: UInt8.self)
    for part in parts {
      let plane = planes[part.plane]
      let source = (part.buffer.baseAddress + part.offset).assumingMemoryBound(to: UInt8.self)
      vabuf_unpack_rows(
        target + plane.offset, plane.stride, part.rows.lowerBound, part.rows.upperBound, plane.rowBytes, sampleBytes,
        source, isFast)
    }
  }
}

/// Packs pictures one behind the other into buffers of the size of a plain one: memory which frames have just left, so that no
/// page of it is new.
package struct PicturePacker: Sendable {
  /// The buffer that is being filled, as long as a picture in it is kept.
  private weak var buffer: (any HostBuffer)?
  private var used = 0
  private let isFast: Bool

  package init(isFast: Bool = PackedPicture.isFast) { self.isFast = isFast }

  /// More than so much of the picture's own size is not worth the work.
  private static let mostShare = (numerator: 3, denominator: 4)

  /// - Parameters:
  ///   - buffer: what the planes of the layout lie in.
  ///   - lease: leases memory.
  /// - Returns: nil where the picture does not get small enough.
  /// - Throws: what `lease` throws.
  package mutating func pack<E: Error>(
    _ buffer: any HostBuffer, _ layout: PictureLayout, _ lease: (Int) throws(E) -> any HostBuffer
  ) throws(E) -> PackedPicture? {
    let start = (buffer: self.buffer, used: used)
    var packed: PackedPicture?
    // Where it fails, others will have the place.
    defer { if packed == nil { (self.buffer, used) = start } }
    packed = try fill(buffer, layout, lease)
    return packed
  }

  private mutating func fill<E: Error>(
    _ buffer: any HostBuffer, _ layout: PictureLayout, _ lease: (Int) throws(E) -> any HostBuffer
  ) throws(E) -> PackedPicture? {
    var packed = PackedPicture(layout, plainBytes: buffer.byteCount, isFast: isFast)
    let most = packed.plainBytes / Self.mostShare.denominator * Self.mostShare.numerator
    var current = self.buffer
    for (index, plane) in layout.planes.enumerated() where plane.visibleBytes > 0 {
      // Pointers into memory that the buffers keep for as long as the call takes.
      let source = (UnsafeRawPointer(buffer.baseAddress) + plane.offset).assumingMemoryBound(to: UInt8.self)
      var row = 0
      while row < plane.rows {
        let target: any HostBuffer
        if let current { target = current } else { target = try open(packed.plainBytes, lease) }
        current = target
        var bytes = 0
        let next = vabuf_pack_rows(
          (target.baseAddress + used).assumingMemoryBound(to: UInt8.self),
          // No more than it may take, and what a row may take more than it does.
          min(target.byteCount - used, most - packed.byteCount + 2 * plane.rowBytes + 64), &bytes,
          vabuf_rows(start: source, stride: plane.stride), row, plane.rows, plane.rowBytes, packed.sampleBytes, isFast)
        // Not one row fits into a buffer of its own.
        if next == row, used == 0 { return nil }
        if next > row { packed.parts.append(.init(buffer: target, offset: used, plane: index, rows: row..<next)) }
        packed.byteCount += bytes
        used += bytes
        row = next
        guard packed.byteCount <= most else { return nil }
        // It is full.
        if row < plane.rows { current = nil }
      }
    }
    // What one picture's reader may touch is never written for another.
    used += Int(vabuf_packing_slack)
    return packed
  }

  /// A new buffer to go on with.
  private mutating func open<E: Error>(
    _ byteCount: Int, _ lease: (Int) throws(E) -> any HostBuffer
  ) throws(E) -> any HostBuffer {
    let new = try lease(byteCount)
    buffer = new
    used = 0
    return new
  }
}
