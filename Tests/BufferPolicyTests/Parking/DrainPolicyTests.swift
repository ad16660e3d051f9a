import Testing

@testable import BufferPolicy

@Suite struct DrainPolicyTests {
  /// What a new policy says of frames in turn, in groups of so many.
  private func drains(_ frames: [Int], groups: Int = 100, within distance: Int = 16) -> [Bool] {
    var policy = DrainPolicy()
    return frames.map { policy.drains(at: $0, seekPoint: $0 / groups * groups, within: distance) }
  }

  @Test func onlyNearASeekPoint() {
    #expect(drains([100, 201, 300], within: 0) == [true, false, true])
    #expect(drains([116, 217, 310]) == [true, false, true])
  }

  /// A place whose next frame was asked for keeps going. Whether its decoder stays is up to parking.
  @Test(arguments: 1...5) func aSequelIsNotDrained(step: Int) {
    let isSequel = step <= 4
    #expect(drains([2, 2 + step, 110]) == [true, !isSequel, true])
  }

  @Test func theSameFrameAndThoseBeforeItAreNoSequel() {
    #expect(drains([10, 10, 9, 5]) == [true, true, true, true])
  }

  @Test func fourPlacesAreRemembered() {
    #expect(drains([0, 100, 200, 300, 400, 1, 401, 201]) == [true, true, true, true, true, true, false, false])
  }
}
