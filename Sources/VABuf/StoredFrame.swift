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

  /// Bytes that it takes in host memory, or would take.
  var hostBytes: Int {
    switch contents {
    case .host(let picture): picture.buffer.byteCount
    case .surface(let surface): surface.hostBytes
    }
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

  init(unpacking packed: PackedPicture, into buffer: any HostBuffer) {
    packed.unpack(into: buffer)
    self.init(buffer: buffer, planes: packed.planes)
  }
}

/// A frame that the cache and its leases share: what it is, and its samples in each tier where it lives.
final class StoredFrame: Sendable {
  struct Tiers: Sendable {
    var host: HostPicture?
    /// In the place of `host`, or beside it.
    var packed: PackedPicture?
    var surface: SurfaceFrame?

    /// To be unpacked before it can be read.
    var isPacked: Bool { host == nil && surface == nil && packed != nil }

    var residency: Residency {
      var residency: Residency = []
      if host != nil || packed != nil { residency.insert(.host) }
      if surface != nil { residency.insert(.gpu) }
      return residency
    }
  }

  let descriptor: FrameDescriptor
  private let tiers: Mutex<Tiers>
  /// A download or an unpacking that is under way: whoever needs it too waits for the same.
  private let arrival = Mutex<Task<HostPicture?, any Error>?>(nil)

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

  /// Has the frame packed from now on.
  ///
  /// - Returns: the plain picture, to be freed outside of any lock.
  func pack(_ picture: PackedPicture) -> HostPicture? {
    tiers.withLock {
      $0.packed = picture
      return $0.host.take()
    }
  }

  /// Lets go of the plain picture of a frame that is packed, too.
  ///
  /// - Returns: it, to be freed outside of any lock.
  func dropPlain() -> Tiers { tiers.withLock { Tiers(host: $0.host.take()) } }

  /// Lets go of the packed copy of a frame that is plain, too; likewise.
  func dropCopy() -> Tiers { tiers.withLock { Tiers(packed: $0.packed.take()) } }

  /// The samples in host memory: those that are there, those that are under way, or those that `start` gets.
  ///
  /// - Parameters:
  ///   - start: unpacks or downloads.
  ///   - keep: makes the samples known, before anybody could begin another download.
  func hostPicture(
    _ start: @escaping @Sendable (Tiers) async throws -> HostPicture?,
    keep: @escaping @Sendable (HostPicture, Tiers) -> Void
  ) async throws -> HostPicture? {
    let task = arrival.withLock { arrival -> Task<HostPicture?, any Error> in
      if let arrival { return arrival }
      let tiers = contents
      if let picture = tiers.host { return Task { picture } }
      let task = Task {
        let result = await Result.catching { try await start(tiers) }
        if case .success(let picture?) = result { keep(picture, tiers) }
        self.arrival.withLock { $0 = nil }
        return try result.get()
      }
      arrival = task
      return task
    }
    return try await task.value
  }

  /// Lets go of a tier.
  ///
  /// - Returns: what it held, to be freed outside of any lock.
  func drop(_ tier: Residency) -> Tiers {
    tiers.withLock { tiers in
      var dropped = Tiers()
      if tier.contains(.host) {
        dropped.host = tiers.host.take()
        dropped.packed = tiers.packed.take()
      }
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
