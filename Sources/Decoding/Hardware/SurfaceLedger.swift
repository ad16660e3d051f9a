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
/// discarded to make room for another shape. One that is *bound* to a decoder's context is leased to that alone. When the
/// context is gone (`unbind`), nobody can use it again: it is *spent*, and discarded with the next ones.
package struct SurfaceLedger: Sendable {
  package typealias Binding = Int

  package enum Decision: Hashable, Sendable {
    /// This one is leased.
    case reuse(SurfaceID)
    /// Destroy those, make one, and say so: `created` or `createFailed`. It counts as leased already.
    case create(discard: [SurfaceID])
    /// All are leased.
    case wait
  }

  package enum BindingDecision: Hashable, Sendable {
    /// Destroy those, make so many, and say of each: `bound` or `bindingFailed`.
    case create(Binding, count: Int, discard: [SurfaceID])
    /// So many must be given back before.
    case wait(missing: Int)
  }

  private struct Bound {
    var free: [SurfaceID] = []
    /// Free and leased ones.
    var count = 0
    /// So many are left to it when others need room.
    var least: Int
  }

  package private(set) var limits: SurfaceLimits
  private var free: [SurfaceShape: [SurfaceID]] = [:]
  private var shapes: [SurfaceID: SurfaceShape] = [:]
  private var bound: [Binding: Bound] = [:]
  /// Which context a surface belongs to, or belonged.
  private var bindings: [SurfaceID: Binding] = [:]
  private var spent: [SurfaceID] = []
  private var lastBinding = 0
  /// Surfaces that exist or are about to, and their bytes.
  package private(set) var count = 0
  package private(set) var bytes = 0
  package private(set) var leased = 0
  package private(set) var highWater = 0
  package private(set) var leases = 0
  package private(set) var reuses = 0

  package init(limits: SurfaceLimits) { self.limits = limits }

  /// About how many surfaces could still be leased, of a shape, or of those of a context.
  package func available(_ shape: SurfaceShape, _ binding: Binding? = nil) -> Int {
    if let binding { return bound[binding]?.free.count ?? 0 }
    return min(limits.surfaces, limits.bytes / max(1, shape.byteCount)) - leased
  }

  package mutating func lease(_ shape: SurfaceShape, _ binding: Binding? = nil) -> Decision {
    if let id = binding != nil ? binding.flatMap({ bound[$0]?.free.popLast() }) : free[shape]?.popLast() {
      take()
      reuses += 1
      return .reuse(id)
    }
    guard binding == nil else { return .wait }
    // What was discarded for nothing is as if it had not been.
    var next = self
    var discard: [SurfaceID] = []
    guard next.makeRoom(for: shape, &discard) else { return .wait }
    self = next
    take()
    return .create(discard: discard)
  }

  /// A surface was made for a lease.
  package mutating func created(_ id: SurfaceID, _ shape: SurfaceShape) { shapes[id] = shape }

  /// None could be made: the lease is off.
  ///
  /// - Parameter isExhausted: the device has no more than there are.
  package mutating func createFailed(_ shape: SurfaceShape, isExhausted: Bool) {
    leased -= 1
    leases -= 1
    unmade(shape, isExhausted: isExhausted)
  }

  package mutating func release(_ id: SurfaceID) {
    guard let shape = shapes[id] else { return }
    leased -= 1
    guard let binding = bindings[id] else { return free[shape, default: []].append(id) }
    if bound[binding]?.free.append(id) == nil { spent.append(id) }
  }

  /// Forgets all surfaces, and returns them.
  package mutating func removeAll() -> [SurfaceID] {
    defer {
      free = [:]
      shapes = [:]
      bound = [:]
      bindings = [:]
      spent = []
      (count, bytes) = (0, 0)
    }
    return Array(shapes.keys)
  }

  // MARK: - Surfaces of a context

  /// Surfaces for a new context of a decoder.
  ///
  /// - Parameters:
  ///   - counts: as many of them as there is room for.
  ///   - keeping: how many of them are left to it when others need room.
  package mutating func bind(_ shape: SurfaceShape, _ counts: ClosedRange<Int>, keeping: Int) -> BindingDecision {
    var next = self
    var made = 0
    var discard: [SurfaceID] = []
    while made < counts.upperBound, next.makeRoom(for: shape, &discard) { made += 1 }
    guard made >= counts.lowerBound else { return .wait(missing: counts.lowerBound - made) }
    while let id = next.discardSpent() { discard.append(id) }
    next.lastBinding += 1
    next.bound[next.lastBinding] = Bound(least: keeping)
    self = next
    return .create(lastBinding, count: made, discard: discard)
  }

  package mutating func bound(_ id: SurfaceID, _ shape: SurfaceShape, to binding: Binding) {
    shapes[id] = shape
    bindings[id] = binding
    bound[binding]?.free.append(id)
    bound[binding]?.count += 1
  }

  package mutating func bindingFailed(_ shape: SurfaceShape, isExhausted: Bool) {
    unmade(shape, isExhausted: isExhausted)
  }

  /// The context is gone.
  package mutating func unbind(_ binding: Binding) { spent += bound.removeValue(forKey: binding)?.free ?? [] }

  // MARK: - Steps

  private mutating func take() {
    leases += 1
    leased += 1
    highWater = max(highWater, leased)
  }

  private mutating func unmade(_ shape: SurfaceShape, isExhausted: Bool) {
    count -= 1
    bytes -= shape.byteCount
    if isExhausted, count > 0 { limits.surfaces = count }
  }

  /// Counts one more, and discards what must go for it.
  private mutating func makeRoom(for shape: SurfaceShape, _ discard: inout [SurfaceID]) -> Bool {
    while count >= limits.surfaces || bytes + shape.byteCount > limits.bytes {
      guard let id = discardSpent() ?? discardFree() ?? discardBound() else { return false }
      discard.append(id)
    }
    count += 1
    bytes += shape.byteCount
    return true
  }

  private mutating func discardSpent() -> SurfaceID? { forget(spent.popLast()) }

  private mutating func discardFree() -> SurfaceID? {
    guard let shape = free.first(where: { !$0.value.isEmpty })?.key else { return nil }
    return forget(free[shape]?.popLast())
  }

  private mutating func discardBound() -> SurfaceID? {
    guard let binding = bound.first(where: { $0.value.count > $0.value.least && !$0.value.free.isEmpty })?.key else {
      return nil
    }
    bound[binding]?.count -= 1
    return forget(bound[binding]?.free.popLast())
  }

  private mutating func forget(_ id: SurfaceID?) -> SurfaceID? {
    guard let id, let shape = shapes.removeValue(forKey: id) else { return nil }
    bindings[id] = nil
    count -= 1
    bytes -= shape.byteCount
    return id
  }
}
