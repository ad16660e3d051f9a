internal import Dispatch
internal import FFmpegMedia
internal import FrameModel
internal import Synchronization
internal import VAAPI

/// One surface, destroyed when it is told to.
final class PooledSurface: Sendable {
  private struct State: ~Copyable {
    var owned: OwnedSurfaces?
    /// Threads that wait for it; the last one destroys it where that is due.
    var waiting = 0
    /// One of them is in libva; those wait for it. nvidia-vaapi-driver wakes one thread a surface.
    var queue: [DispatchSemaphore] = []
    var isInside = false
    var isDoomed = false
  }

  let id: SurfaceID
  private let state: Mutex<State>
  /// What was last decoded into it.
  private let picture = Mutex<(run: SurfaceRun, number: Int)?>(nil)

  init(_ surfaces: consuming OwnedSurfaces) {
    id = surfaces.ids[0]
    state = Mutex(State(owned: surfaces))
  }

  /// Destroys the surface, on the calling thread, or on one that waits for it just now. A decoder may still be at work on
  /// it for nobody, and a driver may not destroy what it renders to.
  func destroy() {
    let limit = Duration.seconds(2)
    if let (run, number) = picture.withLock({ $0 }) {
      run.settle(number, self, timeout: limit)
    } else {
      // An upload, which was waited for before.
      try? sync(timeout: limit)
    }
    let owned = state.withLock { state -> OwnedSurfaces? in
      state.isDoomed = true
      return state.waiting == 0 ? state.owned.take() : nil
    }
    _ = consume owned
  }

  /// Waits for what is in it. A surface that is no more is ready.
  func sync(timeout: Duration? = nil) throws(VAError) {
    let (surface, turn) = state.withLock { state -> (SurfaceReference?, DispatchSemaphore?) in
      guard state.owned != nil else { return (nil, nil) }
      state.waiting += 1
      defer { state.isInside = true }
      if state.isInside { state.queue.append(DispatchSemaphore(value: 0)) }
      return (state.owned?[0], state.isInside ? state.queue.last : nil)
    }
    guard let surface else { return }
    defer {
      let owned = state.withLock { state -> OwnedSurfaces? in
        state.waiting -= 1
        return state.isDoomed && state.waiting == 0 ? state.owned.take() : nil
      }
      _ = consume owned
    }
    if let turn, !turn.waits(for: timeout) {
      let isMine = state.withLock { state in
        defer { state.queue.removeAll { $0 === turn } }
        return !state.queue.contains { $0 === turn }
      }
      // Or its turn has come just now.
      if !isMine { throw VAError(.vaSyncSurface, .timedOut) }
    }
    defer {
      state.withLock { state in
        if state.queue.isEmpty { state.isInside = false } else { state.queue.removeFirst().signal() }
      }
    }
    try surface.sync(timeout: timeout)
  }

  /// Waits for its picture, so that the next one may take its place.
  func settle() {
    if let (run, number) = picture.withLock({ $0 }) { run.settle(number, self) }
  }

  /// What is in it is nobody's any more.
  func forget() { picture.withLock { $0 = nil } }

  func begin(_ run: SurfaceRun) {
    let number = run.begin(self)
    picture.withLock { $0 = (run, number) }
  }

  /// Waits for its picture and for all that this may be predicted from.
  func prove() throws(VAError) {
    guard let (run, number) = picture.withLock({ $0 }) else { return try sync() }
    try run.settle(upTo: number)
  }

  var run: SurfaceRun? { picture.withLock { $0?.run } }
}

extension DispatchSemaphore {
  /// - Returns: false when the time is up.
  fileprivate func waits(for limit: Duration?) -> Bool {
    guard let limit else {
      wait()
      return true
    }
    return wait(timeout: .now() + .nanoseconds(Int(limit.nanoseconds))) == .success
  }
}

/// A surface that is leased until this object goes, on whatever thread.
package final class SurfaceLease: LeasedSurface {
  private let pool: SurfacePool
  private let surface: PooledSurface

  init(_ pool: SurfacePool, _ surface: PooledSurface) {
    self.pool = pool
    self.surface = surface
  }

  deinit { pool.release(surface.id) }

  package var id: UInt32 { surface.id }

  /// A decoder is going to decode into it.
  func begin(_ run: SurfaceRun) { surface.begin(run) }

  /// Which decoder did; nil for an upload.
  var run: SurfaceRun? { surface.run }

  /// Waits until its picture is there; blocks.
  ///
  /// - Throws: where that failed, or one that it may be predicted from.
  func prove() throws(VAError) { try surface.prove() }
}
