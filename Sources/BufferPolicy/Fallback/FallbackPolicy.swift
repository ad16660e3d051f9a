package import FrameModel

/// Which decoder is used, and when it changes from hardware to software and back.
///
/// - *idle*: `start` -> *opening* (hardware, or software where the preference is `.off`).
/// - *opening*: `opened` -> *running*. `openFailed` of hardware -> *opening* software; with `.require`, hardware again
///   after a backoff, `requiredAttempts` times, then *failed*; at once where the reason is permanent. `openFailed` of
///   software -> *failed*.
/// - *running* hardware: a `deviceError` discards the session: *opening* hardware again, once, after a backoff; the
///   second one -> *opening* software (with `.require`: as `openFailed`). `goodFrames` frames delivered since the last
///   trouble forgive it all. `deviceLost` is an error too, but for a driver that hangs: that one -> *opening* software at
///   once (with `.require`: as `openFailed`).
/// - *running* software (by `.prefer`): after `retryFrames` frames or `retryNanoseconds`, whichever is first,
///   *opening* hardware again, doubled for each return that failed, `maxDoublings` times at most. Never where the reason
///   was permanent.
/// - *failed*: `start` -> *opening*.
///
/// An error in the bitstream is none of the device, and changes nothing in any state. The caller does not pass events of
/// a session that was replaced; those that do not fit the state are ignored.
package struct FallbackPolicy: Sendable {
  /// What the program said about hardware.
  package enum Preference: Sendable, CaseIterable {
    /// Hardware or an error.
    case require
    /// Hardware where it works.
    case prefer
    /// Software only.
    case off
  }

  /// What went wrong.
  package enum Reason: Equatable, Sendable, CaseIterable {
    /// There is no device.
    case noDevice
    /// The device cannot decode this stream.
    case unsupported
    /// The device, or the host, is out of memory, surfaces or sessions.
    case resources
    case deviceError
    case deviceLost

    /// Whether to try again is of no use.
    package var isPermanent: Bool { self == .noDevice || self == .unsupported }
  }

  package enum Action: Equatable, Sendable {
    /// Discard the session, if there is one, and open this decoder after that time.
    case open(Backend, afterNanoseconds: UInt64)
    /// Every request fails for this reason.
    case fail(Reason)
  }

  package struct Parameters: Equatable, Sendable {
    /// How many hardware frames forgive the trouble before them.
    package var goodFrames = 100
    /// How long software is used before hardware is tried again.
    package var retryFrames = 500
    package var retryNanoseconds: UInt64 = 20_000_000_000
    /// The wait before hardware is opened again after an error; doubled for each error in a row.
    package var backoffNanoseconds: UInt64 = 50_000_000
    package var maxDoublings = 6
    /// How many times hardware is opened in a row before `.require` fails.
    package var requiredAttempts = 3

    package init() {}
  }

  package enum State: Equatable, Sendable {
    case idle
    case opening(Backend)
    case running(Backend)
    case failed(Reason)
  }

  package let preference: Preference
  package let parameters: Parameters
  package private(set) var state = State.idle
  /// How many times software took over from hardware.
  package private(set) var fallbacks = 0

  /// Hardware troubles in a row, and how many of them were device errors of a running session since software was left.
  private var troubles = 0
  private var sessionErrors = 0
  /// Falls to software in a row.
  private var falls = 0
  private var isHardwareGone = false
  /// Frames delivered since the session was opened, and when that was.
  private var frames = 0
  private var openedAt: UInt64 = 0

  package init(preference: Preference, parameters: Parameters = Parameters()) {
    self.preference = preference
    self.parameters = parameters
  }

  /// Starts, or starts again: what was learned about the hardware is forgotten.
  package mutating func start() -> Action {
    troubles = 0
    sessionErrors = 0
    falls = 0
    isHardwareGone = false
    return open(preference == .off ? .software : .vaapi)
  }

  package mutating func opened(_ backend: Backend, at now: UInt64) {
    guard state == .opening(backend) else { return }
    state = .running(backend)
    frames = 0
    openedAt = now
  }

  package mutating func openFailed(_ reason: Reason) -> Action? {
    switch state {
    case .opening(.vaapi): return trouble(reason, mayReopen: false)
    case .opening(.software): return fail(reason)
    default: return nil
    }
  }

  /// The device of the running session reported an error that is not the stream's fault.
  package mutating func deviceError() -> Action? {
    guard state == .running(.vaapi) else { return nil }
    sessionErrors += 1
    return trouble(.deviceError, mayReopen: sessionErrors == 1)
  }

  /// The device is gone, with all its surfaces.
  ///
  /// - Parameter isHung: its driver does not return from a call: the next one would hang too.
  package mutating func deviceLost(isHung: Bool = false) -> Action? {
    let isRunning = state == .running(.vaapi)
    guard isRunning || state == .opening(.vaapi) else { return nil }
    if isRunning { sessionErrors += 1 }
    return trouble(.deviceLost, mayReopen: isRunning && !isHung && sessionErrors == 1)
  }

  /// The stream is damaged. Never costs the hardware path.
  package func bitstreamError() -> Action? { nil }

  /// Frames were delivered by the running session. May ask for the hardware again.
  package mutating func framesDelivered(_ count: Int, at now: UInt64) -> Action? {
    switch state {
    case .running(.vaapi):
      frames += count
      if frames >= parameters.goodFrames {
        troubles = 0
        sessionErrors = 0
        falls = 0
      }
      return nil
    case .running(.software):
      frames += count
      guard preference == .prefer, !isHardwareGone else { return nil }
      let doublings = min(max(falls - 1, 0), parameters.maxDoublings)
      let isTime = now >= openedAt && now - openedAt >= doubled(parameters.retryNanoseconds, doublings)
      guard UInt64(frames) >= doubled(UInt64(parameters.retryFrames), doublings) || isTime else { return nil }
      sessionErrors = 0
      return open(.vaapi)
    default:
      return nil
    }
  }

  // MARK: - Steps

  private mutating func trouble(_ reason: Reason, mayReopen: Bool) -> Action {
    troubles += 1
    let wait = doubled(parameters.backoffNanoseconds, min(troubles - 1, parameters.maxDoublings))
    if preference == .require {
      if reason.isPermanent || troubles >= parameters.requiredAttempts { return fail(reason) }
      return open(.vaapi, after: wait)
    }
    if mayReopen { return open(.vaapi, after: wait) }
    if reason.isPermanent { isHardwareGone = true }
    falls += 1
    fallbacks += 1
    return open(.software)
  }

  private mutating func open(_ backend: Backend, after nanoseconds: UInt64 = 0) -> Action {
    state = .opening(backend)
    return .open(backend, afterNanoseconds: nanoseconds)
  }

  private mutating func fail(_ reason: Reason) -> Action {
    state = .failed(reason)
    return .fail(reason)
  }

  private func doubled(_ value: UInt64, _ times: Int) -> UInt64 {
    let (product, overflow) = value.multipliedReportingOverflow(by: 1 << UInt64(min(times, 62)))
    return overflow ? .max : product
  }
}
