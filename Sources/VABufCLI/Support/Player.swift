import VABuf

/// Plays a timeline against the clock: a frame is asked for when it is due, looked at, and held until the next one.
///
/// A frame is *late* when it is there more than half its time on the screen (at least 2 ms) after it was due. It is
/// *dropped* when it is there only after all its time on the screen, and the next one is due: playback then goes on
/// at the frame that will be due when the decoder can be expected to have it. Where that one is not in time either, it
/// is shown all the same and the clock goes on from it: a decoder that is too slow gives a slow picture, not none.
struct Player {
  private let buffer: FrameBuffer
  private let direction: Direction
  private let status: (Player, Timeline.Slot) -> Void
  private(set) var presented = 0
  private(set) var late = 0
  private(set) var dropped = 0
  private(set) var latencies: [Duration] = []
  private(set) var started: ContinuousClock.Instant?
  private(set) var ended: ContinuousClock.Instant?
  /// What the buffer had done when the clock started.
  private(set) var before: BufferMetrics?
  /// When the first frame of the next round is due.
  private var origin: ContinuousClock.Instant?
  private var shown: FrameLease?

  init(_ buffer: FrameBuffer, direction: Direction, status: @escaping (Player, Timeline.Slot) -> Void) {
    self.buffer = buffer
    self.direction = direction
    self.status = status
  }

  /// Frames that are decoded before the clock starts.
  static let preroll = 12

  /// Seconds from the first request to the end.
  var seconds: Double {
    guard let started else { return 0 }
    return ((ended ?? .now) - started).seconds
  }

  /// Plays once. Rounds follow each other without a pause.
  mutating func play(_ timeline: Timeline) async throws {
    let slots = timeline.slots
    if started == nil {
      try await decodeAhead(slots)
      before = buffer.metrics
      started = .now
    }
    var reader = read(slots, from: 0)
    var index = 0
    var isChasing = false
    while index < slots.count {
      let slot = slots[index]
      // The clock starts with the first picture; after a drop the frame is asked for ahead of its time.
      if let origin, !isChasing { try await sleep(until: origin + .seconds(slot.due)) }
      let asked = ContinuousClock.now
      guard let lease = try await reader.next() else { break }
      var now = ContinuousClock.now
      latencies.append(now - asked)
      let begin = origin ?? now
      origin = begin
      let due = begin + .seconds(slot.due)
      let wasChasing = isChasing
      isChasing = false
      if wasChasing, now < due {
        try await sleep(until: due)
        now = .now
      }
      let delay = (now - due).seconds
      if delay >= slot.duration, index + 1 < slots.count {
        guard !wasChasing else {
          origin = now - .seconds(slot.due)
          present(lease)
          late += 1
          status(self, slot)
          index += 1
          continue
        }
        let expected = (now - begin).seconds + (now - asked).seconds
        let target = max(index + 1, timeline.slot(at: expected, from: index))
        dropped += target - index
        if target > index + 1 { reader = read(slots, from: target) }
        index = target
        isChasing = true
        continue
      }
      present(lease)
      if delay > max(slot.duration / 2, 0.002) { late += 1 }
      status(self, slot)
      index += 1
    }
    if let begin = origin {
      let end = begin + .seconds(timeline.duration)
      if index >= slots.count { try await sleep(until: end) }
      origin = end
    }
    ended = .now
  }

  private func decodeAhead(_ slots: [Timeline.Slot]) async throws {
    guard let first = slots.first, let last = slots.prefix(Self.preroll).last else { return }
    let range = FrameRange(first: first.number, last: last.number)
    // Frames that the cache has no room for are decoded again when they are due.
    _ = try await buffer.preload(range.numbers, direction: direction)
  }

  /// What a window would do: looks at the picture, and keeps it until the next one.
  private mutating func present(_ lease: FrameLease) {
    precondition(lease.descriptor.layout.width > 0, "a frame without a size")
    shown = lease
    presented += 1
  }

  private func read(_ slots: [Timeline.Slot], from index: Int) -> FrameSequence.Iterator {
    guard index < slots.count, let last = slots.last else { return buffer.frames(0..<0).makeAsyncIterator() }
    let range = FrameRange(first: slots[index].number, last: last.number)
    return buffer.frames(range.numbers, direction: direction, in: .anywhere).makeAsyncIterator()
  }

  private func sleep(until time: ContinuousClock.Instant) async throws {
    if time > .now { try await Task.sleep(until: time, tolerance: .zero, clock: .continuous) }
  }
}
