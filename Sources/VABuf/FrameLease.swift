internal import Decoding
public import FrameModel
internal import Synchronization

/// A frame that is yours to read for as long as you keep the lease: pinned in the cache, its memory stays.
///
/// The last release gives the pin back. Two requests for a frame may give the same lease. It may outlive the buffer and the
/// pool. Any thread may use it; the samples never change.
///
/// A lease is of the frame's samples in host memory, of its surface, or of both (`residency`): what it was asked for.
public final class FrameLease: Sendable {
  let stored: StoredFrame
  /// What it holds. One that a program gets is not packed.
  let tiers: StoredFrame.Tiers
  /// Where `slot` is pinned for this lease; nil for a frame that the cache had no room for.
  let cache: FrameCache?
  let slot: Int
  /// Counts the surface where the cache has no room for it.
  private let loose: LooseSurfaces?
  /// False once the cache took the pin back by itself.
  private let isPinned = Atomic(true)

  var picture: HostPicture? { tiers.host }
  var surface: SurfaceFrame? { tiers.surface }
  /// It holds the frame in host memory, packed or plain.
  var isOnHost: Bool { tiers.surface == nil || tiers.host != nil }

  init(_ stored: StoredFrame, _ tiers: StoredFrame.Tiers, cache: FrameCache, slot: Int) {
    self.stored = stored
    self.tiers = tiers
    self.cache = cache
    self.slot = slot
    loose = nil
  }

  /// A lease of a frame that the cache has no room for.
  init(_ stored: StoredFrame, _ tiers: StoredFrame.Tiers, loose: LooseSurfaces) {
    self.stored = stored
    self.tiers = tiers
    cache = nil
    slot = 0
    self.loose = tiers.surface == nil ? nil : loose
    self.loose?.count.add(1, ordering: .relaxed)
  }

  deinit {
    if isPinned.load(ordering: .relaxed) { cache?.unpin(slot, holdsSurface: surface != nil) }
    loose?.count.subtract(1, ordering: .relaxed)
  }

  /// The cache took the pin back: to be called by whoever alone holds the lease.
  func pinIsGone() { isPinned.store(false, ordering: .relaxed) }

  /// Number, time, size, pixel format, colours and the rest.
  public var descriptor: FrameDescriptor { stored.descriptor }
  /// The number of the frame in presentation order, from 0.
  public var number: Int { stored.descriptor.number }
  /// What the lease holds: samples in host memory, a surface, or both. The cache may have more.
  public var residency: Residency { tiers.residency }

  /// The samples of one plane, valid during the call.
  public struct Plane: ~Copyable {
    /// The first visible sample of the first row.
    public let baseAddress: UnsafeRawPointer
    /// Stride, row bytes and rows.
    public let layout: PlaneLayout

    /// The visible bytes of a row; samples of more than eight bits are two bytes each, low byte first unless the pixel format is
    /// big-endian.
    public func row(_ index: Int) -> UnsafeRawBufferPointer {
      precondition(index >= 0 && index < layout.rows, "row \(index) of \(layout.rows)")
      return UnsafeRawBufferPointer(start: baseAddress + index * layout.stride, count: layout.rowBytes)
    }
  }

  private var hostPicture: HostPicture {
    guard let picture else {
      preconditionFailure("frame \(number) is in a surface only: ask for it with `in: .host`")
    }
    return picture
  }

  /// Reads the samples of one plane. The lease must have them in host memory (`residency`), as all have that were not
  /// asked for in another place.
  ///
  /// - Parameters:
  ///   - index: 0 to `descriptor.layout.planes.count - 1`, in FFmpeg's order of planes.
  ///   - body: gets the plane, which must not be used after the call.
  public func withPlane<R, E: Error>(_ index: Int, _ body: (borrowing Plane) throws(E) -> R) throws(E) -> R {
    let picture = hostPicture
    let layout = picture.planes[index]
    let plane = Plane(baseAddress: UnsafeRawPointer(picture.buffer.baseAddress) + layout.offset, layout: layout)
    return try body(plane)
  }

  /// The memory that the offsets of the layout count from, valid during the call.
  func withMemory<R, E: Error>(
    // A pointer that must not leave the closure, for the layers below.
    _ body: (UnsafeMutableRawPointer) throws(E) -> R
  ) throws(E) -> R { try body(hostPicture.buffer.baseAddress) }

  /// Calls `body` with the visible bytes of each row of each plane: the frame as FFmpeg's rawvideo writes it.
  public func forEachRow<E: Error>(_ body: (UnsafeRawBufferPointer) throws(E) -> Void) throws(E) {
    for index in stored.descriptor.layout.planes.indices {
      try withPlane(index) { plane throws(E) in
        for row in 0..<plane.layout.rows { try body(plane.row(row)) }
      }
    }
  }
}

/// How many leases hold a surface that no cache has.
final class LooseSurfaces: Sendable {
  let count = Atomic(0)
}
