import Foundation
import FrameModel
import Synchronization
import Testing
import VABufTestKit

@testable import VABuf

@Suite struct MemoryPoolTests {
  private func address(_ buffer: any HostBuffer) -> UInt { UInt(bitPattern: buffer.baseAddress) }

  @Test(arguments: [0, 1, 63, 4096, 4097, 40_000, 3 << 20])
  func buffersAreAlignedAndWritable(byteCount: Int) throws {
    let pool = MemoryPool(capacity: 64 << 20)
    let buffers = try (0..<3).map { _ in try pool.lease(byteCount: byteCount) }
    #expect(Set(buffers.map(address)).count == 3)
    for buffer in buffers {
      #expect(address(buffer) % 64 == 0)
      #expect(buffer.byteCount >= byteCount)
      buffer.baseAddress.initializeMemory(as: UInt8.self, repeating: 0x5a, count: buffer.byteCount)
    }
  }

  @Test func aReleasedBufferIsLeasedAgain() throws {
    let pool = MemoryPool(capacity: 1 << 20)
    var first: (any HostBuffer)? = try pool.lease(byteCount: 10_000)
    let address = first.map(address)
    first = nil
    #expect(pool.metrics.bytesInUse == 0 && pool.metrics.idleBytes == 12_288)
    let second = try pool.lease(byteCount: 9_000)
    #expect(self.address(second) == address)
    let third = try pool.lease(byteCount: 9_000)
    #expect(self.address(third) != address)
    #expect(pool.metrics.leases == 3 && pool.metrics.reuses == 1)
    #expect(pool.metrics.bytesInUse == 24_576 && pool.metrics.idleBytes == 0)
    #expect(pool.metrics.highWaterBytes == 24_576)
    #expect(abs(pool.metrics.reuseRate - 1 / 3) < 1e-9)
  }

  @Test func exhaustionSaysWhatIsHeldAndWhatToDo() throws {
    let pool = MemoryPool(capacity: 20_000)
    let kept = try pool.lease(byteCount: 8192)
    let error = #expect(throws: VABufError.self) { try pool.lease(byteCount: 16_384) }
    #expect(
      error?.description == "host memory for a picture of 16384 bytes: 8192 of 20000 bytes are leased, in 1 buffers: "
        + "release frames that you hold, or give the pool more memory (`Options.hostMemory`)")
    #expect(error?.code == .hostMemoryExhausted)
    #expect(throws: VABufError.self) { try pool.lease(byteCount: .max) }
    withExtendedLifetime(kept) {}
    #expect(throws: Never.self) { try pool.lease(byteCount: 8192) }
  }

  @Test func idleBuffersOfOtherSizesMakeRoom() throws {
    let pool = MemoryPool(capacity: 32_768)
    do {
      let buffers = try (0..<4).map { _ in try pool.lease(byteCount: 8192) }
      #expect(buffers.count == 4)
    }
    #expect(pool.metrics.idleBytes == 32_768)
    let large = try pool.lease(byteCount: 28_672)
    #expect(large.byteCount >= 28_672)
    #expect(pool.metrics.highWaterBytes <= 32_768)
  }

  @Test func trimFreesAndPreallocateFills() throws {
    let pool = MemoryPool(capacity: 100_000)
    #expect(pool.preallocate(byteCount: 8192, count: 5) == 5)
    #expect(pool.metrics.idleBytes == 40_960 && pool.metrics.leases == 0)
    pool.trim(idleBytes: 17_000)
    #expect(pool.metrics.idleBytes == 16_384)
    let lease = try pool.lease(byteCount: 8000)
    #expect(pool.metrics.reuses == 1)
    pool.trim()
    #expect(pool.metrics.idleBytes == 0 && pool.metrics.bytesInUse == 8192)
    #expect(pool.preallocate(byteCount: 50_000, count: 9) == 1)
    lease.baseAddress.storeBytes(of: 7, as: UInt8.self)
  }

  @Test func leasesOutliveThePool() throws {
    weak var gone: MemoryPool?
    let lease: any HostBuffer
    do {
      let pool = MemoryPool(capacity: 1 << 20)
      gone = pool
      lease = try pool.lease(byteCount: 5000)
    }
    #expect(gone == nil)
    lease.baseAddress.initializeMemory(as: UInt8.self, repeating: 3, count: lease.byteCount)
    #expect(lease.baseAddress.load(fromByteOffset: lease.byteCount - 1, as: UInt8.self) == 3)
  }

  /// Eight threads fill buffers with their own pattern and check it again: no buffer is leased twice, and the capacity
  /// is never exceeded.
  @Test(.timeLimit(.minutes(10))) func theCapacityHoldsWithManyThreads() {
    var random = SeededRandom(for: "pool threads")
    let capacity = 1 << 20
    let pool = MemoryPool(capacity: capacity)
    let seeds = (0..<8).map { _ in random.next() }
    let broken = Atomic(0)
    let most = Atomic(0)
    DispatchQueue.concurrentPerform(iterations: seeds.count) { thread in
      var random = SeededRandom(seed: seeds[thread])
      var held: [(buffer: any HostBuffer, mark: UInt8)] = []
      for _ in 0..<ShortRun.count(2000) {
        if let buffer = try? pool.lease(byteCount: Int.random(in: 1...60_000, using: &random)) {
          let mark = UInt8.random(in: 0...255, using: &random)
          buffer.baseAddress.initializeMemory(as: UInt8.self, repeating: mark, count: 512)
          held.append((buffer, mark))
        }
        let inUse = pool.metrics.bytesInUse
        most.max(inUse, ordering: .relaxed)
        while held.count > Int.random(in: 0...6, using: &random) {
          let (buffer, mark) = held.remove(at: Int.random(in: held.indices, using: &random))
          let bytes = UnsafeRawBufferPointer(start: buffer.baseAddress, count: 512)
          if !bytes.allSatisfy({ $0 == mark }) { broken.add(1, ordering: .relaxed) }
        }
      }
    }
    #expect(broken.load(ordering: .relaxed) == 0, "seed \(random.seed)")
    #expect(most.load(ordering: .relaxed) <= capacity)
    #expect(pool.metrics.highWaterBytes <= capacity)
    #expect(pool.metrics.bytesInUse == 0)
  }

  // MARK: - Blocking

  @Test(.timeLimit(.minutes(10))) func aBlockingLeaseWakesOnARelease() async throws {
    let pool = MemoryPool(capacity: 8192, deadline: .seconds(3600))
    let held = Mutex<(any HostBuffer)?>(try pool.lease(byteCount: 8192))
    let thread = Task.detached { () -> Int in
      try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread {
          continuation.resume(with: Result { try pool.allocate(byteCount: 8192).byteCount })
        }
      }
    }
    while pool.metrics.waits == 0 { await Task.yield() }
    held.withLock { $0 = nil }
    #expect(try await thread.value >= 8192)
    #expect(pool.metrics.leases == 2)
  }

  @Test(.timeLimit(.minutes(10))) func aBlockingLeaseFailsAfterItsDeadline() async throws {
    let pool = MemoryPool(capacity: 8192, deadline: .milliseconds(30))
    let held = try pool.lease(byteCount: 8192)
    let error = await withCheckedContinuation { (continuation: CheckedContinuation<VABufError?, Never>) in
      Thread.detachNewThread {
        do {
          _ = try pool.allocate(byteCount: 100)
          continuation.resume(returning: nil)
        } catch {
          continuation.resume(returning: error as? VABufError)
        }
      }
    }
    #expect(error?.code == .hostMemoryExhausted)
    #expect(pool.metrics.waits > 0 && pool.metrics.waitNanoseconds > 0)
    withExtendedLifetime(held) {}
  }

  /// What can never fit is refused at once, whatever the deadline.
  @Test(.timeLimit(.minutes(10))) func aBlockingLeaseOfTheImpossibleDoesNotWait() {
    let pool = MemoryPool(capacity: 8192, deadline: .seconds(3600))
    #expect(throws: VABufError.self) { try pool.allocate(byteCount: 8193) }
    #expect(pool.metrics.waits == 0)
  }

  // MARK: - Reclaiming

  /// Holds buffers as a cache does.
  private final class Hoard: MemoryReclaimer {
    let held: Mutex<[any HostBuffer]>
    let asked = Mutex<[Int]>([])
    init(_ buffers: [any HostBuffer]) { held = Mutex(buffers) }

    func reclaim(hostBytes: Int) -> Int {
      asked.withLock { $0.append(hostBytes) }
      let given = held.withLock { $0.popLast() }
      return given?.byteCount ?? 0
    }
  }

  @Test func registeredCachesAreAskedInTurn() throws {
    let pool = MemoryPool(capacity: 8 * 4096)
    let first = Hoard(try (0..<2).map { _ in try pool.lease(byteCount: 4096) })
    let second = Hoard(try (0..<6).map { _ in try pool.lease(byteCount: 4096) })
    pool.register(first)
    pool.register(second)
    var leases = [try pool.lease(byteCount: 4096)]
    #expect(first.asked.withLock { $0 } == [4096] && second.asked.withLock { $0 } == [])
    leases.append(try pool.lease(byteCount: 4096))
    leases.append(try pool.lease(byteCount: 4096))
    #expect(first.held.withLock { $0.count } == 0 && second.held.withLock { $0.count } == 5)
    pool.unregister(second)
    #expect(throws: VABufError.self) { try pool.lease(byteCount: 4096) }
    #expect(second.held.withLock { $0.count } == 5)
    #expect(pool.metrics.highWaterBytes == pool.capacity)
  }

  @Test func aCacheThatIsGoneIsNotAsked() throws {
    let pool = MemoryPool(capacity: 4096)
    do {
      let hoard = Hoard([try pool.lease(byteCount: 4096)])
      pool.register(hoard)
    }
    #expect(throws: Never.self) { try pool.lease(byteCount: 4096) }
  }

  /// Two buffers whose frames fill one pool many times over: each gets every frame, whole.
  @Test(.timeLimit(.minutes(10))) func twoBuffersShareAPoolAtItsLimit() async throws {
    let pool = MemoryPool(capacity: 16 * 4096)
    let configuration = Configuration(
      ringFrames: 3, cacheFrames: 50, prefetchFrames: 2, poolBytes: pool.capacity, channelFrames: 2)
    let sources = [ScriptedSource(byteCount: 4096), ScriptedSource(byteCount: 4096)]
    let buffers = try sources.map {
      try FrameBuffer(source: $0, configuration: configuration, pool: pool, frameCount: 300)
    }
    try await withThrowingTaskGroup(of: Int.self) { group in
      for buffer in buffers {
        for direction in [Direction.forward, .backward] {
          group.addTask {
            var count = 0
            for try await frame in buffer.frames(0..<300, direction: direction) {
              #expect(ScriptedSource.stampedNumber(of: frame) == frame.number)
              #expect(frame.number == (direction == .forward ? count : 299 - count))
              count += 1
            }
            return count
          }
        }
      }
      for try await count in group { #expect(count == 300) }
    }
    #expect(pool.metrics.highWaterBytes <= pool.capacity)
    #expect(pool.metrics.reuses > 0)
    for buffer in buffers { await buffer.close() }
    #expect(pool.metrics.bytesInUse == 0)
  }

  /// The machine may have only so many huge pages at hand.
  @Test func theRestOfAnArenaIsSmallWhereHugePagesTurnOutDear() throws {
    // What a huge page costs, as much in small ones, and then each buffer.
    let costs = Mutex([100, 60, 100, 120, 121, 100])
    let arenas = MemoryArenas { _, _ in costs.withLock { $0.isEmpty ? 100 : $0.removeFirst() } }
    let regions = try (0..<4).map { _ in try #require(arenas.allocate(2 << 20)) }
    #expect(costs.withLock { $0.isEmpty })
    defer { for region in regions { region.free() } }
    // A kernel without huge pages has no such flags.
    guard FileManager.default.fileExists(atPath: "/sys/kernel/mm/transparent_hugepage") else { return }
    let advices = regions.map { advice(for: $0.start).filter { ["hg", "nh"].contains($0) } }
    #expect(advices == [["hg"], ["hg"], ["hg"], ["nh"]])
  }

  /// The kernel's flags of the mapping that an address lies in.
  private func advice(for address: UnsafeMutableRawPointer) -> [Substring] {
    // Comes in pieces, of which `String(contentsOfFile:)` takes the first only.
    let maps = FileHandle(forReadingAtPath: "/proc/self/smaps")?.readDataToEndOfFile() ?? Data()
    var isInside = false
    for line in String(decoding: maps, as: UTF8.self).split(separator: "\n") {
      let words = line.split(separator: " ")
      guard let first = words.first else { continue }
      let ends = first.split(separator: "-").compactMap { UInt($0, radix: 16) }
      if ends.count == 2 { isInside = ends[0]..<ends[1] ~= UInt(bitPattern: address) }
      if isInside, first == "VmFlags:" { return Array(words.dropFirst()) }
    }
    return []
  }
}
