import BufferPolicy
import FrameModel
import Testing

@Suite struct PlaybackRingTests {
  /// The frames of 0...30 that lie beyond.
  private func beyond(_ ring: PlaybackRing) -> [Int] { (0...30).filter(ring.isBeyond) }

  @Test func aNewRingAwaitsTheFirstFrame() {
    #expect(beyond(PlaybackRing(capacity: 4)) == Array(4...30))
  }

  @Test func theWindowFollowsWhatIsTaken() {
    var ring = PlaybackRing(capacity: 4)
    ring.taken(10, .forward)
    #expect(ring.next == 11)
    #expect(beyond(ring) == Array(15...30))
    // A jump, ahead and back.
    ring.taken(25, .forward)
    #expect(beyond(ring) == [30])
    ring.taken(0, .forward)
    #expect(beyond(ring) == Array(5...30))
  }

  @Test func backwardWhatIsBeforeTheWindowIsBeyond() {
    var ring = PlaybackRing(capacity: 4)
    ring.taken(10, .backward)
    #expect(ring.next == 9)
    #expect(beyond(ring) == Array(0...5))
    ring.taken(3, .backward)
    #expect(beyond(ring) == [])
  }

  @Test(arguments: [Direction.forward, .backward]) func numbersThatNoStreamHasAreNotBeyond(_ direction: Direction) {
    var ring = PlaybackRing(capacity: 2)
    ring.taken(5, direction)
    #expect(!ring.isBeyond(direction == .forward ? .min : .max))
  }

  @Test func theFirstFrameBackwardMovesNothing() {
    var ring = PlaybackRing(capacity: 2)
    ring.taken(1, .backward)
    ring.taken(0, .backward)
    #expect((ring.next, ring.direction) == (0, .backward))
    ring.taken(5, .forward)
    ring.taken(0, .backward)
    #expect((ring.next, ring.direction) == (6, .forward))
  }
}
