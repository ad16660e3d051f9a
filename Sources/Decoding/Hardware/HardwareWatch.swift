internal import Dispatch
internal import FrameModel
internal import Synchronization

/// Knows since when threads are inside a device's driver: a call that does not return in time is a hang, and nothing can
/// be done with that thread any more but to leave it.
///
/// Any thread; a machine that sleeps is no hang. While threads are in the driver one timer runs, never one for each call.
package final class HardwareWatch: Sendable {
  package typealias Ticket = Int

  private struct State {
    var running: [Ticket: SuspendingClock.Instant] = [:]
    var last: Ticket = 0
    var isTimed = false
    var isHung = false
    var whenHung: [Ticket: @Sendable () -> Void] = [:]
  }

  private let deadline: Duration
  private let state = Mutex(State())

  /// - Parameter deadline: how long a call may take.
  package init(deadline: Duration) { self.deadline = deadline }

  /// A thread goes into the driver.
  package func enter() -> Ticket {
    let (ticket, isFirst) = state.withLock { state in
      state.last += 1
      state.running[state.last] = SuspendingClock.now
      defer { state.isTimed = true }
      return (state.last, !state.isTimed)
    }
    if isFirst { look(after: deadline) }
    return ticket
  }

  /// It came back.
  package func leave(_ ticket: Ticket) { state.withLock { _ = $0.running.removeValue(forKey: ticket) } }

  /// Makes a call that is watched.
  package func watched<R, E: Error>(_ body: () throws(E) -> R) throws(E) -> R {
    let ticket = enter()
    defer { leave(ticket) }
    return try body()
  }

  /// Has `body` called, once, when a call does not return in time; at once where that has happened. On any thread.
  package func whenHung(_ body: @escaping @Sendable () -> Void) -> Ticket {
    let (ticket, isHung) = state.withLock { state in
      state.last += 1
      if !state.isHung { state.whenHung[state.last] = body }
      return (state.last, state.isHung)
    }
    if isHung { body() }
    return ticket
  }

  /// Who waited for a hang no longer does.
  package func forget(_ ticket: Ticket) { state.withLock { _ = $0.whenHung.removeValue(forKey: ticket) } }

  private func look(after pause: Duration) {
    DispatchQueue.global().asyncAfter(deadline: .now() + .nanoseconds(Int(pause.nanoseconds))) { [weak self] in
      self?.look()
    }
  }

  private func look() {
    let deadline = deadline
    let (pause, listeners) = state.withLock { state -> (Duration?, [@Sendable () -> Void]) in
      guard let start = state.running.values.min() else {
        state.isTimed = false
        return (nil, [])
      }
      let left = deadline - (SuspendingClock.now - start)
      guard left <= .zero else { return (left, []) }
      // For good: the timer is not needed again.
      state.isHung = true
      defer { state.whenHung = [:] }
      return (nil, Array(state.whenHung.values))
    }
    if let pause { look(after: pause) }
    for listener in listeners { listener() }
  }
}
