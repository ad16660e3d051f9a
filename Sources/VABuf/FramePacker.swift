internal import Decoding
internal import FrameModel
internal import Synchronization

/// Packs frames of a cache one after another, beside those who read and decode.
final class FramePacker: Sendable {
  /// Where it is done: one frame at a time.
  private actor Worker {
    private var packer = PicturePacker()

    func pack(_ job: FrameCache.PackJob, for cache: FrameCache, from pool: MemoryPool?) {
      // Others had their turn before: it may be gone or in use by now.
      guard let pool, let picture = cache.picture(of: job) else { return cache.packingFailed(job, isFinal: false) }
      do {
        var layout = job.frame.descriptor.layout
        layout.planes = picture.planes
        // A new buffer is the place of some that were used less lately: it takes more than two of those that are packed.
        let packed = try packer.pack(picture.buffer, layout) { try pool.lease(byteCount: $0) }
        guard let packed else { return cache.packingFailed(job, isFinal: true) }
        cache.packed(job, packed)
      } catch {
        cache.packingFailed(job, isFinal: false)
      }
    }
  }

  private let worker = Worker()
  /// The frame that came last.
  private let last = Mutex<Task<Void, Never>?>(nil)

  /// Packs a frame that the cache's policy names, as soon as it can, and tells the cache.
  func pack(_ job: FrameCache.PackJob, for cache: FrameCache, from pool: MemoryPool?) {
    last.withLock { last in
      // An actor takes what comes from several tasks in any order.
      last = Task { [worker, before = last] in
        await before?.value
        await worker.pack(job, for: cache, from: pool)
      }
    }
  }

  /// Waits for the frame that came last.
  func finishLast() async { await last.withLock { $0 }?.value }
}
