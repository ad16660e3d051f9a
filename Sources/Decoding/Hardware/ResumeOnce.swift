internal import Synchronization

/// A continuation that several may resume: the first does.
package final class ResumeOnce<Value: Sendable>: Sendable {
  private let continuation: Mutex<CheckedContinuation<Value, Never>?>

  package init(_ continuation: CheckedContinuation<Value, Never>) { self.continuation = Mutex(continuation) }

  /// - Returns: whether it was the first.
  @discardableResult
  package func resume(returning value: Value) -> Bool {
    guard let continuation = continuation.withLock({ $0.take() }) else { return false }
    continuation.resume(returning: value)
    return true
  }
}

extension ResumeOnce where Value == Void {
  package func resume() { resume(returning: ()) }
}
