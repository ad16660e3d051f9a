import Dispatch
import Synchronization

/// The process's main thread, for what must run there: windows. It sleeps until it gets something to do.
enum MainThread {
  private static let jobs = Mutex<[@Sendable () -> Void]>([])
  private static let count = DispatchSemaphore(value: 0)

  /// To be called on the main thread, once.
  static func serve() -> Never {
    while true {
      count.wait()
      let job = jobs.withLock { $0.isEmpty ? nil : $0.removeFirst() }
      job?()
    }
  }

  /// Runs something there, after what was given to it before.
  static func run<R: Sendable>(_ body: @escaping @Sendable () -> R) async -> R {
    await withCheckedContinuation { continuation in
      jobs.withLock { $0.append { continuation.resume(returning: body()) } }
      count.signal()
    }
  }
}
