import Dispatch
import Glibc
import Synchronization
import Testing

@testable import Decoding

@Suite struct HardwareWatchTests {
  /// Waits until `body` says yes; false after 5 seconds.
  private func eventually(_ body: () -> Bool) async throws -> Bool {
    for _ in 0..<500 {
      if body() { return true }
      try await Task.sleep(for: .milliseconds(10))
    }
    return body()
  }

  @Test func aCallThatDoesNotReturnIsTold() async throws {
    let watch = HardwareWatch(deadline: .milliseconds(50))
    let told = Atomic(0)
    let forgotten = Atomic(0)
    _ = watch.whenHung { told.add(1, ordering: .relaxed) }
    let other = watch.whenHung { forgotten.add(1, ordering: .relaxed) }
    watch.forget(other)
    // One that returns in between does not hide the one that hangs.
    let hanging = watch.enter()
    watch.watched {}
    #expect(try await eventually { told.load(ordering: .relaxed) > 0 })
    // Whoever asks later hears it at once, and nobody twice.
    _ = watch.whenHung { told.add(10, ordering: .relaxed) }
    watch.leave(hanging)
    try await Task.sleep(for: .milliseconds(200))
    #expect(told.load(ordering: .relaxed) == 11)
    #expect(forgotten.load(ordering: .relaxed) == 0)
  }

  @Test func callsThatReturnAreNoHangHoweverMany() async throws {
    let deadline = Duration.seconds(1)
    let watch = HardwareWatch(deadline: deadline)
    let told = Atomic(0)
    _ = watch.whenHung { told.add(1, ordering: .relaxed) }
    // Longer than the deadline in all, and always one of two in the driver. On a thread of its own: the others may be
    // busy, and a call that truly took too long says nothing here.
    let longest = await withCheckedContinuation { continuation in
      DispatchQueue(label: "calls").async {
        var longest = Duration.zero
        var last = watch.enter()
        for _ in 0..<30 {
          let start = ContinuousClock.now
          usleep(50_000)
          let next = watch.enter()
          watch.leave(last)
          last = next
          longest = max(longest, ContinuousClock.now - start)
        }
        watch.leave(last)
        continuation.resume(returning: longest)
      }
    }
    if longest + longest < deadline { #expect(told.load(ordering: .relaxed) == 0) }
  }

  /// The timer that found nothing is set again by who comes next.
  @Test func aHangAfterAQuietTimeIsTold() async throws {
    let watch = HardwareWatch(deadline: .milliseconds(30))
    let told = Atomic(0)
    _ = watch.whenHung { told.add(1, ordering: .relaxed) }
    watch.watched {}
    try await Task.sleep(for: .milliseconds(150))
    #expect(told.load(ordering: .relaxed) == 0)
    _ = watch.enter()
    #expect(try await eventually { told.load(ordering: .relaxed) == 1 })
  }
}
