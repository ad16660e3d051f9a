internal import Synchronization

#if canImport(Glibc)
  internal import Glibc
#endif

/// The memory of one buffer: a part of an arena, its pages touched.
// Sendable: an address and a size; who may write is up to the lease that holds it.
struct MemoryRegion: @unchecked Sendable {
  let start: UnsafeMutableRawPointer
  private let byteCount: Int
  fileprivate let arena: MemoryArena

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

/// Anonymous memory straight from the kernel, cut into buffers of one size, in huge pages where they cost less.
///
/// A buffer of its own mapping would begin and end within huge pages and get small ones there.
// Sendable: immutable; unmapped when the last region lets go of it.
private final class MemoryArena: @unchecked Sendable {
  private let mapping: UnsafeMutableRawPointer
  private let mappedBytes: Int
  /// The first byte, at the start of a huge page.
  let start: UnsafeMutableRawPointer
  /// How many nanoseconds a huge page may cost; nil where pages are small, or nobody asks.
  let limit: Int?

  init?(byteCount: Int, bufferBytes: Int, touch: MemoryArenas.Touch) {
    mappedBytes = byteCount + FreshPages.hugePage
    guard
      let mapping = mmap(
        nil, mappedBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | Int32(MAP_NORESERVE), -1, 0),
      mapping != MAP_FAILED
    else { return nil }
    self.mapping = mapping
    start = mapping.alignedUp(toMultipleOf: FreshPages.hugePage)
    limit = FreshPages.chooseSize(start, byteCount, bufferBytes: bufferBytes, touch)
  }

  deinit {
    // munmap fails for a range that was never mapped only: that would be our own mistake.
    precondition(munmap(mapping, mappedBytes) == 0, "munmap: errno \(errno)")
  }
}

/// What the kernel does for pages that are touched for the first time.
private enum FreshPages {
  /// The size of huge pages on x86-64 and of most arm64 kernels.
  static let hugePage = 2 << 20

  /// Touches pages, so that a decoder does not have to.
  ///
  /// - Returns: nanoseconds of this thread; nil where there is no memory.
  static func touch(_ start: UnsafeMutableRawPointer, _ byteCount: Int) -> Int? {
    let begin = threadTime
    // In one call (Linux 5.14); older kernels are touched by hand.
    if madvise(start, byteCount, populateWrite) != 0 {
      guard errno != ENOMEM else { return nil }
      for page in stride(from: 0, to: byteCount, by: 4096) {
        start.storeBytes(of: 0, toByteOffset: page, as: UInt8.self)
      }
    }
    return threadTime - begin
  }

  /// Asks for huge pages in an arena, unless a first one costs more than twice as much memory in small ones. Where a later
  /// one does, the rest of the arena is small (`MemoryArenas`).
  ///
  /// As a rule they cost a quarter. But hosts take the huge pages that a virtual machine does not use, and giving them
  /// back can cost 4 ms for each: five times what small pages cost, which the guest has at hand (ADR 0009).
  /// Small buffers are not worth asking.
  ///
  /// - Returns: how many nanoseconds a huge page may cost; nil where pages are small, or nobody asks.
  static func chooseSize(
    _ start: UnsafeMutableRawPointer, _ byteCount: Int, bufferBytes: Int, _ touch: MemoryArenas.Touch
  ) -> Int? {
    // All of it is advice: a kernel without huge pages gives small ones.
    _ = madvise(start, byteCount, Int32(MADV_HUGEPAGE))
    guard byteCount >= 16 * hugePage, bufferBytes >= hugePage / 2 else { return nil }
    let second = start + hugePage
    guard let huge = touch(start, hugePage) else { return nil }
    _ = madvise(second, byteCount - hugePage, Int32(MADV_NOHUGEPAGE))
    let limit = touch(second, hugePage).map { 2 * $0 }
    // Both stay touched, for the first buffers: given back, the same warm page would be measured for the next arena.
    let isDear = limit.map { huge > $0 } ?? false
    _ = madvise(start, byteCount, isDear ? Int32(MADV_NOHUGEPAGE) : Int32(MADV_HUGEPAGE))
    return isDear ? nil : limit
  }

  /// Not the time on the wall: other threads would count.
  private static var threadTime: Int {
    var time = timespec()
    // Fails for clocks that do not exist only; then both cost nothing, and pages stay huge.
    return clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time) == 0 ? time.tv_sec * 1_000_000_000 + time.tv_nsec : 0
  }

  /// MADV_POPULATE_WRITE, which glibc's headers have but Swift does not import.
  private static let populateWrite: Int32 = 23
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

  /// Touches pages and says how many nanoseconds of the thread that took; nil where there is no memory.
  typealias Touch = @Sendable (UnsafeMutableRawPointer, Int) -> Int?
  private let touch: Touch

  init(touch: @escaping Touch = { FreshPages.touch($0, $1) }) { self.touch = touch }

  /// Memory for one buffer of a bucket, its pages touched.
  ///
  /// - Returns: nil where the kernel has no memory.
  func allocate(_ byteCount: Int) -> MemoryRegion? {
    guard let region = cut(byteCount) ?? cutFromNew(byteCount) else { return nil }
    guard let cost = touch(region.start, byteCount) else { return nil }
    // The first huge pages may be the last that the machine has.
    if let limit = region.arena.limit, cost > limit * byteCount / FreshPages.hugePage {
      takeSmallPages(byteCount, region.arena)
    }
    return region
  }

  /// What is not yet cut from an arena comes in small pages from now on.
  private func takeSmallPages(_ byteCount: Int, _ arena: MemoryArena) {
    guard let current = open.withLock({ $0[byteCount] }), current.arena === arena else { return }
    let end = arena.start + current.count * byteCount
    let rest = (arena.start + current.next * byteCount).alignedUp(toMultipleOf: FreshPages.hugePage)
    // Advice, as the other one was.
    if rest < end { _ = madvise(rest, end - rest, Int32(MADV_NOHUGEPAGE)) }
  }

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
    guard let arena = MemoryArena(byteCount: count * byteCount, bufferBytes: byteCount, touch: touch) else {
      return nil
    }
    if count > 1 { open.withLock { $0[byteCount] = Open(arena: arena, next: 1, count: count) } }
    return MemoryRegion(start: arena.start, byteCount: byteCount, arena: arena)
  }
}
