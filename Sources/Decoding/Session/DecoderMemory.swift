internal import FrameModel
internal import Synchronization

/// What the decoders of a session allocate from: the session's allocator, for which a run waits once.
///
/// libavcodec asks for each picture that is in flight, and of one that got no memory the next ones are of no use: without
/// this, each of them would wait for the pool's whole deadline.
final class DecoderMemory: HostAllocator {
  private struct State {
    var failure: VABufError?
    /// Counts runs: what threads of an earlier one come back with is not this one's.
    var run = 0
    var isHasty = false
  }

  /// As long as a stall may be that ends when decoders go which only may be of use later.
  private static let haste: Duration = .milliseconds(250)

  private let base: any HostAllocator
  private let state = Mutex(State())

  init(_ base: any HostAllocator) { self.base = base }

  /// The session has memory to give up itself, which it does when an allocation fails.
  var isHasty: Bool {
    get { state.withLock { $0.isHasty } }
    set { state.withLock { $0.isHasty = newValue } }
  }

  /// A run begins: its first failure is none of an earlier one's.
  func runBegins() {
    state.withLock { state in
      state.failure = nil
      state.run += 1
    }
  }

  func allocate(byteCount: Int) throws(VABufError) -> any HostBuffer {
    let known = state.withLock { $0 }
    if let failure = known.failure { throw failure }
    do {
      return try base.allocate(byteCount: byteCount, within: known.isHasty ? Self.haste : nil)
    } catch {
      if error.code == .hostMemoryExhausted {
        state.withLock { if $0.run == known.run { $0.failure = error } }
      }
      throw error
    }
  }
}
