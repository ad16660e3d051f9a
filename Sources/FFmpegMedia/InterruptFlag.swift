internal import Synchronization

/// Asks blocking reads to give up: libavformat polls it, and the read then fails with `interrupted`.
package final class InterruptFlag: Sendable {
  private let raised = Atomic(false)

  package init() {}

  package func raise() { raised.store(true, ordering: .relaxed) }

  package var isRaised: Bool { raised.load(ordering: .relaxed) }

  /// `AVIOInterruptCB.callback`; its `opaque` is a flag that lives as long as the context.
  static let isRaised: @convention(c) (UnsafeMutableRawPointer?) -> Int32 = { opaque in
    guard let opaque else { return 0 }
    return Unmanaged<InterruptFlag>.fromOpaque(opaque).takeUnretainedValue().isRaised ? 1 : 0
  }
}
