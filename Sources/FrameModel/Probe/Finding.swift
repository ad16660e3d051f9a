/// Something that a person should know: what is wrong, why, and what to do.
public struct Finding: Hashable, Sendable, Codable {
  /// How bad it is; the worst first.
  public enum Severity: String, Hashable, Sendable, Codable, CaseIterable {
    /// Nothing decodes in hardware because of it.
    case error
    /// Something does not work, or not as well as it could.
    case warning
    /// Worth knowing.
    case info
  }

  /// What it is about, for programs; `docs/probe.md` explains each. Open: later versions add codes.
  public struct Code: RawRepresentable, Hashable, Sendable, Codable {
    /// A stable name, as `node-denied`.
    public let rawValue: String
    /// Makes a code from its name.
    public init(rawValue: String) { self.rawValue = rawValue }
  }

  /// For programs.
  public var code: Code
  /// How bad it is.
  public var severity: Severity
  /// The node that it is about; nil for the machine.
  public var device: String?
  /// What is the case, and why.
  public var cause: String
  /// What to do.
  public var cure: String
  /// Commands that do it, to be run as they are.
  public var commands: [String]
  /// Commands and settings to be completed: `...` and words in capitals stand for what is yours.
  public var examples: [String]

  /// Describes a finding.
  ///
  /// - Parameters:
  ///   - code: what it is about, for programs.
  ///   - severity: how bad it is.
  ///   - device: the node that it is about; nil for the machine.
  ///   - cause: what is the case, and why.
  ///   - cure: what to do.
  ///   - commands: what does it, to be run as it is.
  ///   - examples: commands and settings to be completed.
  public init(
    _ code: Code, _ severity: Severity, device: String? = nil, cause: String, cure: String, commands: [String] = [],
    examples: [String] = []
  ) {
    self.code = code
    self.severity = severity
    self.device = device
    self.cause = cause
    self.cure = cure
    self.commands = commands
    self.examples = examples
  }
}

extension Finding.Code {
  /// There is no render node.
  public static let noRenderNode = Self(rawValue: "no-render-node")
  /// The node is there, and this user may not open it.
  public static let nodeDenied = Self(rawValue: "node-denied")
  /// The node is there, and leads to no device.
  public static let nodeUnusable = Self(rawValue: "node-unusable")
  /// A GPU has a kernel driver and no node.
  public static let kernelDriverWithoutNode = Self(rawValue: "kernel-driver-without-node")
  /// A GPU has no kernel driver.
  public static let noKernelDriver = Self(rawValue: "no-kernel-driver")
  /// The VA driver's file is not there.
  public static let driverMissing = Self(rawValue: "driver-missing")
  /// The environment names a VA driver, or a folder, that is not there.
  public static let driverMissingByEnvironment = Self(rawValue: "driver-missing-by-environment")
  /// The environment names another driver than libva would take.
  public static let driverChangedByEnvironment = Self(rawValue: "driver-changed-by-environment")
  /// The environment changes what vabuf uses.
  public static let changedByEnvironment = Self(rawValue: "changed-by-environment")
  /// The VA driver does not start.
  public static let driverFails = Self(rawValue: "driver-fails")
  /// The VA driver does not take the device, which is too new for it, or too old.
  public static let driverTooOld = Self(rawValue: "driver-too-old")
  /// libva and the driver speak other versions of VA-API.
  public static let libvaMismatch = Self(rawValue: "libva-driver-mismatch")
  /// The driver does not tell all that it can.
  public static let claimsIncomplete = Self(rawValue: "claims-incomplete")
  /// The driver was built without codecs that the chip has.
  public static let profilesRestricted = Self(rawValue: "profiles-restricted")
  /// The driver decodes, and pictures are wrong.
  public static let wrongPictures = Self(rawValue: "wrong-pictures")
  /// The driver claims a profile, and fails to decode it.
  public static let decodingFails = Self(rawValue: "decoding-fails")
  /// The driver ended its process.
  public static let driverCrashes = Self(rawValue: "driver-crashes")
  /// The driver does not come back from a call.
  public static let driverHangs = Self(rawValue: "driver-hangs")
  /// The first device is not the best.
  public static let betterDevice = Self(rawValue: "better-device")
  /// NVIDIA's GPU has no VA driver.
  public static let nvidiaWithoutShim = Self(rawValue: "nvidia-without-shim")
  /// NVIDIA's kernel driver does not set modes, so its VA driver does not start.
  public static let nvidiaWithoutModeset = Self(rawValue: "nvidia-without-modeset")
  /// No display; decoding needs none.
  public static let headless = Self(rawValue: "headless")
  /// The user is in no group but its own.
  public static let userWithoutGroups = Self(rawValue: "user-without-groups")
  /// A node decodes nothing: it has no video decoder, or none that VA-API knows.
  public static let noDecoder = Self(rawValue: "no-decoder")
  /// The process that examines a device did not run.
  public static let notExamined = Self(rawValue: "not-examined")
  /// FFmpeg has no decoder for a codec.
  public static let codecNotInFFmpeg = Self(rawValue: "codec-not-in-ffmpeg")
  /// The software decoder gives wrong pictures or fails.
  public static let softwareFails = Self(rawValue: "software-fails")
}
