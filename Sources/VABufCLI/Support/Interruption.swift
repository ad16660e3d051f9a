import Dispatch
import SystemPackage

#if canImport(Glibc)
  import Glibc
#endif

/// Ctrl-C and SIGTERM: the first asks the work to stop, the second, or three seconds, end the process.
enum Interruption {
  /// - Returns: what must be kept for as long as the signals are to be handled.
  static func onSignal(_ cancel: @escaping @Sendable () -> Void) -> [any DispatchSourceSignal] {
    let queue = DispatchQueue(label: "vabuf signals")
    return [SIGINT, SIGTERM].map { number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
      let counter = Counter()
      source.setEventHandler {
        if counter.next() > 1 { _exit(130) }
        cancel()
        queue.asyncAfter(deadline: .now() + .seconds(3)) { _exit(130) }
      }
      source.resume()
      return source
    }
  }

  /// Used on the queue of the signals only.
  private final class Counter: @unchecked Sendable {  // the queue is serial
    private var count = 0
    func next() -> Int {
      count += 1
      return count
    }
  }
}
