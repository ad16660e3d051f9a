#if canImport(Glibc)
  internal import Glibc
#endif

/// A piece of anonymous memory straight from the kernel, its pages touched.
// Sendable: an address and a size; who may write is up to the lease that holds it.
struct MemoryRegion: @unchecked Sendable {
  let start: UnsafeMutableRawPointer
  private let byteCount: Int

  /// From this size on huge pages pay: 2 MiB is the page size of x86-64 and arm64 kernels.
  private static let hugePage = 2 << 20

  /// - Returns: nil where the kernel has no memory.
  static func allocate(_ byteCount: Int) -> MemoryRegion? {
    guard let start = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
      start != MAP_FAILED
    else { return nil }
    // Both are advice: a kernel without huge pages or without populating still gives zeroed memory on first touch.
    if byteCount >= hugePage { _ = madvise(start, byteCount, Int32(MADV_HUGEPAGE)) }
    if madvise(start, byteCount, populateWrite) != 0 {
      for page in stride(from: 0, to: byteCount, by: 4096) {
        start.storeBytes(of: 0, toByteOffset: page, as: UInt8.self)
      }
    }
    return MemoryRegion(start: start, byteCount: byteCount)
  }

  /// MADV_POPULATE_WRITE of Linux 5.14; glibc 2.36's headers have it, but not as something that Swift imports.
  private static let populateWrite: Int32 = 23

  func free() {
    // munmap fails for a range that was never mapped only: that would be our own mistake.
    precondition(munmap(start, byteCount) == 0, "munmap: errno \(errno)")
  }
}
