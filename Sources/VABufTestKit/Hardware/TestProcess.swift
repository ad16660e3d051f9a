import CTestProcess
import Foundation
import Synchronization

/// The settings that belong to the whole test program: for one test at a time.
public enum TestProcess {
  private static let turn = Turn()

  /// Runs `body` with variables set in the environment; tests that ask for this run one after the other, and each ends
  /// with the variables as they were before. The others run on, and may read the environment meanwhile.
  ///
  /// Not to be nested: the inner one would wait for ever.
  ///
  /// - Parameter nullIsRenderNode: libva takes `/dev/null` for a render node.
  @discardableResult
  public static func alone<R>(
    nullIsRenderNode: Bool, environment: [String: String?] = [:], isolation: isolated (any Actor)? = #isolation,
    _ body: () async throws -> R
  ) async throws -> R {
    await turn.take()
    defer { turn.give() }
    vabuf_test_null_is_render_node(nullIsRenderNode)
    defer { vabuf_test_null_is_render_node(false) }
    // Only the variables of `environment`, and only tests that take this turn change them.
    let before = environment.reduce(into: [String: String?]()) { before, variable in
      before[variable.key] = .some(getenv(variable.key).map { String(cString: $0) })
    }
    defer { try? set(before) }
    try set(environment)
    return try await body()
  }

  /// Changes variables within `alone`, which does not know of them: name them there too.
  static func set(_ variables: [String: String?]) throws(SoftwareDriverError) {
    for (name, value) in variables where vabuf_test_set_environment(name, value) != 0 {
      throw SoftwareDriverError(reason: "\(name) cannot be set in this process")
    }
  }
}

/// A door that one task at a time goes through, in the order in which they came.
private final class Turn: Sendable {
  private struct State {
    var isTaken = false
    var waiting: [CheckedContinuation<Void, Never>] = []
  }

  private let state = Mutex(State())

  func take() async {
    await withCheckedContinuation { continuation in
      let isFree = state.withLock { state in
        if state.isTaken { state.waiting.append(continuation) }
        defer { state.isTaken = true }
        return !state.isTaken
      }
      if isFree { continuation.resume() }
    }
  }

  func give() {
    let next = state.withLock { state in
      if state.waiting.isEmpty { state.isTaken = false }
      return state.waiting.isEmpty ? nil : state.waiting.removeFirst()
    }
    next?.resume()
  }
}
