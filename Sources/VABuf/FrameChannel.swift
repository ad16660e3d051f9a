internal import AsyncAlgorithms
internal import FrameModel
internal import Synchronization

/// The bounded way from a source to its buffer: a full one suspends the source.
final class FrameChannel: Sendable {
  private typealias Channel = MultiProducerSingleConsumerAsyncChannel<SourceFrame, Never>

  // The library's source is not copyable and not Sendable; the lock makes it so. It is nil once finished.
  private let source: Mutex<Channel.Source?>
  private let receiver: Mutex<Channel?>

  /// - Parameter capacity: frames that may wait in it.
  init(capacity: Int) {
    var pair = Channel.makeChannel(backpressureStrategy: .watermark(low: max(1, capacity / 2), high: capacity))
    receiver = Mutex(pair.takeChannel())
    source = Mutex(pair.source)
  }

  /// Sends a frame; suspends until the channel has room for the next one. Where that wait is cancelled, the frame is in the
  /// channel all the same.
  ///
  /// - Parameter refused: called where it is not.
  func send(_ frame: SourceFrame, refused: () -> Void) async throws {
    let offered: Channel.Source.SendResult.CallbackHandle?
    do {
      offered = try offer(frame)
    } catch {
      refused()
      throw error
    }
    guard var handle = offered else { return }
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
        handle.enqueueCallback { continuation.resume(with: $0) }
      }
    } onCancel: { [handle] in
      var handle = handle
      handle.cancelCallback()
    }
  }

  /// - Returns: where to wait for room; nil where there is some.
  private func offer(_ frame: SourceFrame) throws -> Channel.Source.SendResult.CallbackHandle? {
    try source.withLock { source throws -> Channel.Source.SendResult.CallbackHandle? in
      guard let result = try source?.send(frame) else { throw Self.closed }
      switch consume result {
      case .produceMore: return nil
      case .enqueueCallback(let handle): return handle
      }
    }
  }

  /// Calls `body` with each frame, one after the other, until the channel is finished.
  func receive(_ body: (SourceFrame) async -> Void) async {
    guard var channel = receiver.withLock({ $0.take() }) else { return }
    while let frame = await channel.next() { await body(frame) }
  }

  /// Ends the channel: what is in it is still received.
  func finish() {
    guard let last = source.withLock({ $0.take() }) else { return }
    last.finish()
  }

  private static var closed: VABufError {
    VABufError(.closed, what: "frame channel", why: "the buffer was closed", remedy: "stop sending frames")
  }
}
