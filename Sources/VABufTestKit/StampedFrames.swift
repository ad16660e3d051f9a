/// Pictures that carry their own number, for tests of buffers and caches that need no decoder.
///
/// The number is written into every row, so that a frame whose rows come from two pictures, or whose stride was
/// mistaken, is noticed.
public enum StampedFrames {
  /// The fewest bytes of a row that a stamp needs.
  public static let minimumWidth = 12

  /// Fills a plane with the picture of a number.
  ///
  /// - Parameters:
  ///   - number: What to write.
  ///   - seed: Told apart from stamps of other tests.
  ///   - plane: The rows, `stride` bytes apart. Bytes beyond `width` are left alone.
  public static func stamp(
    _ number: Int, seed: UInt32 = 0, into plane: UnsafeMutableRawBufferPointer, width: Int, height: Int, stride: Int
  ) {
    precondition(width >= minimumWidth && stride >= width && plane.count >= stride * (height - 1) + width)
    for row in 0..<height {
      let base = row * stride
      for (offset, byte) in bytes(number, row: row, seed: seed).enumerated() { plane[base + offset] = byte }
      for column in minimumWidth..<max(width, minimumWidth) {
        plane[base + column] = UInt8(truncatingIfNeeded: number &* 31 &+ row &* 7 &+ column)
      }
    }
  }

  /// The number in a plane, or nil if it is not the whole, untouched picture of one number.
  public static func number(
    in plane: UnsafeRawBufferPointer, seed: UInt32 = 0, width: Int, height: Int, stride: Int
  ) -> Int? {
    guard width >= minimumWidth, height > 0, stride >= width, plane.count >= stride * (height - 1) + width else {
      return nil
    }
    let number = (0..<4).reduce(0) { $0 | Int(plane[$1]) << (8 * $1) }
    for row in 0..<height {
      let base = row * stride
      for (offset, byte) in bytes(number, row: row, seed: seed).enumerated() where plane[base + offset] != byte {
        return nil
      }
      for column in minimumWidth..<width
      where plane[base + column] != UInt8(truncatingIfNeeded: number &* 31 &+ row &* 7 &+ column) {
        return nil
      }
    }
    return number
  }

  /// Number, row and seed, four bytes each.
  private static func bytes(_ number: Int, row: Int, seed: UInt32) -> [UInt8] {
    [UInt32(truncatingIfNeeded: number), UInt32(truncatingIfNeeded: row), seed].flatMap { value in
      (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * UInt32($0))) }
    }
  }
}
