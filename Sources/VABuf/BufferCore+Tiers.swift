internal import BufferPolicy
internal import Decoding
internal import FrameModel
internal import Synchronization

/// How frames get to where they are wanted.
extension BufferCore {
  /// How often a frame is decoded again because its surface could not be read.
  private static let attempts = 4

  /// Turns a lease into one that holds the frame where it is wanted.
  ///
  /// A surface that cannot be read may hold anything: its frame is decoded again, by whatever decoder the source has then.
  func settle(_ lease: FrameLease, _ place: Placement) async throws -> FrameLease {
    var lease = lease.tiers.isPacked ? try await unpacked(lease) : lease
    if place == .gpu, lease.surface == nil { return try await onGPU(lease) }
    guard place == .host, lease.picture == nil else { return lease }
    for attempt in 1... {
      do {
        return try await onHost(lease)
      } catch let error as VABufError where error.code == .deviceFailed && attempt < Self.attempts {
        guard let surface = lease.surface else { throw error }
        cache.remove(lease, cause: .deviceLost)
        let kind: DeviceFailure.Kind = surface.device.isLost ? .lost : .failed
        reportSurfaceFailure(
          DeviceFailure(kind, what: error.what, why: error.why, remedy: error.remedy), of: surface)
        lease = try await again(lease.number)
        if lease.picture != nil { return lease }
      }
    }
    return lease
  }

  /// How long a frame waits for the memory to be unpacked into, where it can be decoded instead.
  private static let unpackingLimit = Duration.milliseconds(50)

  /// Unpacks a frame, or has it decoded again where there is no memory for it: the decoder may hold all of that, and gives it
  /// up when it begins elsewhere, not while it rests.
  private func unpacked(_ lease: FrameLease) async throws -> FrameLease {
    var lease = lease
    for _ in 1..<Self.attempts where lease.tiers.isPacked {
      do {
        return try await onHost(lease)
      } catch let error as VABufError where error.code == .hostMemoryExhausted {
        cache.remove(lease, cause: .size)
        lease = try await again(lease.number)
      }
    }
    return lease.tiers.isPacked ? try await onHost(lease) : lease
  }

  /// Begins to download, or to unpack, a frame that a reader on the host will ask for next.
  func prepareOnHost(_ number: Int) {
    guard let lease = cache.lease(key(number), in: .host, isUse: false), lease.picture == nil else { return }
    // Nobody waits for it: an error shows to the reader who asks.
    Task { _ = try? await onHost(lease) }
  }

  private func onHost(_ lease: FrameLease) async throws -> FrameLease {
    let cache = cache
    let bring = { @Sendable (tiers: StoredFrame.Tiers) async throws -> HostPicture? in
      if let packed = tiers.packed {
        return HostPicture(
          unpacking: packed,
          into: try await self.pool.lease(waitingFor: packed.plainBytes, within: Self.unpackingLimit) {
            self.isClosing
          })
      }
      guard let surface = tiers.surface else { return nil }
      let buffer = try await self.pool.lease(waitingFor: surface.hostBytes) { self.isClosing }
      try await surface.device.access.download(surface, into: buffer)
      return HostPicture(buffer: buffer, planes: surface.layout.planes)
    }
    let keep = { @Sendable (picture: HostPicture, tiers: StoredFrame.Tiers) in
      if tiers.packed != nil { return cache.unpacked(lease, picture) }
      if lease.cache != nil { return cache.downloaded(lease, picture) }
      // A frame that the cache has no room for is not kept in two places.
      lease.stored.set(picture)
      _ = lease.stored.drop(.gpu)
    }
    // Where all its tiers went in between, the lease still holds what it found.
    var picture = try await lease.stored.hostPicture(bring, keep: keep)
    if picture == nil { picture = try await bring(lease.tiers) }
    guard let picture else { preconditionFailure("a lease of frame \(lease.number) that holds nothing") }
    makeRoom(for: picture.buffer.byteCount)
    return cache.lease(lease, picture, nil)
  }

  /// The same at once, for a frame that is packed; nil where there is no memory for it now: it is waited for then.
  func unpackedNow(_ lease: FrameLease) -> FrameLease? {
    guard lease.tiers.isPacked, let packed = lease.tiers.packed else { return lease }
    guard let buffer = try? pool.lease(byteCount: packed.plainBytes) else {
      Task { _ = try? await onHost(lease) }
      return nil
    }
    let picture = HostPicture(unpacking: packed, into: buffer)
    cache.unpacked(lease, picture)
    makeRoom(for: buffer.byteCount)
    return cache.lease(lease, picture, nil)
  }

  private func onGPU(_ lease: FrameLease) async throws -> FrameLease {
    guard let picture = lease.picture else { return lease }
    let device = try await deviceForUploads()
    let layout = PictureLayout(
      width: lease.descriptor.layout.width, height: lease.descriptor.layout.height,
      format: lease.descriptor.layout.format, planes: picture.planes)
    let surface = try await device.access.upload(layout, picture.buffer, to: device) { self.isClosing }
    cache.uploaded(lease, surface)
    return cache.lease(lease, nil, surface)
  }

  /// Downloads a frame that leaves the GPU, and tells the cache.
  static func demote(
    _ slot: Int, _ surface: SurfaceFrame, of cache: FrameCache, into pool: MemoryPool?, _ counters: BufferCounters
  ) {
    guard let pool else { return cache.demotionFailed(slot) }
    Task {
      do {
        // Memory that there is now, or none: others wait for the surface.
        let buffer = try pool.lease(byteCount: surface.hostBytes)
        let start = ContinuousClock.now
        try await surface.device.access.download(surface, into: buffer)
        counters.demotionDownloads.count()
        counters.demotionNanoseconds.count(Int((ContinuousClock.now - start).nanoseconds))
        cache.demoted(slot, surface, HostPicture(buffer: buffer, planes: surface.layout.planes))
      } catch {
        // The frame goes; whoever wants it again has it decoded.
        cache.demotionFailed(slot)
      }
    }
  }
}
