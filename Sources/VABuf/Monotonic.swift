internal import FrameModel

/// The clock of the policies, which count in nanoseconds.
enum Monotonic {
  private static let epoch = ContinuousClock.now
  static var now: UInt64 { UInt64(clamping: epoch.duration(to: .now).nanoseconds) }
}
