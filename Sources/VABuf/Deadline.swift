internal import Decoding

/// Runs something that may never end, as a call into a driver that hangs.
///
/// - Returns: nil when the time was up; `body` goes on, and its result is dropped.
func within<R: Sendable>(_ limit: Duration, _ body: @escaping @Sendable () async -> R) async -> R? {
  await withCheckedContinuation { (continuation: CheckedContinuation<R?, Never>) in
    let once = ResumeOnce(continuation)
    let clock = Task {
      try? await Task.sleep(for: limit, clock: .suspending)
      once.resume(returning: nil)
    }
    Task {
      let result = await body()
      once.resume(returning: result)
      clock.cancel()
    }
  }
}
