import Testing
import VABuf
import VABufTestKit

/// A hit gives the lease that was given before, which allocates nothing; nobody else may notice.
@Suite(.timeLimit(.minutes(5))) struct SpareLeaseTests {
  private func buffer(_ source: ScriptedSource, cache frames: Int, count: Int) throws -> FrameBuffer {
    try FrameBuffer(source: source, configuration: configuration(cache: frames), frameCount: count)
  }

  @Test func aHitGivesTheLeaseThatWasGivenBefore() async throws {
    let buffer = try buffer(ScriptedSource(), cache: 4, count: 4)
    _ = try await buffer.frame(at: 0)
    let first = ObjectIdentifier(try await buffer.frame(at: 0))
    let second = ObjectIdentifier(try await buffer.frame(at: 0))
    let third = try buffer.frameIfResident(at: 0).map { ObjectIdentifier($0) }
    #expect(first == second && second == third)
    await buffer.close()
  }

  /// The least recently used frame goes, whether it was asked for once or often.
  @Test func whatWasGivenBackIsEvictedInTurn() async throws {
    let buffer = try buffer(ScriptedSource(), cache: 3, count: 10)
    for number in [0, 1, 2, 0, 1, 0, 2] { _ = try await buffer.frame(at: number) }
    _ = try await buffer.frame(at: 3)
    #expect(buffer.snapshot.frames.map(\.number) == [0, 2, 3])
    for number in [2, 0, 3, 0] { _ = try await buffer.frame(at: number) }
    _ = try await buffer.frame(at: 4)
    #expect(buffer.snapshot.frames.map(\.number) == [0, 3, 4])
    await buffer.close()
  }

  @Test func whatIsHeldStays() async throws {
    let buffer = try buffer(ScriptedSource(), cache: 2, count: 10)
    for number in [0, 1] { _ = try await buffer.frame(at: number) }
    let held = try await buffer.frame(at: 0)
    for number in 2..<6 { _ = try await buffer.frame(at: number) }
    #expect(buffer.snapshot.frames.map(\.number) == [0, 5])
    expectFrame(held, 0)
    await buffer.close()
    expectFrame(held, 0)
  }

  @Test func closingGivesBackWhatNobodyHolds() async throws {
    let tracker = LifetimeTracker()
    do {
      let buffer = try buffer(ScriptedSource(tracker: tracker), cache: 4, count: 4)
      for number in [0, 1, 2, 3, 0, 1, 2, 3] { _ = try await buffer.frame(at: number) }
      let held = try await buffer.frame(at: 2)
      await buffer.close()
      #expect(buffer.pool.metrics.bytesInUse > 0)
      _ = consume held
      #expect(buffer.pool.metrics.bytesInUse == 0)
    }
    #expect(tracker.alive == 0)
  }

  /// Readers on two threads get their frames while the cache gives up others.
  @Test func readersAndEvictionsGoTogether() async throws {
    let buffer = try buffer(ScriptedSource(), cache: 3, count: 64)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for reader in 0..<3 {
        group.addTask {
          for step in 0..<ShortRun.count(200) {
            let number = (step * (reader + 1) / 3) % 64
            expectFrame(try await buffer.frame(at: number), number)
          }
        }
      }
      try await group.waitForAll()
    }
    await buffer.close()
    #expect(buffer.pool.metrics.bytesInUse == 0)
  }
}
