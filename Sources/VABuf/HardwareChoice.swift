internal import BufferPolicy
internal import Decoding
internal import FrameModel
internal import Logging

/// What a program said about hardware, and where surfaces come from.
struct HardwareChoice: Sendable {
  var preference: FallbackPolicy.Preference
  /// The node; nil takes the first that decodes the stream.
  var path: String?
  var devices: HardwareDevices
  var logger: Logger
  /// How long a call into a driver may take before it counts as a hang.
  var deadline: Duration { devices.patience.driver }
}

extension FallbackPolicy.Preference {
  init(_ backend: BackendPreference) {
    switch backend {
    case .auto: self = .prefer
    case .vaapi: self = .require
    case .software: self = .off
    }
  }
}

extension FallbackPolicy.Reason {
  init(_ kind: DeviceFailure.Kind) {
    switch kind {
    case .noDevice: self = .noDevice
    case .unsupported: self = .unsupported
    case .resources: self = .resources
    case .failed: self = .deviceError
    case .lost: self = .deviceLost
    }
  }
}
