internal import FrameModel
internal import Synchronization

/// What a decode session allocates from: its buffer's pool, until the buffer closes.
///
/// A decoder that waits for memory would otherwise keep a closing buffer waiting for the pool's whole deadline.
final class SessionMemory: HostAllocator {
  private let pool: MemoryPool
  private let isClosed = Atomic(false)

  init(pool: MemoryPool) { self.pool = pool }

  /// Makes waiting and later allocations fail with code `closed`. Any thread.
  func close() { isClosed.store(true, ordering: .relaxed) }

  func allocate(byteCount: Int) throws(VABufError) -> any HostBuffer { try allocate(byteCount: byteCount, within: nil) }

  func allocate(byteCount: Int, within limit: Duration?) throws(VABufError) -> any HostBuffer {
    try pool.allocate(byteCount: byteCount, within: limit) { isClosed.load(ordering: .relaxed) }
  }
}
