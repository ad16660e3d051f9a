import Synchronization

/// A count that tests wait for: nothing sleeps, nothing depends on time.
public final class Tally: Sendable {
  private struct State {
    var count = 0
    var next = 0
    var waiters: [Int: (count: Int, continuation: CheckedContinuation<Void, Never>)] = [:]
  }

  private let state = Mutex(State())

  /// Creates a count of zero.
  public init() {}

  /// How many there are.
  public var value: Int { state.withLock { $0.count } }

  /// Counts one more, and wakes whoever waits for it.
  public func add() {
    let ready = state.withLock { state -> [CheckedContinuation<Void, Never>] in
      state.count += 1
      let ready = state.waiters.filter { $0.value.count <= state.count }
      for id in ready.keys { state.waiters[id] = nil }
      return ready.values.map(\.continuation)
    }
    for continuation in ready { continuation.resume() }
  }

  /// Waits until there are at least so many, or the task is cancelled, as by the time limit of a test.
  public func wait(for count: Int) async {
    let id = state.withLock { state in
      state.next += 1
      return state.next
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isOver = state.withLock { state -> Bool in
          if state.count >= count || Task.isCancelled { return true }
          state.waiters[id] = (count, continuation)
          return false
        }
        if isOver { continuation.resume() }
      }
    } onCancel: {
      state.withLock { $0.waiters.removeValue(forKey: id) }?.continuation.resume()
    }
  }
}

/// Holds tasks back until a test lets them go.
public final class Gate: Sendable {
  private struct State {
    var isOpen = false
    var next = 0
    var waiters: [Int: CheckedContinuation<Void, any Error>] = [:]
  }

  private let state = Mutex(State())
  /// Counts those that came to the gate, also while it is open.
  public let arrivals = Tally()

  /// Creates a closed gate.
  public init() {}

  /// Waits until the gate is open.
  ///
  /// - Throws: `CancellationError` when the task is cancelled meanwhile.
  public func pass() async throws {
    let id = state.withLock { state in
      state.next += 1
      return state.next
    }
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
        let outcome = state.withLock { state -> Result<Void, any Error>? in
          if state.isOpen { return .success(()) }
          if Task.isCancelled { return .failure(CancellationError()) }
          state.waiters[id] = continuation
          return nil
        }
        if let outcome { continuation.resume(with: outcome) }
        arrivals.add()
      }
    } onCancel: {
      state.withLock { $0.waiters.removeValue(forKey: id) }?.resume(throwing: CancellationError())
    }
  }

  /// Lets everybody pass, now and later.
  public func open() {
    let waiters = state.withLock { state in
      state.isOpen = true
      defer { state.waiters = [:] }
      return state.waiters.values.map { $0 }
    }
    for waiter in waiters { waiter.resume() }
  }
}
