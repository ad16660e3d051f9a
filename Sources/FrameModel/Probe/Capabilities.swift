/// What a machine decodes, how that is known, and what is in the way.
///
/// As JSON: keys in snake case, `schema` 1; later versions only add keys (`docs/probe.schema.json`).
public struct Capabilities: Hashable, Sendable, Codable {
  /// The version of this form.
  public var schema = 1
  /// The version of vabuf.
  public var version: String
  /// The machine and the user.
  public var host: HostReport
  /// All DRM devices, in the order in which they are tried.
  public var devices: [DeviceReport]
  /// What libavcodec decodes without a GPU.
  public var software: SoftwareReport
  /// What is in the way, the worst first.
  public var findings: [Finding]

  /// Describes a machine.
  public init(
    version: String, host: HostReport, devices: [DeviceReport] = [], software: SoftwareReport = SoftwareReport(),
    findings: [Finding] = []
  ) {
    self.version = version
    self.host = host
    self.devices = devices
    self.software = software
    self.findings = findings
  }

  /// The device that is used where nobody names one, and no other is known to decode the like of a stream better; nil
  /// where there is none that works.
  public var chosenDevice: DeviceReport? { devices.first(where: \.isChosen) }
}

/// What libavcodec decodes here, without a GPU.
public struct SoftwareReport: Hashable, Sendable, Codable {
  /// A codec and its decoders.
  public struct Codec: Hashable, Sendable, Codable {
    /// FFmpeg's name of the codec, as `h264`.
    public var codec: String
    /// FFmpeg's names of its software decoders, the one that is used first; empty where there is none.
    public var decoders: [String]
    /// Names a codec's decoders.
    public init(codec: String, decoders: [String]) {
      self.codec = codec
      self.decoders = decoders
    }
  }

  /// The codecs that vabuf's clips cover.
  public var codecs: [Codec]
  /// What decoding the clips came to.
  public var evidence: [Evidence]
  /// The evidence was remembered from an earlier run.
  public var isRemembered = false
  /// Why the clips were not decoded to the end, where that is not the decoders' doing.
  public var obstacle: StepFailure?

  /// Describes the software side.
  public init(codecs: [Codec] = [], evidence: [Evidence] = []) {
    self.codecs = codecs
    self.evidence = evidence
  }

  private enum CodingKeys: String, CodingKey {
    case codecs, evidence
    case isRemembered = "remembered"
    case obstacle
  }
}
