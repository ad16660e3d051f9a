import Testing
import VABuf
import VABufTestKit

/// How buffers end, and what remains.
@Suite(.timeLimit(.minutes(10))) struct LifecycleTests {
  private struct Weak { weak var object: AnyObject? }

  /// The objects inside a buffer, none of which may outlive it.
  private func insides(_ buffer: FrameBuffer) -> [Weak] {
    Mirror(reflecting: buffer).children.filter { ["core", "channel"].contains($0.label) }
      .map { Weak(object: $0.value as AnyObject) }
  }

  @Test func closingFailsWhoWaitsAndLeavesLeasesReadable() async throws {
    let gate = Gate()
    let tracker = LifetimeTracker()
    var held: FrameLease?
    var objects: [Weak] = []
    do {
      let source = ScriptedSource(gates: [5: gate], tracker: tracker)
      let buffer = try FrameBuffer(source: source, configuration: configuration(), frameCount: 100)
      objects = insides(buffer) + [Weak(object: source), Weak(object: buffer)]
      #expect(objects.count == 4)
      held = try await buffer.frame(at: 1)
      expectFrame(try await buffer.frame(at: 2), 2)
      let waiting = Task { try await buffer.frame(at: 5) }
      await gate.arrivals.wait(for: 1)
      await buffer.close()
      let error = await #expect(throws: VABufError.self) { try await waiting.value }
      #expect(error?.code == .closed)
      let later = await #expect(throws: VABufError.self) { try await buffer.frame(at: 3) }
      #expect(later?.code == .closed)
      #expect(throws: VABufError.self) { try buffer.frameIfResident(at: 3) }
      await #expect(throws: VABufError.self) { for try await _ in buffer.frames(0..<3) {} }
      #expect(source.ended.value == 1)
      await buffer.close()
    }
    await waitUntil { objects.allSatisfy { $0.object == nil } }
    #expect(objects.allSatisfy { $0.object == nil })
    expectFrame(held, 1)
    #expect(tracker.alive == 1)
    held = nil
    #expect(tracker.alive == 0)
  }

  @Test func aBufferThatIsDroppedEndsItsSource() async throws {
    let tracker = LifetimeTracker()
    let source = ScriptedSource(tracker: tracker)
    var held: FrameLease?
    var objects: [Weak] = []
    do {
      let buffer = try FrameBuffer(source: source, configuration: configuration(prefetch: 4), frameCount: 100)
      objects = insides(buffer)
      for try await frame in buffer.frames(0..<10) { held = frame }
    }
    await source.ended.wait(for: 1)
    await waitUntil { objects.allSatisfy { $0.object == nil } }
    expectFrame(held, 9)
    held = nil
    await waitUntil { tracker.alive == 0 }
    #expect(tracker.made >= 10)
  }

  /// The reader goes, then the buffer, while the source stands before a full channel.
  @Test func aDroppedBufferFreesASourceThatIsHeldBack() async throws {
    let tracker = LifetimeTracker()
    let source = ScriptedSource(.push(0..<1000), tracker: tracker)
    do {
      let buffer = try FrameBuffer(source: source, configuration: configuration(ring: 4, channel: 1))
      await source.begun.wait(for: 6)
      #expect(buffer.frameCount == nil)
    }
    await source.ended.wait(for: 1)
    await waitUntil { tracker.alive == 0 }
  }

  @Test func framesOutliveBufferAndPool() async throws {
    guard let path = try ClipMaker.shared.path(of: "h264-pyramid") else { return }
    let reference = try Reference.cached(path)
    var held: [FrameLease] = []
    weak var pool: MemoryPool?
    do {
      var options = FrameBuffer.Options()
      options.keepsIndex = false
      let buffer = try await FrameBuffer.open(path, options: options)
      pool = buffer.pool
      for number in [0, 17, 42, 59] { held.append(try await buffer.frame(at: number)) }
      await buffer.close()
    }
    await waitUntil { pool == nil }
    for frame in held { #expect(try FrameDigest.md5(frame) == reference.lines[frame.number].md5) }
  }

  @Test func aFileIsOpenedAndClosedManyTimesWithoutLeavingThreads() async throws {
    guard let path = try ClipMaker.shared.path(of: "h264-gop12") else { return }
    let pool = MemoryPool(capacity: 64 << 20)
    var options = FrameBuffer.Options()
    options.keepsIndex = false
    options.pool = pool
    for number in 0..<10 {
      let buffer = try await FrameBuffer.open(path, options: options)
      _ = try await buffer.frame(at: number)
      if number % 2 == 0 { await buffer.close() }
    }
    await waitUntil { pool.metrics.bytesInUse == 0 }
    #expect(pool.metrics.bytesInUse == 0)
  }

  @Test func openingCanBeCancelled() async throws {
    guard let path = try ClipMaker.shared.path(of: "h264-long-gop") else { return }
    let task = Task { () -> Bool in
      do {
        let buffer = try await FrameBuffer.open(path)
        await buffer.close()
        return true
      } catch is CancellationError {
        return false
      }
    }
    task.cancel()
    // Whether it was in time is the machine's affair; that it ends with one of the two is not.
    _ = try await task.value
  }

  @Test(arguments: ["/nonexistent/clip.mp4", "/", "/dev/null"])
  func whatIsNoVideoIsRefused(_ path: String) async {
    let error = await #expect(throws: VABufError.self) { try await FrameBuffer.open(path) }
    #expect([.cannotOpen, .invalidMedia].contains(error?.code), "\(String(describing: error))")
    #expect(error?.what == path)
  }
}
