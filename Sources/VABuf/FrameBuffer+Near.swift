public import FrameModel

/// Near enough, then exact: for a hand on a time line.
extension FrameBuffer {
  /// A frame within a tolerance, as soon as one can be had.
  ///
  /// The nearest one that is there, without decoding: the earlier of two. Where none is, the nearest keyframe in the
  /// tolerance, because that costs one decoded frame, else the frame that is asked for. A tolerance of 0 is
  /// ``frame(at:in:)``.
  ///
  /// The lease says with its own `number` which frame it is. One that stands in for another counts in
  /// ``BufferMetrics/nearFrames`` too, and the look-ahead does not follow it.
  ///
  /// - Parameters:
  ///   - number: from 0, in presentation order. It must exist, whatever is near.
  ///   - tolerance: how many frames away the other may be, before or after; not negative.
  ///   - place: where the lease is to hold it.
  /// - Throws: what ``frame(at:in:)`` throws.
  public func frame(near number: Int, tolerance: Int, in place: Placement = .host) async throws -> FrameLease {
    precondition(tolerance >= 0, "a tolerance of \(tolerance) frames")
    return try await core.frame(near: NearTarget(number, tolerance: tolerance, index: index), in: place)
  }

  /// The same by time: the nearest frame that begins within a tolerance of a time of the stream's own clock.
  ///
  /// - Parameters:
  ///   - seconds: the time.
  ///   - tolerance: seconds, before and after; not negative. The frame that `rule` names will always do.
  ///   - rule: which frame is asked for.
  ///   - place: where the lease is to hold it.
  /// - Throws: what ``frame(at:in:)`` throws, and what ``frameNumber(atSeconds:_:)`` throws.
  public func frame(
    nearSeconds seconds: Double, tolerance: Double, _ rule: TimeRule = .atOrBefore, in place: Placement = .host
  ) async throws -> FrameLease {
    try await core.frame(near: target(seconds, tolerance, rule), in: place)
  }

  /// The best frame at hand at once, then the exact one.
  ///
  /// - Parameters:
  ///   - number: from 0, in presentation order.
  ///   - limit: how many frames away the one at hand may be, before or after; not negative.
  ///   - place: where the leases are to hold the frames.
  public func approach(_ number: Int, within limit: Int, in place: Placement = .host) -> FrameApproach {
    precondition(limit >= 0, "a limit of \(limit) frames")
    return FrameApproach(core: core, of: self, to: NearTarget(number, tolerance: limit, index: index), in: place)
  }

  /// The same by time: what is at hand begins within so many seconds of a time of the stream's own clock.
  ///
  /// - Parameters:
  ///   - seconds: the time.
  ///   - limit: seconds, before and after; not negative.
  ///   - rule: which frame is the exact one.
  ///   - place: where the leases are to hold the frames.
  /// - Throws: what ``frameNumber(atSeconds:_:)`` throws.
  public func approach(
    atSeconds seconds: Double, within limit: Double, _ rule: TimeRule = .atOrBefore, in place: Placement = .host
  ) throws(VABufError) -> FrameApproach {
    FrameApproach(core: core, of: self, to: try target(seconds, limit, rule), in: place)
  }

  private func target(_ seconds: Double, _ tolerance: Double, _ rule: TimeRule) throws(VABufError) -> NearTarget {
    precondition(tolerance >= 0, "a tolerance of \(tolerance) seconds")
    let number = try frameNumber(atSeconds: seconds, rule)
    guard let index else { return NearTarget(number, tolerance: 0, index: nil) }
    return NearTarget(number, seconds: seconds, tolerance: tolerance, index: index)
  }
}
