package import FrameModel

/// The window of frames that sequential playback holds ahead, in playback order. It holds numbers; the caller holds
/// the frames.
///
/// - *idle*: at first. `start` -> *playing*.
/// - *playing*: the window is the next `capacity` frames, to the end. `take` gives them strictly in order, and moves the
///   window on. The one past the end -> *finished*.
/// - *finished*: `take` says so. `start` or `skip` -> *playing*.
///
/// `needsMore` turns on when fewer than `lowWater` frames are there and some are missing, and off when `highWater` are
/// there or none is missing.
package struct PlaybackRing: Sendable {
  /// What `take` gives.
  package enum Taken: Equatable, Sendable {
    case frame(Int)
    /// The next frame is not there yet.
    case waiting(Int)
    case finished
  }

  package let capacity: Int
  package let lowWater: Int
  package let highWater: Int
  package private(set) var direction = Direction.forward
  /// How many frames of the window are there.
  package private(set) var filled = 0
  package private(set) var needsMore = false
  /// The frame that `take` gives next; nil where it is idle or finished.
  package private(set) var next: Int?

  /// The last frame to play; nil where it is not known.
  private var end: Int?
  /// Whether a frame is there, at its number modulo the capacity.
  private var isThere: [Bool]

  package init(capacity: Int, lowWater: Int? = nil, highWater: Int? = nil) {
    precondition(capacity > 0, "a ring of \(capacity) frames")
    self.capacity = capacity
    self.lowWater = min(lowWater ?? (capacity + 1) / 2, capacity)
    self.highWater = min(max(highWater ?? capacity, self.lowWater), capacity)
    isThere = [Bool](repeating: false, count: capacity)
  }

  /// The frames of the window that lie before the end.
  package var windowCount: Int {
    guard let next else { return 0 }
    guard let end = lastFrame else { return capacity }
    let left = direction == .forward ? end - next : next - end
    return left >= capacity ? capacity : left + 1
  }

  /// Starts anew, with nothing there. `end` is the last frame to play; without one, playback forward goes on until
  /// `setEnd`, and backward to frame 0.
  package mutating func start(at frame: Int, direction: Direction, end: Int? = nil) {
    precondition(frame >= 0, "playback starts at a frame")
    self.direction = direction
    self.end = end
    clear()
    next = frame
    finishAtEnd()
    updateNeed(restart: true)
  }

  /// The last frame to play is known now, or is another one. What is there past it is forgotten.
  package mutating func setEnd(_ end: Int?) {
    let wasThere = window.filter { isThere[$0 % capacity] }
    self.end = end
    finishAtEnd()
    keep(wasThere)
  }

  /// Whether a frame lies in the window, there or not.
  package func accepts(_ frame: Int) -> Bool {
    guard let next else { return false }
    let offset =
      direction == .forward ? frame.subtractingReportingOverflow(next) : next.subtractingReportingOverflow(frame)
    return !offset.overflow && offset.partialValue >= 0 && offset.partialValue < windowCount
  }

  /// A frame is there. Returns false where it is outside the window, or was there already.
  package mutating func arrived(_ frame: Int) -> Bool {
    guard accepts(frame), !isThere[frame % capacity] else { return false }
    isThere[frame % capacity] = true
    filled += 1
    updateNeed()
    return true
  }

  /// A frame that was there is gone, as when its device was lost: it is missing again.
  package mutating func lost(_ frame: Int) {
    guard accepts(frame), isThere[frame % capacity] else { return }
    isThere[frame % capacity] = false
    filled -= 1
    updateNeed()
  }

  /// Takes the next frame, if it is there.
  package mutating func take() -> Taken {
    guard let frame = next else { return .finished }
    guard isThere[frame % capacity] else { return .waiting(frame) }
    isThere[frame % capacity] = false
    filled -= 1
    if frame == lastFrame {
      next = nil
    } else {
      next = frame + direction.rawValue
    }
    updateNeed()
    return .frame(frame)
  }

  /// Goes on at another frame, in the same direction. What is there and in the new window, too, stays.
  package mutating func skip(to frame: Int) {
    precondition(frame >= 0, "playback goes on at a frame")
    let wasThere = window.filter { isThere[$0 % capacity] }
    next = frame
    finishAtEnd()
    keep(wasThere)
  }

  /// Appends the frames of the window that are not there, in playback order.
  package func missing(into frames: inout [Int]) {
    for frame in window where !isThere[frame % capacity] { frames.append(frame) }
  }

  // MARK: - Steps

  private var lastFrame: Int? {
    direction == .forward ? end : max(0, end ?? 0)
  }

  /// The frames of the window in playback order.
  private var window: some Sequence<Int> {
    let first = next ?? 0
    let step = direction.rawValue
    return (0..<windowCount).lazy.map { first + step * $0 }
  }

  private mutating func finishAtEnd() {
    guard let next, let end = lastFrame else { return }
    if direction == .forward ? next > end : next < end { self.next = nil }
  }

  private mutating func keep(_ frames: [Int]) {
    clear()
    for frame in frames where accepts(frame) {
      isThere[frame % capacity] = true
      filled += 1
    }
    updateNeed()
  }

  private mutating func clear() {
    for index in isThere.indices { isThere[index] = false }
    filled = 0
  }

  private mutating func updateNeed(restart: Bool = false) {
    if filled >= highWater || filled == windowCount {
      needsMore = false
    } else if restart || filled < lowWater {
      needsMore = true
    }
  }
}
