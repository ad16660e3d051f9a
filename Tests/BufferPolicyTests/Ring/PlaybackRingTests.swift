import BufferPolicy
import FrameModel
import Testing

@Suite struct PlaybackRingTests {
  private func missing(_ ring: PlaybackRing) -> [Int] {
    var frames: [Int] = []
    ring.missing(into: &frames)
    return frames
  }

  @Test func anIdleRingIsFinished() {
    var ring = PlaybackRing(capacity: 4)
    #expect(ring.take() == .finished)
    #expect(ring.arrived(0) == false)
    #expect(!ring.needsMore)
    #expect(missing(ring) == [])
  }

  @Test func framesAreTakenInOrder() {
    var ring = PlaybackRing(capacity: 3)
    ring.start(at: 5, direction: .forward, end: 8)
    #expect(missing(ring) == [5, 6, 7])
    #expect(ring.arrived(6) == true)
    #expect(ring.arrived(6) == false)
    #expect(ring.arrived(8) == false)
    #expect(ring.take() == .waiting(5))
    #expect(ring.arrived(5) == true)
    #expect(ring.take() == .frame(5))
    #expect(ring.accepts(8) && !ring.accepts(9) && !ring.accepts(5))
    #expect(ring.take() == .frame(6))
    #expect(missing(ring) == [7, 8])
    for frame in 7...8 { #expect(ring.arrived(frame) == true) }
    #expect([ring.take(), ring.take(), ring.take()] == [.frame(7), .frame(8), .finished])
  }

  @Test func backwardEndsAtTheFirstFrame() {
    var ring = PlaybackRing(capacity: 4)
    ring.start(at: 2, direction: .backward)
    #expect(missing(ring) == [2, 1, 0])
    for frame in 0...2 { #expect(ring.arrived(frame) == true) }
    #expect(!ring.needsMore)
    #expect([ring.take(), ring.take(), ring.take(), ring.take()] == [.frame(2), .frame(1), .frame(0), .finished])
  }

  @Test func theNeedHasHysteresis() {
    var ring = PlaybackRing(capacity: 8, lowWater: 2, highWater: 4)
    ring.start(at: 0, direction: .forward)
    var needs: [Bool] = [ring.needsMore]
    for frame in 0..<4 {
      _ = ring.arrived(frame)
      needs.append(ring.needsMore)
    }
    for _ in 0..<3 {
      _ = ring.take()
      needs.append(ring.needsMore)
    }
    #expect(needs == [true, true, true, true, false, false, false, true])
  }

  @Test func aSkipKeepsWhatIsInBothWindows() {
    var ring = PlaybackRing(capacity: 4)
    ring.start(at: 0, direction: .forward)
    for frame in 0..<4 { _ = ring.arrived(frame) }
    ring.skip(to: 2)
    #expect((ring.filled, missing(ring)) == (2, [4, 5]))
    ring.skip(to: 1)
    #expect((ring.filled, missing(ring)) == (2, [1, 4]))
    ring.skip(to: 90)
    #expect(missing(ring) == [90, 91, 92, 93])
  }

  @Test func aSkipAfterTheEndPlaysOn() {
    var ring = PlaybackRing(capacity: 4)
    ring.start(at: 3, direction: .forward, end: 2)
    #expect(ring.take() == .finished)
    ring.skip(to: 1)
    #expect(ring.take() == .waiting(1))
    #expect(missing(ring) == [1, 2])
  }

  @Test func theEndMayBecomeKnownLater() {
    var ring = PlaybackRing(capacity: 4)
    ring.start(at: 0, direction: .forward)
    for frame in 0..<4 { _ = ring.arrived(frame) }
    ring.setEnd(1)
    #expect(ring.filled == 2)
    #expect([ring.take(), ring.take(), ring.take()] == [.frame(0), .frame(1), .finished])
  }

  @Test func aLostFrameIsMissingAgain() {
    var ring = PlaybackRing(capacity: 2)
    ring.start(at: 0, direction: .forward)
    _ = ring.arrived(0)
    ring.lost(0)
    ring.lost(1)
    #expect((ring.filled, ring.take()) == (0, .waiting(0)))
  }
}

/// The ring as a set of numbers.
private struct RingModel {
  var capacity: Int
  var direction = Direction.forward
  var next: Int?
  var end: Int?
  var there: Set<Int> = []

  var window: [Int] {
    guard let next else { return [] }
    return (0..<capacity).map { next + direction.rawValue * $0 }.filter { isInside($0) }
  }

  func isInside(_ frame: Int) -> Bool {
    direction == .forward ? frame <= end ?? .max : frame >= max(end ?? 0, 0)
  }

  mutating func settle() {
    if let next, !isInside(next) { self.next = nil }
    there.formIntersection(window)
  }
}

@Suite struct RingPropertyTests {
  @Test(arguments: Seeds.all) func agreesWithTheModel(seed: UInt64) throws {
    var rng = SeededGenerator(seed: seed)
    var run = Run(seed: seed)
    for capacity in 1...6 {
      let low = Int.random(in: 0...capacity, using: &rng)
      let high = Int.random(in: low...capacity, using: &rng)
      var ring = PlaybackRing(capacity: capacity, lowWater: low, highWater: high)
      var model = RingModel(capacity: capacity)
      var need = false
      for step in 0..<1500 {
        run.step = step
        let frame = max(0, (model.next ?? 20) + Int.random(in: -8...8, using: &rng))
        var isStart = false
        switch Int.random(in: 0..<100, using: &rng) {
        case 0..<50:
          run.event = "arrived \(frame)"
          let isNew = model.window.contains(frame) && !model.there.contains(frame)
          try run.same(ring.accepts(frame), model.window.contains(frame), "accepts")
          try run.same(ring.arrived(frame), isNew, "is new")
          if isNew { model.there.insert(frame) }
        case 50..<85:
          run.event = "take"
          var expected = PlaybackRing.Taken.finished
          if let next = model.next {
            expected = model.there.contains(next) ? .frame(next) : .waiting(next)
            if model.there.contains(next) { model.next = next + model.direction.rawValue }
          }
          try run.same(ring.take(), expected, "taken")
        case 85..<90:
          run.event = "lost \(frame)"
          ring.lost(frame)
          model.there.remove(frame)
        case 90..<95:
          run.event = "skip \(frame)"
          ring.skip(to: frame)
          model.next = frame
        case 95..<97:
          let end = rng.chance(70) ? frame + 3 : nil
          run.event = "end \(end ?? -1)"
          ring.setEnd(end)
          model.end = end
        default:
          let direction = Direction.allCases.randomElement(using: &rng) ?? .forward
          let end = rng.chance(70) ? max(0, frame + direction.rawValue * 12) : nil
          run.event = "start \(frame) \(direction) \(end ?? -1)"
          isStart = true
          ring.start(at: frame, direction: direction, end: end)
          model = RingModel(capacity: capacity, direction: direction, next: frame, end: end)
        }
        model.settle()
        if model.there.count >= high || model.there.count == model.window.count {
          need = false
        } else if isStart || model.there.count < low {
          need = true
        }
        try run.same(ring.next, model.next, "next")
        try run.same(ring.filled, model.there.count, "filled")
        try run.same(ring.windowCount, model.window.count, "windowCount")
        try run.same(ring.needsMore, need, "needsMore")
        var missing: [Int] = []
        ring.missing(into: &missing)
        try run.same(missing, model.window.filter { !model.there.contains($0) }, "missing")
      }
    }
  }
}
