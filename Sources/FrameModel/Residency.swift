/// Where a frame lives: on the GPU, in host memory, or in both.
public struct Residency: OptionSet, Hashable, Sendable {
  /// One bit for each tier.
  public let rawValue: UInt8

  /// A set from its bits.
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// A GPU surface holds the frame.
  public static let gpu = Residency(rawValue: 1)
  /// A host buffer holds the frame.
  public static let host = Residency(rawValue: 2)
}

extension Residency: CustomStringConvertible {
  /// `none`, `gpu`, `host` or `gpu+host`.
  public var description: String {
    switch self {
    case []: "none"
    case .gpu: "gpu"
    case .host: "host"
    default: "gpu+host"
    }
  }
}

/// Why a cache no longer holds a frame in a tier.
public enum RemovalCause: String, Hashable, Sendable, CaseIterable {
  /// The tier was over its budget.
  case size
  /// Another picture was inserted under the same key.
  case replaced
  /// The program asked for it.
  case explicit
  /// The device that held the surface was lost.
  case deviceLost
}
