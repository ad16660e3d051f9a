internal import CVABufShims

/// Finds parts of a picture that a decoder never wrote, and that show what their buffer held before.
///
/// HEVC and VP8 decoders of libavcodec leave out what they cannot decode, and say nothing. So a pattern is put into some
/// rows of the first plane before a picture is decoded; where it is still there afterwards, nothing was decoded. One row
/// in sixteen is enough for a macroblock to hold a part of one; alternating odd and even rows are in both fields.
///
/// The loops are in C: they wait for memory that no cache holds, and ask for the next row while they are at one.
enum UnwrittenSamples {
  /// The pattern stands in the middle of each block of bytes: deblocking changes what is near its edges.
  /// Damage reaches to the end of a row or a slice, so wide pictures make do with some 32 blocks a row.
  private static func blockBytes(_ stride: Int) -> Int { max(16, stride / 32 & ~15) }

  /// Puts the pattern into a plane.
  static func mark(_ plane: UnsafeMutableRawPointer, stride: Int, rows: Int) {
    guard stride > 0, rows > 0 else { return }
    vabuf_mark_rows(plane.assumingMemoryBound(to: UInt8.self), stride, rows, blockBytes(stride))
  }

  /// Whether the pattern is still in a part of a plane.
  ///
  /// - Parameters:
  ///   - offset: where the part begins, in bytes from the start of the plane.
  ///   - rowBytes: the width of the part.
  static func remain(in plane: UnsafeRawPointer, stride: Int, offset: Int = 0, rowBytes: Int, rows: Int) -> Bool {
    guard stride > 0, offset >= 0, rowBytes > 0, rows > 0 else { return false }
    let blockBytes = blockBytes(stride)
    let (top, left) = (offset / stride, offset % stride)
    let (first, end) = ((left + blockBytes - 1) / blockBytes, (left + rowBytes) / blockBytes)
    guard first < end else { return false }
    return vabuf_rows_are_marked(
      plane.assumingMemoryBound(to: UInt8.self), stride, top, top + rows, blockBytes, first, end)
  }
}

/// The pictures of one decoder that are marked, that others may be predicted from, and that were not looked at yet.
struct MarkedPictures {
  // Sendable: the memory is leased until the picture is taken out, which is the last that is done with it.
  struct Picture: @unchecked Sendable {
    /// The packet that it is decoded from (`Packet.tag`).
    var tag: Int64
    var plane: UnsafeMutableRawPointer
    var stride: Int
    var rowBytes: Int
    var rows: Int
    /// It was looked at, and is whole.
    var isKnown = false

    var isWritten: Bool { !UnwrittenSamples.remain(in: plane, stride: stride, rowBytes: rowBytes, rows: rows) }
  }

  private var pictures: [UInt: Picture] = [:]

  mutating func insert(_ picture: Picture, at address: UInt) { pictures[address] = picture }

  /// Looks at a picture that FFmpeg no longer refers to.
  ///
  /// - Returns: its packet, if a part of it was not decoded.
  mutating func check(at address: UInt) -> Int64? {
    guard let picture = pictures.removeValue(forKey: address), !picture.isKnown, !picture.isWritten else { return nil }
    return picture.tag
  }

  /// Takes out a picture that came out.
  ///
  /// - Returns: whether it was looked at already, as one that others may be predicted from, and is whole.
  mutating func take(_ address: UInt) -> Bool { pictures.removeValue(forKey: address)?.isKnown ?? false }

  /// Looks at all pictures up to one that came out: decoders work in the order of packets, so they are finished. One that
  /// comes out later, or never, may be what this one was predicted from.
  ///
  /// - Returns: the packets of those of which a part was not decoded.
  mutating func check(upTo tag: Int64) -> [Int64] {
    var unwritten: [Int64] = []
    for (address, picture) in pictures where picture.tag <= tag && !picture.isKnown {
      if picture.isWritten {
        pictures[address]?.isKnown = true
      } else {
        pictures[address] = nil
        unwritten.append(picture.tag)
      }
    }
    return unwritten
  }
}
