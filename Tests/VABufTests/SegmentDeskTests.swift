import BufferPolicy
import FrameModel
import Synchronization
import Testing
import VABufTestKit

@testable import VABuf

/// Where sessions get their segments, with sessions that the test plays.
@Suite(.timeLimit(.minutes(5))) struct SegmentDeskTests {
  private func core(_ source: ScriptedSource, ahead: Int) -> BufferCore {
    let configuration = configuration(cache: 200, prefetch: 4)
    return BufferCore(
      configuration: configuration, pool: MemoryPool(capacity: 64 << 20),
      cacheLimits: .init(frames: 200, hostBytes: 64 << 20, surfaces: 0), frameCount: 200,
      seekPoints: Array(stride(from: 0, to: 200, by: 10)),
      segments: .init(sessions: 2, ahead: ahead, shortest: 1, dividesAll: true))
  }

  private func segment(_ core: BufferCore) async -> SegmentPlan.Segment? {
    guard case .decode(let segment)? = await core.nextSegment(isOpen: false) else { return nil }
    return segment
  }

  @Test func aSessionWaitsForTheReader() async throws {
    let core = core(ScriptedSource(), ahead: 15)
    let reader = core.addReader(.forward, of: 0..<200, isPart: false)
    let reading = Task { try? await core.frame(0, urgency: .range, reader: reader, in: .host) }
    let request = await core.nextRequest(position: nil)
    #expect(request?.frames.lowerBound == 0)
    let first = await segment(core)
    #expect(first?.frames == 10...19)
    let id = try #require(first?.id)
    #expect(await core.goesOn(id, at: 15))
    let waiting = Task { await core.goesOn(id, at: 16) }
    // What has to wait is the source's, where somebody demands it.
    #expect(try core.look(17) == nil)
    #expect(await core.nextRequest(position: nil)?.frames == 17...17)
    let next = Task { try? await core.frame(1, urgency: .range, reader: reader, in: .host) }
    #expect(await waiting.value)
    core.removeReader(reader)
    #expect(await core.goesOn(id, at: 17) == false)
    core.ended(id)
    guard case .close? = await core.nextSegment(isOpen: true) else {
      Issue.record("a session stays open though nobody reads")
      return
    }
    let end = VABufError(.closed, what: "test", why: "it is over", remedy: "none")
    let idle = Task { await core.nextSegment(isOpen: false) == nil }
    core.finish(end, isClosing: true)
    #expect(await idle.value)
    for task in [reading, next] { _ = await task.value }
  }

  /// Its trail is short then: the cache would fill with what it has passed.
  @Test func aReaderWhoseRangeIsDividedCountsAsOneThatWaits() async throws {
    let pool = MemoryPool(capacity: 64 << 20)
    let core = core(ScriptedSource(), ahead: 50)
    let reader = core.addReader(.forward, of: 0..<200, isPart: false)
    let format = PixelFormat(
      name: "gray", bitsPerComponent: 8, componentCount: 1, planeCount: 1, log2ChromaWidth: 0, log2ChromaHeight: 0,
      traits: [])
    let layout = PictureLayout(
      width: 1, height: 1, format: format, planes: [PlaneLayout(offset: 0, stride: 1, rowBytes: 1, rows: 1)])
    func isWaiting(for number: Int, _ reader: Int) async throws -> Bool {
      let descriptor = FrameDescriptor(
        number: number, timestamp: Timestamp(ticks: Int64(number), timeBase: Rational(1, 25)), layout: layout)
      core.keep(SourceFrame(descriptor: descriptor, buffer: try pool.lease(byteCount: 1)))
      return try await core.frame(number, urgency: .range, reader: reader, in: .host).hasWaited
    }
    #expect(try await !isWaiting(for: 0, reader))
    let missing = Task { try? await core.frame(1, urgency: .range, reader: reader, in: .host) }
    let id = try #require(await segment(core)?.id)
    #expect(try await isWaiting(for: 2, reader))
    #expect(try await !isWaiting(for: 3, BufferState.anonymousReader))
    core.ended(id)
    core.removeReader(reader)
    let next = core.addReader(.forward, of: 0..<200, isPart: false)
    #expect(try await !isWaiting(for: 4, next))
    core.finish(VABufError(.closed, what: "test", why: "it is over", remedy: "none"), isClosing: true)
    _ = await missing.value
  }

  @Test func nothingComesAfterItWasForbidden() async throws {
    let core = core(ScriptedSource(), ahead: 50)
    let reader = core.addReader(.forward, of: 0..<200, isPart: false)
    let reading = Task { try? await core.frame(0, urgency: .range, reader: reader, in: .host) }
    let id = try #require(await segment(core)?.id)
    let isForbidden = Atomic(false)
    let forbidding = Task {
      await core.forbidSegments()
      return isForbidden.load(ordering: .acquiring)
    }
    while await core.goesOn(id, at: 10) { await Task.yield() }
    isForbidden.store(true, ordering: .releasing)
    core.ended(id)
    #expect(await forbidding.value, "it returned while a session was at a segment")
    core.removeReader(reader)
    core.finish(VABufError(.closed, what: "test", why: "it is over", remedy: "none"), isClosing: true)
    _ = await reading.value
  }
}
