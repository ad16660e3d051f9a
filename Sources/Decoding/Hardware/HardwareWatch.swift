internal import Synchronization

/// Knows since when threads are inside a device's driver: a call that does not return in time is a hang, and nothing can
/// be done with that thread any more but to leave it.
package final class HardwareWatch: Sendable {
  package typealias Ticket = Int

  private struct State {
    var running: [Ticket: ContinuousClock.Instant] = [:]
    var last: Ticket = 0
  }

  private let state = Mutex(State())

  package init() {}

  /// A thread goes into the driver.
  package func enter() -> Ticket {
    state.withLock { state in
      state.last += 1
      state.running[state.last] = ContinuousClock.now
      return state.last
    }
  }

  /// It came back.
  package func leave(_ ticket: Ticket) { state.withLock { _ = $0.running.removeValue(forKey: ticket) } }

  /// Makes a call that is watched.
  package func watched<R, E: Error>(_ body: () throws(E) -> R) throws(E) -> R {
    let ticket = enter()
    defer { leave(ticket) }
    return try body()
  }

  /// How long the longest call that is under way takes already.
  package var longest: Duration {
    let start = state.withLock { $0.running.values.min() }
    return start.map { ContinuousClock.now - $0 } ?? .zero
  }
}
