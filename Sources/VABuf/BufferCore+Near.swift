internal import BufferPolicy
internal import FrameModel

/// Frames that stand in for others. What is asked for makes the pattern of a reader, never what stands in for it.
extension BufferCore {
  /// - Throws: `VABufError` with code `noSuchFrame`, which counts as a request.
  func check(_ number: Int) throws(VABufError) {
    guard let error = outOfRange(number) else { return }
    counters.misses.count()
    throw error
  }

  /// The nearest frame of the window that is there, if that is another one; nil where there is none, or the very one
  /// that is asked for.
  func standIn(for target: NearTarget, in place: Placement) -> FrameLease? {
    while let number = target.nearer(cache.nearest(to: key(target.number), in: target.window)),
      number != target.number
    {
      // It may leave the cache between the two: then there is another nearest one.
      guard let lease = cache.lease(key(number), in: place) else { continue }
      countHit(lease)
      counters.nearFrames.count()
      return lease
    }
    return nil
  }

  /// Decodes a frame that is to stand in for another.
  ///
  /// - Parameter isOnTheWay: the other one is asked for too, right after this call.
  /// - Returns: nil where it cannot be had: the one that is asked for still may.
  func decodeStandIn(_ number: Int, in place: Placement, isOnTheWay: Bool = false) async throws -> FrameLease? {
    do {
      let reader = isOnTheWay ? BufferState.passingReader : BufferState.noReader
      let lease = try await frame(number, urgency: .demand, reader: reader, in: place).lease
      counters.nearFrames.count()
      return lease
    } catch let error as VABufError where error.code != .closed && error.code != .sourceFailed {
      return nil
    }
  }

  /// The nearest frame that is there; else the cheapest one to decode.
  func frame(near target: NearTarget, in place: Placement) async throws -> FrameLease {
    try check(target.number)
    if let lease = standIn(for: target, in: place) { return try await settle(lease, place) }
    if !isCached(target.number), let point = target.seekPoint, point != target.number,
      let lease = try await decodeStandIn(point, in: place)
    {
      return lease
    }
    return try await exact(target, in: place)
  }

  /// The frame that is asked for, as any other request for it.
  func exact(_ target: NearTarget, in place: Placement) async throws -> FrameLease {
    try await frame(target.number, urgency: .demand, reader: BufferState.anonymousReader, in: place).lease
  }
}
