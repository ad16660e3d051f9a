internal import Dispatch

/// Work of many milliseconds, which is none for Swift's few cooperative threads.
enum HeavyWork {
  static func run<R: Sendable>(_ body: @escaping @Sendable () -> R) async -> R {
    await withCheckedContinuation { continuation in
      DispatchQueue.global().async { continuation.resume(returning: body()) }
    }
  }
}
