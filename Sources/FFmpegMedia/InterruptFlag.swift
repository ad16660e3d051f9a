internal import Synchronization

/// Asks blocking reads to give up: libavformat polls it, and the read then fails with `interrupted`.
package final class InterruptFlag: Sendable {
  private let raised = Atomic(false)

  package init() {}

  package func raise() { raised.store(true, ordering: .relaxed) }

  package var isRaised: Bool { raised.load(ordering: .relaxed) }
}
