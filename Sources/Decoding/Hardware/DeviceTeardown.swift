internal import Dispatch
internal import FrameModel

/// Where devices and their surfaces end: one thread that may block, because the last lease of a frame may be dropped on
/// any, and libva is not called there.
package enum DeviceTeardown {
  private static let queue = DispatchQueue(label: "vabuf.device-teardown")

  /// Runs `body`, and lets go of what it holds, later on that thread.
  static func run(_ body: @escaping @Sendable () -> Void) { queue.async(execute: body) }

  /// Waits for it on a thread that may block.
  ///
  /// - Returns: false where the time was up before: a driver does not return.
  static func hasFinished(within limit: Duration) -> Bool {
    let end = DispatchSemaphore(value: 0)
    queue.async { end.signal() }
    return end.wait(timeout: .now() + .nanoseconds(Int(limit.nanoseconds))) == .success
  }

  /// Waits until everything that was let go of so far is gone, or the time is up.
  package static func finish(within limit: Duration) async {
    await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
      let once = ResumeOnce(continuation)
      queue.async { once.resume() }
      DispatchQueue.global().asyncAfter(deadline: .now() + .nanoseconds(Int(limit.nanoseconds))) { once.resume() }
    }
  }
}
