internal import FrameModel

extension DecodeSession {
  /// How fast the session decodes, without copies and without a cache: the stream again and again from the start, until
  /// the time is up.
  ///
  /// - Parameter onFrame: called for each frame that was decoded.
  /// - Returns: frames a second of the best run through the stream, and how many frames were decoded in all; nil where the
  ///   stream is too short to tell.
  package func decodeRate(
    within limit: Duration, _ onFrame: @Sendable () -> Void
  ) throws -> (framesPerSecond: Double, frames: Int)? {
    guard let count = index?.frames.count, count > 1 else { return nil }
    let start = ContinuousClock.now
    var best = Duration.seconds(1_000_000)
    var frames = 0
    repeat {
      let before = ContinuousClock.now
      try seek(to: 0, keeping: 0)
      var last: DecodedFrame?
      while true {
        let step = try step()
        if case .frame(let frame) = step {
          frames += 1
          onFrame()
          last = frame
          if frame.descriptor.number < count - 1 { continue }
        }
        if case .passed = step { continue }
        break
      }
      // The GPU may still be at work on the last ones.
      if case .surface(let surface) = last?.contents { try surface.prove() }
      best = min(best, ContinuousClock.now - before)
    } while ContinuousClock.now - start < limit
    return (Double(count) / best.seconds, frames)
  }
}

extension Duration {
  fileprivate var seconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
