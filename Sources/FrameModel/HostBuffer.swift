/// A piece of host memory that a pool has leased: the seam between the pools above and the decoders below.
///
/// The memory stays valid as long as the object lives; its last release gives it back to the pool.
public protocol HostBuffer: AnyObject, Sendable {
  /// The first byte, 64-byte aligned.
  var baseAddress: UnsafeMutableRawPointer { get }
  /// Bytes that may be used; at least what was asked for.
  var byteCount: Int { get }
}

/// Leases host memory for pictures.
public protocol HostAllocator: AnyObject, Sendable {
  /// Leases at least `byteCount` bytes. May block until memory comes back: never call it on a cooperative thread.
  ///
  /// Called from several threads at once, libavcodec's frame threads among them.
  ///
  /// - Throws: `VABufError` with code `hostMemoryExhausted` when nothing came back within the pool's deadline.
  func allocate(byteCount: Int) throws(VABufError) -> any HostBuffer

  /// The same, with less patience than the pool has; nil for all of it.
  ///
  /// An allocator that never waits need not have this one.
  func allocate(byteCount: Int, within limit: Duration?) throws(VABufError) -> any HostBuffer
}

extension HostAllocator {
  /// What an allocator does that never waits.
  public func allocate(byteCount: Int, within limit: Duration?) throws(VABufError) -> any HostBuffer {
    try allocate(byteCount: byteCount)
  }
}
