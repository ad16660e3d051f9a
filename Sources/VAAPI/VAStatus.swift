internal import CVA

/// What a libva call returned.
package struct VAStatus: RawRepresentable, Hashable, Sendable {
  /// The number that the call returned.
  package let rawValue: Int32

  package init(rawValue: Int32) { self.rawValue = rawValue }

  package static let success = VAStatus(rawValue: 0x00)
  package static let operationFailed = VAStatus(rawValue: 0x01)
  package static let allocationFailed = VAStatus(rawValue: 0x02)
  package static let invalidDisplay = VAStatus(rawValue: 0x03)
  package static let invalidConfig = VAStatus(rawValue: 0x04)
  package static let invalidContext = VAStatus(rawValue: 0x05)
  package static let invalidSurface = VAStatus(rawValue: 0x06)
  package static let invalidBuffer = VAStatus(rawValue: 0x07)
  package static let invalidImage = VAStatus(rawValue: 0x08)
  package static let attributeNotSupported = VAStatus(rawValue: 0x0a)
  package static let maximumExceeded = VAStatus(rawValue: 0x0b)
  package static let unsupportedProfile = VAStatus(rawValue: 0x0c)
  package static let unsupportedEntrypoint = VAStatus(rawValue: 0x0d)
  package static let unsupportedRTFormat = VAStatus(rawValue: 0x0e)
  package static let surfaceBusy = VAStatus(rawValue: 0x10)
  package static let invalidParameter = VAStatus(rawValue: 0x12)
  package static let resolutionNotSupported = VAStatus(rawValue: 0x13)
  package static let unimplemented = VAStatus(rawValue: 0x14)
  package static let invalidImageFormat = VAStatus(rawValue: 0x16)
  package static let decodingError = VAStatus(rawValue: 0x17)
  package static let hardwareBusy = VAStatus(rawValue: 0x22)
  package static let unsupportedMemoryType = VAStatus(rawValue: 0x24)
  package static let notEnoughBuffer = VAStatus(rawValue: 0x25)
  package static let timedOut = VAStatus(rawValue: 0x26)
  package static let unknown = VAStatus(rawValue: -1)

  /// What a failure asks for.
  package enum Kind: String, Hashable, Sendable, CaseIterable {
    /// The call did what was asked.
    case success
    /// The display is no more: open the device again. VA-API has no status for a GPU that was reset or unplugged, most
    /// drivers answer `failed` or `exhausted` then, to every call: `OwnedDisplay.checkAlive` tells.
    case deviceLost
    /// No memory, or no more surfaces, buffers or contexts: release some, then try again.
    case exhausted
    /// Not yet, or not in time: the same call may succeed later. When it stays so, the GPU hangs, and a new context is
    /// the cure.
    case busy
    /// The driver or the chip cannot do this, now or later.
    case unsupported
    /// A wrong id or value: an error of the caller, or an object that is gone.
    case invalid
    /// The driver does not say why. After this in a decoder the pictures cannot be trusted until the next seek point.
    case failed
  }

  /// What the status asks for.
  package var kind: Kind {
    switch rawValue {
    case 0x00: .success
    case 0x03: .deviceLost
    case 0x02, 0x0b, 0x25: .exhausted
    case 0x10, 0x15, 0x22, 0x26: .busy
    case 0x0a, 0x0c...0x0f, 0x11, 0x13, 0x14, 0x16, 0x20, 0x21, 0x24: .unsupported
    case 0x04...0x09, 0x12, 0x19: .invalid
    default: .failed  // 0x01, 0x17, 0x18, 0x23, 0xffffffff and what later versions add
    }
  }

  /// The constant of `va.h`, as `VA_STATUS_ERROR_DECODING_ERROR`.
  package var name: String {
    guard let text = vaStatusStr(rawValue) else { return "status \(rawValue)" }
    let name = String(cString: text)
    guard !name.hasPrefix("VA_") else { return name }
    return self == .timedOut ? "VA_STATUS_ERROR_TIMEDOUT" : "status \(rawValue)"  // not in libva's table before 2.22
  }
}

extension VAStatus: CustomStringConvertible {
  /// libva's own words for the status.
  package var description: String {
    guard let text = vaErrorStr(rawValue) else { return "status \(rawValue)" }
    let words = String(cString: text)
    if self == .timedOut { return "operation timed out" }
    return words.hasPrefix("unknown libva error") && self != .unknown ? "\(words) (\(rawValue))" : words
  }
}
