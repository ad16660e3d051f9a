/// A frame that is good enough for now, at once, and then the one that was asked for.
///
/// Gives one or two leases and ends: the best frame at hand, then the exact one, which is always the last. Each says
/// with its own `number` which frame it is. What is at hand is the nearest frame that is cached; where none is within
/// the limit, the keyframe at which the decoder starts on its way, as soon as it is decoded. Where the exact frame is
/// there, or comes first, it is the only one. A program that is slower than the decoder may get it alone, too.
///
/// Both are demanded by the first `next()`, the exact one while the program still looks at the other. A task that is
/// cancelled while it waits (the hand has moved on) drops its demands at once, in the decoder too, and throws
/// `CancellationError`; an iterator that is let go drops them as well.
///
/// ```swift
/// scrub?.cancel()
/// scrub = Task {
///   for try await frame in buffer.approach(hand, within: 250) { show(frame) }
/// }
/// ```
///
/// Any thread may use it; an iterator belongs to one task.
public struct FrameApproach: AsyncSequence, Sendable {
  private let core: BufferCore
  /// Keeps the buffer open as long as somebody waits for its frames.
  private let buffer: FrameBuffer
  private let target: NearTarget
  private let place: Placement

  init(core: BufferCore, of buffer: FrameBuffer, to target: NearTarget, in place: Placement) {
    self.core = core
    self.buffer = buffer
    self.target = target
    self.place = place
  }

  /// Makes an iterator. Nothing is asked for before its first `next()`.
  public func makeAsyncIterator() -> Iterator { Iterator(core: core, of: buffer, to: target, in: place) }

  /// Waits for the frames.
  public struct Iterator: AsyncIteratorProtocol {
    private enum Stage {
      case beginning
      case coming(AsyncThrowingStream<FrameLease, any Error>)
      case over
    }

    private let core: BufferCore
    private let buffer: FrameBuffer
    private let target: NearTarget
    private let place: Placement
    private var stage = Stage.beginning

    init(core: BufferCore, of buffer: FrameBuffer, to target: NearTarget, in place: Placement) {
      self.core = core
      self.buffer = buffer
      self.target = target
      self.place = place
    }

    /// The next frame; nil after the exact one, and after an error.
    ///
    /// - Throws: what ``FrameBuffer/frame(at:in:)`` throws for the exact frame.
    public mutating func next() async throws -> FrameLease? {
      switch stage {
      case .over: return nil
      case .coming: break
      case .beginning:
        stage = .over
        try Task.checkCancellation()
        try core.check(target.number)
        if let lease = core.standIn(for: target, in: place) {
          // The decoder is told first: what follows may have to wait for a download.
          stage = .coming(FrameApproach.demand(target, after: nil, core, place))
          // One that cannot be read any more is not worth an error: the exact one comes.
          if let lease = try? await core.settle(lease, place) { return lease }
        } else {
          let keyframe = core.isCached(target.number) ? nil : target.keyframe
          stage = .coming(FrameApproach.demand(target, after: keyframe, core, place))
        }
      }
      return try await arrival()
    }

    private mutating func arrival() async throws -> FrameLease? {
      guard case .coming(let stream) = stage else { return nil }
      stage = .over
      var iterator = stream.makeAsyncIterator()
      guard let lease = try await iterator.next() else {
        // A stream just ends where its task is cancelled.
        try Task.checkCancellation()
        return nil
      }
      if lease.number != target.number { stage = .coming(stream) }
      return lease
    }
  }

  /// Asks for the exact frame, and for another one before it, now; both are dropped with the stream.
  private static func demand(
    _ target: NearTarget, after keyframe: Int?, _ core: BufferCore, _ place: Placement
  ) -> AsyncThrowingStream<FrameLease, any Error> {
    // The exact one replaces the other where nobody has taken that yet.
    AsyncThrowingStream(bufferingPolicy: .bufferingNewest(1)) { continuation in
      let task = Task.immediate {
        do {
          try await frames(target, after: keyframe, core, place) { continuation.yield($0) }
          continuation.finish()
        } catch {
          continuation.finish(throwing: error)
        }
      }
      continuation.onTermination = { _ in task.cancel() }
    }
  }

  private static func frames(
    _ target: NearTarget, after keyframe: Int?, _ core: BufferCore, _ place: Placement,
    _ give: (FrameLease) -> Void
  ) async throws {
    try await withThrowingTaskGroup(of: (lease: FrameLease?, isExact: Bool).self) { group in
      // In this order, so that the decoder does them in this order: the first lies on the way to the second.
      if let keyframe, keyframe != target.number {
        group.addImmediateTask { (try await core.decodeStandIn(keyframe, in: place, isOnTheWay: true), false) }
      }
      group.addImmediateTask { (try await core.exact(target, in: place), true) }
      while let (lease, isExact) = try await group.next() {
        if let lease { give(lease) }
        if isExact { return group.cancelAll() }
      }
    }
  }
}
