import Testing
import VABufTestKit

@testable import VABuf

/// Where memory is short, frames that were not used lately are packed, and nobody can tell but by the numbers.
@Suite(.timeLimit(.minutes(10))) struct PackingTests {
  /// A buffer with memory for so many frames of a scripted source.
  private func buffer(_ source: ScriptedSource, memory frames: Int, packs: Bool = true) throws -> FrameBuffer {
    // A bucket of the pool is a page.
    var configuration = configuration(cache: 1000, bytes: frames * 4096)
    configuration.packsFrames = packs
    return try FrameBuffer(source: source, configuration: configuration, frameCount: 1000)
  }

  /// All that were asked for are there, three times as many as there is memory for.
  @Test func moreFramesFitIntoTheMemory() async throws {
    let buffer = try buffer(ScriptedSource(), memory: 64)
    for number in 0..<192 { expectFrame(try await buffer.frame(at: number), number) }
    let metrics = buffer.metrics
    #expect(metrics.cachedFrames == 192 && metrics.evictions == 0)
    #expect(metrics.packedFrames > 100 && metrics.packs >= metrics.packedFrames)
    #expect(metrics.packedBytes < metrics.cachedBytes)
    #expect(metrics.pool.highWaterBytes <= 64 * 4096)
    for number in (0..<192).reversed() { expectFrame(try await buffer.frame(at: number), number) }
    #expect(buffer.metrics.misses == 192 && buffer.metrics.unpacks > 100)
    #expect(buffer.metrics.residentSurfaceHits == 0)
    await buffer.close()
    #expect(buffer.pool.metrics.bytesInUse == 0)
  }

  /// Few frames that fill three quarters of the memory are hits, not copies to be unpacked one after the other.
  @Test func whatFitsPlainIsNotPacked() async throws {
    let buffer = try buffer(ScriptedSource(), memory: 16)
    for _ in 0..<3 {
      for number in 0..<12 { expectFrame(try await buffer.frame(at: number), number) }
    }
    #expect(buffer.metrics.packs == 0 && buffer.metrics.residentHits == 24)
    await buffer.close()
  }

  @Test func withoutPackingTheyGo() async throws {
    let buffer = try buffer(ScriptedSource(), memory: 64, packs: false)
    for number in 0..<192 { expectFrame(try await buffer.frame(at: number), number) }
    #expect(buffer.metrics.packs == 0 && buffer.metrics.evictions >= 192 - 64)
    await buffer.close()
  }

  @Test func whoLooksWithoutWaitingGetsThemToo() async throws {
    let buffer = try buffer(ScriptedSource(), memory: 64)
    for number in 0..<128 { _ = try await buffer.frame(at: number) }
    let packed = buffer.metrics.packedFrames
    #expect(packed > 32)
    // Who does not wait does not let others be packed either: some go.
    let found = try (0..<16).compactMap { number in try buffer.frameIfResident(at: number) }
    #expect(found.count >= 8 && buffer.metrics.unpacks == found.count)
    for lease in found { expectFrame(lease, lease.number) }
    // The next sixteen may have gone, where the machine is busy.
    for number in 16..<96 { expectFrame(try await buffer.frame(near: number, tolerance: 0), number) }
    #expect(buffer.metrics.unpacks > found.count)
    await buffer.close()
  }

  /// A lease is of the plain frame, whatever the cache does, and when it is closed.
  @Test func leasesOutliveTheBuffer() async throws {
    let buffer = try buffer(ScriptedSource(), memory: 64)
    for number in 0..<128 { _ = try await buffer.frame(at: number) }
    let held = try await buffer.frame(at: 0)
    for number in 128..<256 { _ = try await buffer.frame(at: number) }
    expectFrame(held, 0)
    #expect(held.residency == .host)
    await buffer.close()
    expectFrame(held, 0)
  }

  /// Whoever holds many frames gets as many as without packing: the packed copies of what is held go first.
  @Test func allOfTheMemoryCanBeHeld() async throws {
    let buffer = try buffer(ScriptedSource(), memory: 16)
    _ = try await buffer.preload(0..<15)
    #expect(buffer.metrics.packs > 0)
    var held: [FrameLease] = []
    for number in 0..<14 { held.append(try await buffer.frame(at: number)) }
    for (number, lease) in held.enumerated() { expectFrame(lease, number) }
    held = []
    expectFrame(try await buffer.frame(at: 20), 20)
    await buffer.close()
    #expect(buffer.pool.metrics.bytesInUse == 0)
  }

  /// Readers of the same frames, while these are packed, unpacked and evicted.
  @Test func readersAndPackingGoTogether() async throws {
    let buffer = try buffer(ScriptedSource(), memory: 48)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for reader in 0..<3 {
        group.addTask {
          for step in 0..<max(150, ShortRun.count(400)) {
            let number = step * (reader + 2) % 101
            expectFrame(try await buffer.frame(at: number), number)
            if step % 3 == 0, let there = try buffer.frameIfResident(at: number) { expectFrame(there, number) }
          }
        }
      }
      try await group.waitForAll()
    }
    #expect(buffer.metrics.packs > 0 && buffer.metrics.unpacks > 0)
    await buffer.close()
    #expect(buffer.pool.metrics.bytesInUse == 0)
  }

  /// Every kind of picture comes back as it was.
  @Test(arguments: ShortRun.sample(Clips.all.filter { !$0.isHeldToItself && !$0.convertsInFFmpeg }))
  func framesOfEveryFormatAreTheSame(clip: Clip) async throws {
    guard let path = try ClipMaker.shared.path(of: clip.name) else { return }
    let expected = try Reference.cached(path).lines.map(\.md5)
    guard expected.count > 30 else { return }
    var options = FrameBuffer.Options()
    options.keepsIndex = false
    options.backend = .software
    options.threads = 1
    let probe = try await FrameBuffer.open(path, options: options)
    let frameBytes = probe.stream?.bufferBytes ?? 0
    await probe.close()
    options.hostMemory = 40 * frameBytes
    let buffer = try await FrameBuffer.open(path, options: options)
    var random = SeededRandom(for: "packed \(clip.name)")
    let numbers = Array(0..<min(expected.count, 90))
    for round in 0..<3 {
      for number in round == 0 ? numbers : numbers.shuffled(using: &random) {
        let frame = try await buffer.frame(at: number)
        #expect(try FrameDigest.md5(frame) == expected[number], "\(clip.name): frame \(number), round \(round)")
      }
    }
    // Some are noise, or too few to fill the memory.
    if clip.name == "h264-pyramid" { #expect(buffer.metrics.unpacks > 0) }
    await buffer.close()
  }
}
