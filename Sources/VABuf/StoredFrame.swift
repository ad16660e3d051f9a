internal import Decoding
public import FrameModel
internal import Synchronization

/// A frame as a source delivers it.
public struct SourceFrame: Sendable {
  enum Contents: Sendable {
    case host(HostPicture)
    case surface(SurfaceFrame)
  }

  /// Number, time, layout and everything else that is known of the frame.
  public var descriptor: FrameDescriptor
  let contents: Contents

  /// Makes a frame to deliver. The samples must not change any more.
  ///
  /// - Parameters:
  ///   - descriptor: number, time, layout and everything else that is known of the frame.
  ///   - buffer: the memory that the planes of the layout lie in; lease it from the buffer (`FramePort.lease`).
  ///   - owner: whatever must live as long as the samples are read; nil for nothing.
  public init(descriptor: FrameDescriptor, buffer: any HostBuffer, owner: (any AnyObject & Sendable)? = nil) {
    self.descriptor = descriptor
    contents = .host(HostPicture(buffer: buffer, planes: descriptor.layout.planes, owner: owner))
  }

  init(_ frame: DecodedFrame) {
    descriptor = frame.descriptor
    switch frame.contents {
    case .host(let buffer, let reference):
      contents = .host(HostPicture(buffer: buffer, planes: frame.descriptor.layout.planes, owner: reference))
    case .surface(let surface): contents = .surface(surface)
    }
  }
}

/// The samples of a frame in host memory.
struct HostPicture: Sendable {
  let buffer: any HostBuffer
  let planes: [PlaneLayout]
  /// Whatever must live as long as the samples are read.
  let owner: (any AnyObject & Sendable)?

  init(buffer: any HostBuffer, planes: [PlaneLayout], owner: (any AnyObject & Sendable)? = nil) {
    self.buffer = buffer
    self.planes = planes
    self.owner = owner
  }
}

/// A frame that the cache and its leases share: what it is, and its samples in each tier where it lives.
final class StoredFrame: Sendable {
  struct Tiers: Sendable {
    var host: HostPicture?
    var surface: SurfaceFrame?

    var residency: Residency {
      var residency: Residency = []
      if host != nil { residency.insert(.host) }
      if surface != nil { residency.insert(.gpu) }
      return residency
    }
  }

  let descriptor: FrameDescriptor
  private let tiers: Mutex<Tiers>
  /// A download that is under way: whoever needs it too waits for the same.
  private let download = Mutex<Task<HostPicture, any Error>?>(nil)

  init(_ frame: SourceFrame) {
    descriptor = frame.descriptor
    switch frame.contents {
    case .host(let picture): tiers = Mutex(Tiers(host: picture))
    case .surface(let surface): tiers = Mutex(Tiers(surface: surface))
    }
  }

  var contents: Tiers { tiers.withLock { $0 } }

  func set(_ picture: HostPicture) { tiers.withLock { $0.host = picture } }
  func set(_ surface: SurfaceFrame) { tiers.withLock { $0.surface = surface } }

  /// The samples in host memory: those that are there, those of the download that is under way, or those of a new one.
  ///
  /// - Parameters:
  ///   - start: downloads the surface.
  ///   - keep: makes the samples known, before anybody could begin another download.
  func hostPicture(
    _ start: @escaping @Sendable (SurfaceFrame) async throws -> HostPicture,
    keep: @escaping @Sendable (HostPicture) -> Void
  ) async throws -> HostPicture? {
    let task = download.withLock { download -> Task<HostPicture, any Error>? in
      if let download { return download }
      let tiers = contents
      if let picture = tiers.host { return Task { picture } }
      guard let surface = tiers.surface else { return nil }
      let task = Task {
        let result = await Result.catching { try await start(surface) }
        if case .success(let picture) = result { keep(picture) }
        self.download.withLock { $0 = nil }
        return try result.get()
      }
      download = task
      return task
    }
    return try await task?.value
  }

  /// Lets go of a tier.
  ///
  /// - Returns: what it held, to be freed outside of any lock.
  func drop(_ tier: Residency) -> Tiers {
    tiers.withLock { tiers in
      var dropped = Tiers()
      if tier.contains(.host) { dropped.host = tiers.host.take() }
      if tier.contains(.gpu) { dropped.surface = tiers.surface.take() }
      return dropped
    }
  }
}

extension Result where Failure == any Error, Success: Sendable {
  /// What came of asynchronous work.
  fileprivate static func catching(_ body: @Sendable () async throws -> Success) async -> Result {
    do { return .success(try await body()) } catch { return .failure(error) }
  }
}
