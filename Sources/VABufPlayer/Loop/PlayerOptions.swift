package import FrameModel
package import Logging
package import PlayerPolicy
internal import Synchronization

/// How a player begins.
package struct PlayerOptions: Sendable {
  /// What the window is called.
  package var title: String
  /// The frames to play, both included.
  package var bounds: ClosedRange<Int>
  package var speed = 1.0
  package var direction = Direction.forward
  /// How many times; nil for no end.
  package var rounds: Int? = 1
  package var isFullscreen = false
  /// The window's size; nil takes the picture's, as far as it fits.
  package var size: (width: Int, height: Int)?
  /// Show what the buffer does from the start on.
  package var showsOverlay = false
  /// Frames that are decoded before the clock starts.
  package var preroll = 12
  /// What pictures are drawn with.
  package var graphics = GraphicsChoice.auto
  /// Draw surfaces as they are, where the display can.
  package var importsSurfaces = true
  /// Keeps a PNG file of a frame, and returns what to call it.
  package var save: @Sendable (_ number: Int, _ png: [UInt8]) throws -> String
  /// What is said of a failure.
  package var message: @Sendable (any Error) -> String = { "\($0)" }
  package var logger: Logger

  package init(
    title: String, bounds: ClosedRange<Int>, logger: Logger,
    save: @escaping @Sendable (_ number: Int, _ png: [UInt8]) throws -> String
  ) {
    self.title = title
    self.bounds = bounds
    self.logger = logger
    self.save = save
  }
}

/// Ends a player from any thread.
package final class PlayerStop: Sendable {
  private struct State {
    var isStopped = false
    var wake: (@Sendable () -> Void)?
  }

  private let state = Mutex(State())

  package init() {}

  package func stop() {
    let wake = state.withLock { state in
      state.isStopped = true
      return state.wake
    }
    wake?()
  }

  var isStopped: Bool { state.withLock { $0.isStopped } }
  func onStop(_ wake: (@Sendable () -> Void)?) { state.withLock { $0.wake = wake } }
}

/// What came of a player, when its window is gone.
package struct PlayerOutcome: Sendable {
  package var log: PresentationLog
  /// Seconds from the first request on.
  package var seconds: Double
  /// How long each request of a run took.
  package var latencies: [Duration]
  /// What draws, as `OpenGL (EGL)`.
  package var drawing: String
  /// Why it ended before its time.
  package var failure: (any Error)?
  /// Pictures that are still being written, perhaps.
  package var saves: [Task<Void, Never>]
}
