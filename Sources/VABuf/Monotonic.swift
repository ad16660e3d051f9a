internal import Glibc

/// The clock of the policies, which count in nanoseconds. Without the arithmetic of `Duration`, which takes longer than the
/// clock: each request of a cached frame looks at it. It is that of `ContinuousClock`.
enum Monotonic {
  static var now: UInt64 {
    var time = timespec()
    let result = clock_gettime(CLOCK_BOOTTIME, &time)
    // It fails only for a clock that there is not.
    precondition(result == 0, "no clock")
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }
}
