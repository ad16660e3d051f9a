import Testing

@testable import BufferPolicy

@Suite struct CutPolicyTests {
  /// What a new policy says of frames in turn, in groups of so many.
  private func cuts(_ frames: [Int], groups: Int = 100, within distance: Int = 16) -> [Bool] {
    var policy = CutPolicy()
    return frames.map { policy.cuts(at: $0, seekPoint: $0 / groups * groups, within: distance) }
  }

  @Test func onlyNearASeekPoint() {
    #expect(cuts([100, 201, 300], within: 0) == [true, false, true])
    #expect(cuts([116, 217, 310]) == [true, false, true])
  }

  /// A place whose next frame was asked for is not cut. Whether its decoder stays is up to parking.
  @Test(arguments: 1...5) func aSequelIsNotCut(step: Int) {
    let isSequel = step <= 4
    #expect(cuts([2, 2 + step, 110]) == [true, !isSequel, true])
  }

  @Test func theSameFrameAndThoseBeforeItAreNoSequel() {
    #expect(cuts([10, 10, 9, 5]) == [true, true, true, true])
  }

  @Test func fourPlacesAreRemembered() {
    #expect(cuts([0, 100, 200, 300, 400, 1, 401, 201]) == [true, true, true, true, true, true, false, false])
  }
}
