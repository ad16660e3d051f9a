import FrameModel
import Synchronization
import Testing
import VABufTestKit

@testable import Decoding

@Suite struct DecoderMemoryTests {
  /// Has no memory, and remembers how patient those were who asked.
  private final class Empty: HostAllocator {
    let limits = Mutex<[Duration?]>([])
    /// Done while somebody waits.
    let meanwhile = Mutex<(@Sendable () -> Void)?>(nil)

    func allocate(byteCount: Int) throws(VABufError) -> any HostBuffer {
      try allocate(byteCount: byteCount, within: nil)
    }

    func allocate(byteCount: Int, within limit: Duration?) throws(VABufError) -> any HostBuffer {
      limits.withLock { $0.append(limit) }
      meanwhile.withLock { $0 }?()
      throw VABufError(.hostMemoryExhausted, what: "memory", why: "there is none", remedy: "none")
    }
  }

  private func isRefused(_ memory: DecoderMemory) -> Bool {
    do {
      _ = try memory.allocate(byteCount: 100)
      return false
    } catch { return error.code == .hostMemoryExhausted }
  }

  @Test func aRunWaitsOnce() {
    let base = Empty()
    let memory = DecoderMemory(base)
    #expect(isRefused(memory) && isRefused(memory) && isRefused(memory))
    #expect(base.limits.withLock { $0 } == [nil])
    memory.runBegins()
    #expect(isRefused(memory) && isRefused(memory))
    #expect(base.limits.withLock { $0 } == [nil, nil])
  }

  @Test func whereThereAreDecodersToGiveUpTheWaitIsShort() throws {
    let base = Empty()
    let memory = DecoderMemory(base)
    memory.isHasty = true
    #expect(isRefused(memory))
    let limit = try #require(base.limits.withLock { $0.first } ?? nil)
    #expect(limit < .seconds(1))
  }

  /// A thread of a run that was left may wait on.
  @Test func whatAnEarlierRunComesBackWithIsNotThisOnes() {
    let base = Empty()
    let memory = DecoderMemory(base)
    base.meanwhile.withLock { $0 = { memory.runBegins() } }
    #expect(isRefused(memory))
    base.meanwhile.withLock { $0 = nil }
    #expect(isRefused(memory) && isRefused(memory))
    #expect(base.limits.withLock { $0 } == [nil, nil])
  }

  @Test func whatThereIsIsGiven() throws {
    let memory = DecoderMemory(TrackingAllocator())
    #expect(try memory.allocate(byteCount: 100).byteCount >= 100)
    #expect(try memory.allocate(byteCount: 100).byteCount >= 100)
  }
}
