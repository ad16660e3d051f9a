/// Which way a reader goes through the frames.
public enum Direction: Int, Hashable, Sendable, CaseIterable {
  /// Rising numbers.
  case forward = 1
  /// Falling numbers: reverse playback.
  case backward = -1
}
