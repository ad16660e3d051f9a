/// Finds parts of a picture that a decoder never wrote, and that show what their buffer held before.
///
/// HEVC and VP8 decoders of libavcodec leave out what they cannot decode, and say nothing. So a pattern is put into some
/// rows of the first plane before a picture is decoded; where it is still there afterwards, nothing was decoded. One row
/// in sixteen is enough for a macroblock to hold a part of one; alternating odd and even rows are in both fields.
enum UnwrittenSamples {
  /// Not flat, and as unlikely in a picture as any eight bytes.
  private static let pattern: UInt64 = 0x1be4_93d7_4e28_b16c
  /// The pattern stands in the middle of each block of bytes: deblocking changes what is near its edges.
  /// Damage reaches to the end of a row or a slice, so wide pictures make do with some 32 blocks a row.
  private static func blockBytes(_ stride: Int) -> Int { max(16, stride / 32 & ~15) }
  private static let placeInBlock = 4

  private static func isMarked(_ row: Int) -> Bool { row % 32 == 7 || row % 32 == 24 }

  /// Puts the pattern into a plane.
  static func mark(_ plane: UnsafeMutableRawPointer, stride: Int, rows: Int) {
    guard stride > 0 else { return }
    let blockBytes = blockBytes(stride)
    for row in 0..<rows where isMarked(row) {
      var position = row * stride + placeInBlock
      let end = (row + 1) * stride - MemoryLayout<UInt64>.size
      while position <= end {
        plane.storeBytes(of: pattern, toByteOffset: position, as: UInt64.self)
        position += blockBytes
      }
    }
  }

  /// Whether the pattern is still in a part of a plane.
  ///
  /// - Parameters:
  ///   - offset: where the part begins, in bytes from the start of the plane.
  ///   - rowBytes: the width of the part.
  static func remain(in plane: UnsafeRawPointer, stride: Int, offset: Int = 0, rowBytes: Int, rows: Int) -> Bool {
    guard stride > 0, offset >= 0 else { return false }
    let blockBytes = blockBytes(stride)
    let top = offset / stride
    let left = offset % stride
    let firstBlock = (left + blockBytes - 1) / blockBytes
    let endBlock = (left + rowBytes) / blockBytes
    guard firstBlock < endBlock else { return false }
    for row in top..<top + rows where isMarked(row) {
      for block in firstBlock..<endBlock {
        let position = row * stride + block * blockBytes + placeInBlock
        if plane.loadUnaligned(fromByteOffset: position, as: UInt64.self) == pattern { return true }
      }
    }
    return false
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

    var isWritten: Bool { !UnwrittenSamples.remain(in: plane, stride: stride, rowBytes: rowBytes, rows: rows) }
  }

  private var pictures: [UInt: Picture] = [:]

  mutating func insert(_ picture: Picture, at address: UInt) { pictures[address] = picture }

  /// Looks at a picture that FFmpeg no longer refers to.
  ///
  /// - Returns: its packet, if a part of it was not decoded.
  mutating func check(at address: UInt) -> Int64? {
    guard let picture = pictures.removeValue(forKey: address), !picture.isWritten else { return nil }
    return picture.tag
  }

  /// Looks at all pictures up to one that came out: decoders work in the order of packets, so they are finished. One that
  /// comes out later, or never, may be what this one was predicted from.
  ///
  /// - Parameter itself: the address of the one that came out, which is not looked at.
  /// - Returns: the packets of those of which a part was not decoded.
  mutating func check(upTo tag: Int64, but itself: UInt) -> [Int64] {
    var unwritten: [Int64] = []
    for (address, picture) in pictures where picture.tag <= tag {
      pictures[address] = nil
      if address != itself, !picture.isWritten { unwritten.append(picture.tag) }
    }
    return unwritten
  }
}
