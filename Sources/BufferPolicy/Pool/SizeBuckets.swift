/// The sizes that the pool's buffers have.
///
/// Sizes are whole pages of 4096 bytes: 1, 2, ... 8 pages, then eight steps for each power of two. So a buffer wastes
/// less than one page, or at most 1/8 of itself, whichever is more; from 28 KiB on (any frame) that is 1/8.
package enum SizeBuckets {
  package static let page = 4096
  /// The largest request that has a bucket: 64 TiB.
  package static let maximum = 1 << 46
  /// How many buckets there are: every index is below it.
  package static let count = 256

  /// The smallest bucket that holds `bytes`.
  ///
  /// - Precondition: `bytes` is in `0...SizeBuckets.maximum`.
  package static func bucket(for bytes: Int) -> (index: Int, bytes: Int) {
    precondition(bytes >= 0 && bytes <= maximum, "no bucket for \(bytes) bytes")
    let pages = max(1, (bytes + (page - 1)) / page)
    if pages <= 8 { return (pages - 1, pages * page) }
    let octave = octave(of: pages)
    let step = 1 << octave
    let steps = (pages + (step - 1)) >> octave
    return (8 * octave + steps - 1, (steps << octave) * page)
  }

  /// The largest request that a bucket of at most `bytes` holds; 0 where even the smallest is larger.
  package static func floor(_ bytes: Int) -> Int {
    if bytes >= maximum { return maximum }
    let pages = bytes / page
    if pages <= 8 { return max(0, pages) * page }
    // A power of two of pages belongs to the octave below it; rounded down it is itself in both.
    let octave = octave(of: pages)
    return ((pages >> octave) << octave) * page
  }

  /// k for pages in (8 * 2^k, 16 * 2^k].
  private static func octave(of pages: Int) -> Int {
    (Int.bitWidth - (pages - 1).leadingZeroBitCount) - 4
  }
}
