import Synchronization

/// Counts objects that are alive, so that a test can tell that nothing leaks and nothing is freed twice.
public final class LifetimeTracker: Sendable {
  private struct State {
    var made = 0
    var alive: Set<Int> = []
  }

  private let state = Mutex(State())

  /// Creates a tracker with nothing alive.
  public init() {}

  /// How many are alive.
  public var alive: Int { state.withLock { $0.alive.count } }

  /// How many were ever made.
  public var made: Int { state.withLock { $0.made } }

  /// The numbers of those alive, in the order in which they were made.
  public var survivors: [Int] { state.withLock { $0.alive.sorted() } }

  /// A new object, alive until its last reference is gone.
  public func object() -> Tracked {
    Tracked(id: begin(), tracker: self)
  }

  /// Notes by hand that something was made, for what is no Swift object. `end` takes the number.
  public func begin() -> Int {
    state.withLock { state in
      defer { state.made += 1 }
      state.alive.insert(state.made)
      return state.made
    }
  }

  /// Notes that something is gone. Traps if it was gone before.
  public func end(_ id: Int) {
    let wasAlive = state.withLock { $0.alive.remove(id) != nil }
    precondition(wasAlive, "object \(id) ended twice")
  }

  /// An object whose life is counted.
  public final class Tracked: Sendable {
    /// Its number, from 0.
    public let id: Int
    private let tracker: LifetimeTracker

    fileprivate init(id: Int, tracker: LifetimeTracker) {
      self.id = id
      self.tracker = tracker
    }

    deinit { tracker.end(id) }
  }
}
