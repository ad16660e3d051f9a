package import FrameModel

/// The window of frames that sequential playback may have ahead of it: from the one that it takes next, so many in its
/// direction. It holds numbers; frames are in the cache.
package struct PlaybackRing: Sendable {
  package let capacity: Int
  package private(set) var direction = Direction.forward
  /// The frame that playback takes next.
  package private(set) var next = 0

  package init(capacity: Int) {
    precondition(capacity > 0, "a ring of \(capacity) frames")
    self.capacity = capacity
  }

  /// Playback has taken a frame, and goes on this way. At the first frame there is nothing to go back to: then the window
  /// stays where it is.
  package mutating func taken(_ frame: Int, _ direction: Direction) {
    let next = frame + direction.rawValue
    guard next >= 0 else { return }
    (self.next, self.direction) = (next, direction)
  }

  /// Whether a frame lies farther ahead than the window reaches.
  package func isBeyond(_ frame: Int) -> Bool {
    let (ahead, overflow) =
      direction == .forward ? frame.subtractingReportingOverflow(next) : next.subtractingReportingOverflow(frame)
    return !overflow && ahead >= capacity
  }
}
