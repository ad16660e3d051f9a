import BufferPolicy
import FrameModel
import Testing

@Suite struct FallbackPolicyTests {
  private let parameters: FallbackPolicy.Parameters = {
    var parameters = FallbackPolicy.Parameters()
    parameters.goodFrames = 10
    parameters.retryFrames = 20
    parameters.retryNanoseconds = 1_000
    parameters.backoffNanoseconds = 50
    parameters.maxDoublings = 2
    parameters.requiredAttempts = 3
    return parameters
  }()

  private func running(_ backend: Backend, _ preference: FallbackPolicy.Preference = .prefer) -> FallbackPolicy {
    var policy = FallbackPolicy(preference: preference, parameters: parameters)
    _ = policy.start()
    if backend == .software, preference != .off { _ = policy.openFailed(.resources) }
    policy.opened(backend, at: 0)
    return policy
  }

  @Test(
    arguments: [(.require, .vaapi), (.prefer, .vaapi), (.off, .software)] as [(FallbackPolicy.Preference, Backend)])
  func thePreferenceOpensFirst(preference: FallbackPolicy.Preference, backend: Backend) {
    var policy = FallbackPolicy(preference: preference)
    #expect(policy.start() == .open(backend, afterNanoseconds: 0))
    policy.opened(backend, at: 5)
    #expect(policy.state == .running(backend))
  }

  @Test(arguments: FallbackPolicy.Reason.allCases)
  func preferredHardwareThatDoesNotOpenIsReplaced(reason: FallbackPolicy.Reason) {
    var policy = FallbackPolicy(preference: .prefer, parameters: parameters)
    _ = policy.start()
    #expect(policy.openFailed(reason) == .open(.software, afterNanoseconds: 0))
    policy.opened(.software, at: 0)
    #expect(policy.fallbacks == 1)
    let again: FallbackPolicy.Action? = reason.isPermanent ? nil : .open(.vaapi, afterNanoseconds: 0)
    #expect(policy.framesDelivered(20, at: 0) == again, "a permanent reason is never tried again")
  }

  @Test func softwareThatDoesNotOpenFails() {
    var policy = FallbackPolicy(preference: .off)
    _ = policy.start()
    #expect(policy.openFailed(.resources) == .fail(.resources))
    #expect(policy.state == .failed(.resources))
    #expect(policy.start() == .open(.software, afterNanoseconds: 0))
  }

  @Test func aDeviceErrorReopensOnceThenFallsBack() {
    var policy = running(.vaapi)
    #expect(policy.deviceError() == .open(.vaapi, afterNanoseconds: 50))
    policy.opened(.vaapi, at: 0)
    #expect(policy.framesDelivered(9, at: 0) == nil)
    #expect(policy.deviceError() == .open(.software, afterNanoseconds: 0))
    #expect(policy.fallbacks == 1)
  }

  @Test func goodFramesForgive() {
    var policy = running(.vaapi)
    _ = policy.deviceError()
    policy.opened(.vaapi, at: 0)
    #expect(policy.framesDelivered(10, at: 0) == nil)
    #expect(policy.deviceError() == .open(.vaapi, afterNanoseconds: 50))
  }

  @Test func theFramesOfOneSessionOnlyForgive() {
    var policy = running(.vaapi)
    #expect(policy.framesDelivered(9, at: 0) == nil)
    _ = policy.deviceError()
    policy.opened(.vaapi, at: 0)
    #expect(policy.framesDelivered(9, at: 0) == nil)
    #expect(policy.deviceError() == .open(.software, afterNanoseconds: 0))
  }

  @Test func aBitstreamErrorChangesNothing() {
    var policy = running(.vaapi)
    for _ in 0..<1000 { #expect(policy.bitstreamError() == nil) }
    #expect(policy.state == .running(.vaapi))
    #expect(policy.deviceError() == .open(.vaapi, afterNanoseconds: 50))
  }

  @Test func aLostDeviceIsOpenedOnceMore() {
    var policy = running(.vaapi)
    #expect(policy.deviceLost() == .open(.vaapi, afterNanoseconds: 50))
    policy.opened(.vaapi, at: 0)
    #expect(policy.deviceLost() == .open(.software, afterNanoseconds: 0))
    #expect(policy.fallbacks == 1)
  }

  @Test func aDriverThatHangsIsLeftAtOnce() {
    var policy = running(.vaapi)
    #expect(policy.deviceLost(isHung: true) == .open(.software, afterNanoseconds: 0))
    #expect(policy.deviceLost(isHung: true) == nil, "it is known")
    policy.opened(.software, at: 0)
    #expect(policy.deviceError() == nil, "a late error of the old session")
    #expect(policy.framesDelivered(20, at: 0) == .open(.vaapi, afterNanoseconds: 0))
    #expect(policy.deviceLost() == .open(.software, afterNanoseconds: 0), "while it is being opened")
  }

  @Test func hardwareIsTriedAgainAfterFramesOrTimeEachTimeLater() {
    var policy = running(.software)
    for frames in [20, 40, 80, 80] {
      #expect(policy.framesDelivered(frames - 1, at: 0) == nil)
      #expect(policy.framesDelivered(1, at: 0) == .open(.vaapi, afterNanoseconds: 0))
      #expect(policy.openFailed(.resources) == .open(.software, afterNanoseconds: 0))
      policy.opened(.software, at: 0)
    }
    #expect(policy.framesDelivered(1, at: 3_999) == nil)
    #expect(policy.framesDelivered(1, at: 4_000) == .open(.vaapi, afterNanoseconds: 0))
    policy.opened(.vaapi, at: 4_000)
    #expect(policy.framesDelivered(10, at: 4_000) == nil)
    _ = policy.deviceLost(isHung: true)
    policy.opened(.software, at: 5_000)
    #expect(policy.framesDelivered(20, at: 5_000) == .open(.vaapi, afterNanoseconds: 0), "forgiven")
  }

  @Test func softwareByChoiceStays() {
    var policy = running(.software, .off)
    #expect(policy.framesDelivered(1_000_000, at: .max) == nil)
  }

  @Test func requiredHardwareIsTriedAFewTimesThenFails() {
    var policy = running(.vaapi, .require)
    #expect(policy.deviceError() == .open(.vaapi, afterNanoseconds: 50))
    #expect(policy.openFailed(.resources) == .open(.vaapi, afterNanoseconds: 100))
    policy.opened(.vaapi, at: 0)
    #expect(policy.deviceLost(isHung: true) == .fail(.deviceLost))
    #expect(policy.framesDelivered(1, at: 0) == nil)
    var other = FallbackPolicy(preference: .require)
    _ = other.start()
    #expect(other.openFailed(.unsupported) == .fail(.unsupported))
  }

  @Test(arguments: Seeds.all) func promisesHoldInAnyOrderOfEvents(seed: UInt64) throws {
    var rng = SeededGenerator(seed: seed)
    var run = Run(seed: seed)
    for preference in FallbackPolicy.Preference.allCases {
      var policy = FallbackPolicy(preference: preference, parameters: parameters)
      var now: UInt64 = 0
      var errorsInARow = 0
      var framesInSession = 0
      for step in 0..<3000 {
        run.step = step
        now += UInt64.random(in: 0...100, using: &rng)
        let before = policy.state
        var action: FallbackPolicy.Action?
        let reason = FallbackPolicy.Reason.allCases.filter { !$0.isPermanent || rng.chance(1) }[0]
        switch Int.random(in: 0..<10, using: &rng) {
        case 0: if case .failed = before { action = policy.start() } else if before == .idle { action = policy.start() }
        case 1: action = policy.openFailed(reason)
        case 2: action = policy.deviceError()
        case 3: action = rng.chance(20) ? policy.deviceLost(isHung: rng.chance(2)) : policy.bitstreamError()
        case 4...6:
          let count = Int.random(in: 1...5, using: &rng)
          action = policy.framesDelivered(count, at: now)
          if before == .running(.vaapi) { framesInSession += count }
        default:
          if case .opening(let backend) = before {
            policy.opened(backend, at: now)
            framesInSession = 0
          }
        }
        run.event = "\(before) -> \(policy.state), action \(String(describing: action))"
        if before == .running(.vaapi), framesInSession >= parameters.goodFrames { errorsInARow = 0 }
        switch action {
        case .open(let backend, _):
          try run.same(policy.state, .opening(backend), "state")
          try run.check(preference != .off || backend == .software, "hardware, which is off")
          try run.check(preference != .require || backend == .vaapi, "software, but hardware is required")
          if before == .running(.vaapi) {
            errorsInARow += 1
            try run.check(
              preference != .prefer || backend == .software || errorsInARow == 1, "hardware again, but not once")
          }
          if backend == .software { errorsInARow = 0 }
        case .fail(let reason):
          try run.same(policy.state, .failed(reason), "state")
          try run.check(preference != .prefer || before == .opening(.software), "a failure without need")
          errorsInARow = 0
        case nil:
          let isOpened = before != policy.state && policy.state != .idle
          if isOpened, case .running = policy.state {} else { try run.same(policy.state, before, "state") }
        }
      }
    }
  }
}
