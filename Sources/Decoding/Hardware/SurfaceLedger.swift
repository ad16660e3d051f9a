package import FFmpegMedia
package import VAAPI

/// How many surfaces a device may hold, for all streams together.
package struct SurfaceLimits: Hashable, Sendable {
  package var surfaces: Int
  /// Bytes by the surfaces' size and format; what drivers add is not known.
  package var bytes: Int

  package init(surfaces: Int, bytes: Int = .max) {
    self.surfaces = surfaces
    self.bytes = bytes
  }
}

/// Which surfaces there are, which of them are leased, and what to do for the next lease. Pure: no libva, no lock.
///
/// A surface is *leased* from `lease` (or `create`) to `release`, then *free* for its shape until it is leased again or
/// discarded to make room for another shape.
package struct SurfaceLedger: Sendable {
  package enum Decision: Hashable, Sendable {
    /// This one is leased.
    case reuse(SurfaceID)
    /// Destroy those, make one, and say so: `created` or `createFailed`. It counts as leased already.
    case create(discard: [SurfaceID])
    /// All are leased.
    case wait
  }

  package private(set) var limits: SurfaceLimits
  private var free: [SurfaceShape: [SurfaceID]] = [:]
  private var shapes: [SurfaceID: SurfaceShape] = [:]
  /// Surfaces that exist or are about to, and their bytes.
  package private(set) var count = 0
  package private(set) var bytes = 0
  package private(set) var leased = 0
  package private(set) var highWater = 0
  package private(set) var leases = 0
  package private(set) var reuses = 0

  package init(limits: SurfaceLimits) { self.limits = limits }

  /// About how many surfaces of a shape could still be leased.
  package func available(_ shape: SurfaceShape) -> Int {
    min(limits.surfaces, limits.bytes / max(1, shape.byteCount)) - leased
  }

  package mutating func lease(_ shape: SurfaceShape) -> Decision {
    if let id = free[shape]?.popLast() {
      take()
      reuses += 1
      return .reuse(id)
    }
    var discard: [SurfaceID] = []
    while !hasRoom(for: shape) {
      guard let other = free.first(where: { !$0.value.isEmpty })?.key, let id = free[other]?.popLast() else {
        // What was discarded is given back: it would be of no use.
        for id in discard { giveBack(id) }
        return .wait
      }
      discard.append(id)
      count -= 1
      bytes -= other.byteCount
    }
    for id in discard { shapes[id] = nil }
    count += 1
    bytes += shape.byteCount
    take()
    return .create(discard: discard)
  }

  /// A surface was made for a lease.
  package mutating func created(_ id: SurfaceID, _ shape: SurfaceShape) { shapes[id] = shape }

  /// None could be made: the lease is off.
  ///
  /// - Parameter isExhausted: the device has no more than there are.
  package mutating func createFailed(_ shape: SurfaceShape, isExhausted: Bool) {
    count -= 1
    bytes -= shape.byteCount
    leased -= 1
    leases -= 1
    if isExhausted, count > 0 { limits.surfaces = count }
  }

  package mutating func release(_ id: SurfaceID) {
    guard let shape = shapes[id] else { return }
    leased -= 1
    free[shape, default: []].append(id)
  }

  /// Forgets all surfaces, and returns them.
  package mutating func removeAll() -> [SurfaceID] {
    defer {
      free = [:]
      shapes = [:]
      (count, bytes) = (0, 0)
    }
    return Array(shapes.keys)
  }

  private mutating func take() {
    leases += 1
    leased += 1
    highWater = max(highWater, leased)
  }

  private mutating func giveBack(_ id: SurfaceID) {
    guard let shape = shapes[id] else { return }
    count += 1
    bytes += shape.byteCount
    free[shape, default: []].append(id)
  }

  private func hasRoom(for shape: SurfaceShape) -> Bool {
    count < limits.surfaces && bytes + shape.byteCount <= limits.bytes
  }
}
