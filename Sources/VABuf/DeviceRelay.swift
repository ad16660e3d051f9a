internal import Decoding
internal import Synchronization

/// Tells a buffer which device its frames come from, also before there is a buffer.
final class DeviceRelay: Sendable {
  private struct State {
    weak var core: BufferCore?
    var device: HardwareDevice?
  }

  private let state = Mutex(State())
  private let needs: SurfaceNeeds

  init(_ needs: SurfaceNeeds) { self.needs = needs }

  func connect(_ core: BufferCore) {
    let device = state.withLock { state in
      state.core = core
      return state.device
    }
    if let device { core.decodesToSurfaces(use(device, core)) }
  }

  func deviceChanged(_ device: HardwareDevice?) {
    let (old, core) = state.withLock { state in
      defer { state.device = device }
      return (state.device, state.core)
    }
    guard let core else { return }
    if let old {
      // What is cached on a device that still works may have to make room for others.
      if old.isLost {
        old.surfaces.unregister(core.cache)
        core.cache.loseDevice()
      }
    }
    if let device { core.decodesToSurfaces(use(device, core)) } else { core.decodesToSurfaces(nil) }
  }

  /// Surfaces of a device are used for uploads, while no decoder uses one.
  func use(_ device: HardwareDevice) {
    guard let core = state.withLock({ $0.core }), core.cache.surfaces == 0 else { return }
    _ = use(device, core)
  }

  /// - Returns: how many of its surfaces the cache may hold.
  private func use(_ device: HardwareDevice, _ core: BufferCore) -> Int {
    // The rest is for decoders; what they need beyond it they get by the pool's low watermark.
    let limits = device.surfaces.limits
    let limit = min(limits.surfaces, limits.bytes / max(1, needs.surfaceBytes))
    let cached = max(2, limit - needs.usual)
    core.cache.setSurfaceLimit(cached)
    device.surfaces.register(core.cache)
    return cached
  }
}
