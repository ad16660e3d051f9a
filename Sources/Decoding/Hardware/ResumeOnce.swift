internal import Synchronization

/// A continuation that several may resume: the first does.
package final class ResumeOnce<Value: Sendable>: Sendable {
  private let continuation: Mutex<CheckedContinuation<Value, Never>?>

  package init(_ continuation: CheckedContinuation<Value, Never>) { self.continuation = Mutex(continuation) }

  package func resume(returning value: Value) { continuation.withLock { $0.take() }?.resume(returning: value) }
}

extension ResumeOnce where Value == Void {
  package func resume() { resume(returning: ()) }
}
