package import FrameModel

/// A device does not do, or no longer does, what a stream needs; what was decoded before is right.
package struct DeviceFailure: Error, Hashable, Sendable {
  package enum Kind: Hashable, Sendable {
    /// There is no device, or it cannot be used.
    case noDevice
    /// This stream cannot be decoded by it.
    case unsupported
    /// It is out of memory, surfaces or contexts.
    case resources
    /// A call failed; another context may work.
    case failed
    /// The device is gone, with all its surfaces, or does not answer.
    case lost
  }

  package var kind: Kind
  /// The node, or what was looked for.
  package var what: String
  package var why: String
  package var remedy: String

  package init(_ kind: Kind, what: String, why: String, remedy: String) {
    self.kind = kind
    self.what = what
    self.why = why
    self.remedy = remedy
  }

  /// The failure as those who insist on the device see it.
  package var error: VABufError {
    VABufError(
      kind == .failed || kind == .lost || kind == .resources ? .deviceFailed : .backendUnavailable, what: what,
      why: why, remedy: remedy)
  }
}
