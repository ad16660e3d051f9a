internal import Synchronization

#if canImport(Glibc)
  internal import Glibc
#endif

/// The memory of one buffer: a part of an arena, its pages touched.
// Sendable: an address and a size; who may write is up to the lease that holds it.
struct MemoryRegion: @unchecked Sendable {
  let start: UnsafeMutableRawPointer
  private let byteCount: Int
  private let arena: MemoryArena

  fileprivate init(start: UnsafeMutableRawPointer, byteCount: Int, arena: MemoryArena) {
    self.start = start
    self.byteCount = byteCount
    self.arena = arena
  }

  /// Gives the pages back to the kernel; the addresses follow when the arena's last region is gone.
  func free() {
    // Only an error of our own could make it fail; the pages then stay until the arena goes.
    _ = madvise(start, byteCount, Int32(MADV_DONTNEED))
  }
}

/// Anonymous memory straight from the kernel, cut into buffers of one size, in huge pages where the kernel has them.
///
/// A buffer of its own mapping would begin and end within huge pages and get small ones there: measured on a 1080p
/// frame, touching it then costs several times as much.
// Sendable: immutable; unmapped when the last region lets go of it.
private final class MemoryArena: @unchecked Sendable {
  private let mapping: UnsafeMutableRawPointer
  private let mappedBytes: Int
  /// The first byte, at the start of a huge page.
  let start: UnsafeMutableRawPointer

  /// The size of huge pages on x86-64 and of most arm64 kernels.
  private static let hugePage = 2 << 20

  init?(byteCount: Int) {
    mappedBytes = byteCount + Self.hugePage
    guard
      let mapping = mmap(
        nil, mappedBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | Int32(MAP_NORESERVE), -1, 0),
      mapping != MAP_FAILED
    else { return nil }
    self.mapping = mapping
    start = mapping.alignedUp(toMultipleOf: Self.hugePage)
    // Advice: a kernel without huge pages gives small ones.
    _ = madvise(start, byteCount, Int32(MADV_HUGEPAGE))
  }

  deinit {
    // munmap fails for a range that was never mapped only: that would be our own mistake.
    precondition(munmap(mapping, mappedBytes) == 0, "munmap: errno \(errno)")
  }
}

/// Cuts new buffers from arenas, an open arena for each size.
final class MemoryArenas: Sendable {
  private struct Open {
    var arena: MemoryArena
    var next = 0
    var count: Int
  }

  private let open = Mutex<[Int: Open]>([:])

  /// About how much one arena holds; at least one buffer.
  private static let arenaBytes = 64 << 20

  /// Memory for one buffer of a bucket, its pages touched.
  ///
  /// - Returns: nil where the kernel has no memory.
  func allocate(_ byteCount: Int) -> MemoryRegion? {
    guard let region = cut(byteCount) ?? cutFromNew(byteCount) else { return nil }
    // Touches the pages in one call (Linux 5.14); older kernels are touched by hand.
    if madvise(region.start, byteCount, Self.populateWrite) != 0 {
      guard errno != ENOMEM else { return nil }
      for page in stride(from: 0, to: byteCount, by: 4096) {
        region.start.storeBytes(of: 0, toByteOffset: page, as: UInt8.self)
      }
    }
    return region
  }

  /// MADV_POPULATE_WRITE, which glibc's headers have but Swift does not import.
  private static let populateWrite: Int32 = 23

  private func cut(_ byteCount: Int) -> MemoryRegion? {
    open.withLock { open in
      guard var current = open[byteCount] else { return nil }
      let region = MemoryRegion(
        start: current.arena.start + current.next * byteCount, byteCount: byteCount, arena: current.arena)
      current.next += 1
      open[byteCount] = current.next < current.count ? current : nil
      return region
    }
  }

  private func cutFromNew(_ byteCount: Int) -> MemoryRegion? {
    let count = max(1, Self.arenaBytes / byteCount)
    guard let arena = MemoryArena(byteCount: count * byteCount) else { return nil }
    if count > 1 { open.withLock { $0[byteCount] = Open(arena: arena, next: 1, count: count) } }
    return MemoryRegion(start: arena.start, byteCount: byteCount, arena: arena)
  }
}
