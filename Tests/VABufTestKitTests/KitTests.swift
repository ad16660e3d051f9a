import Testing
import VABufTestKit

@Suite struct KitTests {
  @Test func randomNumbersFollowTheSeed() {
    var first = SeededRandom(seed: 7)
    var second = SeededRandom(seed: 7)
    var other = SeededRandom(seed: 8)
    let numbers = (0..<8).map { _ in first.next() }
    #expect(numbers == (0..<8).map { _ in second.next() })
    #expect(numbers != (0..<8).map { _ in other.next() })
    // The published sequence of SplitMix64 for seed 1234567.
    var published = SeededRandom(seed: 1_234_567)
    #expect(published.next() == 6_457_827_717_110_365_317)
    #expect(published.next() == 3_203_168_211_198_807_973)
  }

  @Test func listsAreParsed() throws {
    let text = "#format: frame checksums\n#tb 0: 1/25\n0,  -1,   3,  1,  23040, 00ff\n0, 1, 4, 1, 23040, abcd\n"
    let reference = try Reference(parsing: text)
    #expect(reference.header == ["format: frame checksums", "tb 0: 1/25"])
    #expect(reference.lines.map(\.dts) == [-1, 1])
    #expect(reference.lines.map(\.md5) == ["00ff", "abcd"])
    #expect(throws: ReferenceError.self) { try Reference(parsing: "0, 1, 2\n") }
  }

  @Test(arguments: [(12, 1, 12), (40, 9, 64)])
  func stampsAreReadBack(width: Int, height: Int, stride: Int) {
    let plane = UnsafeMutableRawBufferPointer.allocate(byteCount: stride * height, alignment: 64)
    defer { plane.deallocate() }
    plane.initializeMemory(as: UInt8.self, repeating: 0xee)
    let bytes = UnsafeRawBufferPointer(plane)
    for number in [0, 1, 255, 70_000] {
      StampedFrames.stamp(number, seed: 3, into: plane, width: width, height: height, stride: stride)
      #expect(StampedFrames.number(in: bytes, seed: 3, width: width, height: height, stride: stride) == number)
      #expect(StampedFrames.number(in: bytes, seed: 4, width: width, height: height, stride: stride) == nil)
    }
    plane[stride * (height - 1) + width - 1] ^= 1
    #expect(StampedFrames.number(in: bytes, seed: 3, width: width, height: height, stride: stride) == nil)
    if stride > width { #expect(plane[width] == 0xee) }
  }

  @Test func livesAreCounted() {
    let tracker = LifetimeTracker()
    var kept: [LifetimeTracker.Tracked] = []
    for _ in 0..<3 { kept.append(tracker.object()) }
    #expect(tracker.alive == 3)
    kept.remove(at: 1)
    #expect(tracker.survivors == [0, 2])
    kept.removeAll()
    #expect(tracker.alive == 0 && tracker.made == 3)
  }

  @Test func theClockWakesInOrder() async throws {
    let clock = ManualClock()
    async let late: Duration = {
      try await clock.sleep(for: .seconds(2))
      return clock.now.offset
    }()
    async let early: Duration = {
      try await clock.sleep(for: .seconds(1))
      return clock.now.offset
    }()
    await clock.waitForSleepers(2)
    clock.advance(by: .milliseconds(1500))
    #expect(try await early >= .milliseconds(1500))
    #expect(clock.sleeping == 1)
    clock.advance(by: .milliseconds(500))
    #expect(try await late == .seconds(2))
    try await clock.sleep(until: clock.now)
  }

  @Test func sleepingCanBeCancelled() async {
    let clock = ManualClock()
    let task = Task { try await clock.sleep(for: .seconds(1)) }
    await clock.waitForSleepers(1)
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
    #expect(clock.sleeping == 0)
  }
}
