import Foundation
import Synchronization
import Testing
import VAAPI
import VABufTestKit

@testable import Decoding

/// A decoder's own thread.
@Suite(.timeLimit(.minutes(10))) struct DecodeExecutorTests {
  private actor Worker {
    nonisolated let executor: DecodeExecutor
    var done: [Int] = []
    var threads: Set<String> = []

    init(_ name: String) { executor = DecodeExecutor(name: name) }

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    func note(_ number: Int) {
      done.append(number)
      threads.insert(Self.threadName)
    }

    /// Adds jobs from the thread itself, in order.
    func spawn(_ count: Int) -> [Task<Void, Never>] { (0..<count).map { number in Task { note(number) } } }

    static var threadName: String { SystemTree().text("/proc/thread-self/comm") ?? "" }
  }

  /// How many threads of this process have a name.
  private func threads(_ name: String) -> Int {
    // By Foundation it leaks, now and then: `String(contentsOfFile:)` keeps its buffer where a thread ends while it reads.
    let tree = SystemTree()
    return tree.names(in: "/proc/self/task").count {
      tree.text("/proc/self/task/\($0)/comm") == String(name.prefix(15))
    }
  }

  @Test func jobsRunInOrderOnOneThreadOfTheirOwn() async {
    let worker = Worker("order of jobs")
    for task in await worker.spawn(500) { await task.value }
    #expect(await worker.done == Array(0..<500))
    #expect(await worker.threads == ["order of jobs"])
    #expect(threads("order of jobs") == 1)
  }

  @Test func jobsFromManyTasksRunOneAtATime() async {
    let worker = Worker("many tasks")
    await withTaskGroup(of: Void.self) { group in
      for number in 0..<1000 { group.addTask { await worker.note(number) } }
    }
    #expect(await worker.done.sorted() == Array(0..<1000))
    #expect(await worker.threads.count == 1)
  }

  @Test func theThreadEndsAfterTheLastRelease() async {
    let name = "a thread with a name that is too long"
    for round in 0..<20 {
      let worker = Worker(name)
      await worker.note(round)
      #expect(threads(name) >= 1)
    }
    while threads(name) > 0, !Task.isCancelled { await Task.yield() }
    #expect(threads(name) == 0)
  }

  /// The last reference goes on the thread itself.
  @Test func theThreadMayReleaseItsOwnExecutor() async {
    let name = "own release"
    let gate = Gate()
    do {
      let worker = Worker(name)
      Task {
        try? await gate.pass()
        await worker.note(1)
      }
    }
    await gate.arrivals.wait(for: 1)
    gate.open()
    while threads(name) > 0, !Task.isCancelled { await Task.yield() }
    #expect(threads(name) == 0)
  }

  @Test func aSessionThatIsDroppedEndsItsThread() async throws {
    guard let path = try ClipMaker.shared.path(of: "h264-gop12") else { return }
    let name = "dropped session"
    do {
      let session = DecodeSession(name: name)
      _ = try await session.open(SessionOptions(path), allocator: TrackingAllocator())
      try await session.seek(to: 0, keeping: 0)
      _ = try await session.step()
      #expect(threads(name) >= 1)
    }
    while threads(name) > 0, !Task.isCancelled { await Task.yield() }
    #expect(threads(name) == 0)
  }

  /// How many threads of this process gave up some of their priority: the 19th field of `stat`, behind the name.
  private var modestThreads: Int {
    let tree = SystemTree()
    return tree.names(in: "/proc/self/task").count { id in
      let stat = tree.text("/proc/self/task/\(id)/stat") ?? ""
      let fields = stat.split(separator: ")").last?.split(separator: " ") ?? []
      return fields.count > 16 && (Int(fields[16]) ?? 0) >= Self.ownNiceness + 5
    }
  }

  private static let ownNiceness = Int(getpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0))

  @Test func aModestSessionsThreadsGiveWay() async throws {
    guard let path = try ClipMaker.shared.path(of: "h264-gop12") else { return }
    #expect(modestThreads == 0)
    do {
      let session = DecodeSession(name: "modest session")
      var options = SessionOptions(path)
      options.hasLowPriority = true
      options.threads = 2
      _ = try await session.open(options, allocator: TrackingAllocator())
      try await session.seek(to: 0, keeping: 0)
      _ = try await session.step()
      // Its own, and libavcodec's.
      #expect(modestThreads >= 3)
    }
    while modestThreads > 0, !Task.isCancelled { await Task.yield() }
    #expect(modestThreads == 0)
  }
}
