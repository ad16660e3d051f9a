internal import Synchronization
internal import VAAPI

/// The pictures that one decoder made on a device, in the order of decoding, and whether they can be trusted.
///
/// A driver decodes after it has said that all is well, and tells of a failure only to who waits for that very picture.
/// What was decoded after it may be predicted from it, and says nothing at all; the picture that failed may never be shown.
/// So whoever reads a picture first waits for it and for all that were decoded before it, and a surface is not decoded to
/// again before somebody waited for what it held.
///
/// Any thread; `settle` blocks.
package final class SurfaceRun: Sendable {
  private struct State {
    var last = 0
    /// Pictures that nobody has waited for yet, in order; each surface has one at most.
    var pending: [(number: Int, surface: PooledSurface)] = []
    /// The first picture that failed.
    var failure: (number: Int, error: VAError)?
  }

  /// Stands for one opening of a device by one reader of a stream: its decoders have it in common.
  package final class Stream: Sendable {}

  package let stream: Stream
  private let state = Mutex(State())

  package init(of stream: Stream = Stream()) { self.stream = stream }

  /// The decoder is going to decode its next picture into a surface.
  ///
  /// - Returns: the picture's number.
  func begin(_ surface: PooledSurface) -> Int {
    state.withLock { state in
      state.last += 1
      state.pending.append((state.last, surface))
      return state.last
    }
  }

  /// Waits for the pictures up to `number`.
  ///
  /// - Throws: what the driver said of that picture or of one before it.
  func settle(upTo number: Int) throws(VAError) {
    while let next = state.withLock({ $0.pending.first }), next.number <= number { settle(next.number, next.surface) }
    if let failure = state.withLock({ $0.failure }), failure.number <= number { throw failure.error }
  }

  /// Waits for one picture. Two threads may wait for the same: it is settled when one has come back.
  func settle(_ number: Int, _ surface: PooledSurface, timeout: Duration? = nil) {
    guard state.withLock({ state in state.pending.contains { $0.number == number } }) else { return }
    let result = Result { () throws(VAError) in try surface.sync(timeout: timeout) }
    state.withLock { state in
      state.pending.removeAll { $0.number == number }
      if case .failure(let error) = result, number < state.failure?.number ?? .max { state.failure = (number, error) }
    }
  }

  /// Waits for all that the decoder has submitted: a picture that is under way may be predicted from a surface that the
  /// decoder is done with, and which somebody else is about to write to or destroy. Its own pictures come in order.
  func waitForReaders() {
    for (number, surface) in state.withLock({ $0.pending }) {
      do {
        try surface.sync()
      } catch {
        // Who reads the picture must hear of it, though the driver may not say it twice. It stays pending all the same: what
        // is not submitted yet seems ready.
        state.withLock { state in
          if number < state.failure?.number ?? .max { state.failure = (number, error) }
        }
      }
    }
  }

  /// Waits until few pictures are left that nobody has waited for; none, where the decoder's context is about to go, and
  /// with it the driver's knowledge of what is under way.
  func settle(keeping few: Int) {
    while let next = state.withLock({ $0.pending.count > few ? $0.pending.first : nil }) {
      settle(next.number, next.surface)
    }
  }

  /// The decoder's context is gone. What was not waited for before cannot be waited for any more, and has failed.
  func abandon() {
    state.withLock { state in
      guard let first = state.pending.first else { return }
      state.pending = []
      if first.number < state.failure?.number ?? .max {
        state.failure = (first.number, VAError(.vaSyncSurface, .invalidContext))
      }
    }
  }

  /// Throws where a picture is known to have failed: what follows would be of no use.
  func check() throws(VAError) {
    if let failure = state.withLock({ $0.failure }) { throw failure.error }
  }
}
