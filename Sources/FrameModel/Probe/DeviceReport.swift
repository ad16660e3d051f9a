/// One DRM device: what it is, who may use it, its VA driver, what that claims, and what is true of it.
public struct DeviceReport: Hashable, Sendable, Codable {
  /// Who may open the node, and whether this user may.
  public struct Access: Hashable, Sendable, Codable {
    /// The permission bits in octal, as `0660`.
    public var mode: String
    /// Whose it is.
    public var owner: HostReport.Account
    /// Whose group it is.
    public var group: HostReport.Account
    /// This user can open it to read and write.
    public var isOpenable: Bool
    /// The errno of opening it, as `EACCES`; nil where that works.
    public var error: String?
    /// Why not, in the system's words.
    public var reason: String?

    /// Describes an access.
    ///
    /// - Parameters:
    ///   - mode: the permission bits in octal, as `0660`.
    ///   - owner: whose it is.
    ///   - group: whose group it is.
    ///   - isOpenable: this user can open it to read and write.
    ///   - error: the errno of opening it, as `EACCES`.
    ///   - reason: why not, in the system's words.
    public init(
      mode: String, owner: HostReport.Account, group: HostReport.Account, isOpenable: Bool, error: String? = nil,
      reason: String? = nil
    ) {
      self.mode = mode
      self.owner = owner
      self.group = group
      self.isOpenable = isOpenable
      self.error = error
      self.reason = reason
    }

    private enum CodingKeys: String, CodingKey {
      case mode, owner, group
      case isOpenable = "openable"
      case error, reason
    }
  }

  /// The node to open, as `/dev/dri/renderD128`.
  public var path: String
  /// The render node; nil for a display controller without a GPU.
  public var renderNode: String?
  /// The node that also drives displays.
  public var cardNode: String?
  /// `pci`, `usb`, `platform`, `host1x` or `unknown`.
  public var bus = "unknown"
  /// Where on the bus, as `0000:00:02.0`.
  public var address: String?
  /// The number of the vendor.
  public var vendorID: Int?
  /// The number of the model.
  public var deviceID: Int?
  /// The vendor's short name, where known.
  public var vendor: String?
  /// The model's name; nil where no list of PCI names is installed.
  public var model: String?
  /// The kernel driver, as `i915`.
  public var kernelDriver: String?
  /// Its version, as `1.6.0`.
  public var kernelDriverVersion: String?
  /// Who may open it; nil where the node is not there.
  public var access: Access?
  /// It is used where nobody names a device, and no other is known to decode the like of a stream better.
  public var isChosen = false
  /// Why it is, or is not.
  public var choiceReason = ""
  /// The VA driver; nil where it was not looked for.
  public var driver: DriverReport?
  /// What the driver claims; nil where it could not be asked.
  public var claims: Claims?
  /// What decoding the clips came to; empty where that was not done.
  public var evidence: [Evidence] = []
  /// How fast surfaces are copied to host memory.
  public var downloads: [DownloadRate] = []
  /// The claims and the evidence were remembered from an earlier run.
  public var isRemembered = false
  /// Why it was not examined to the end, where that is not the driver's doing.
  public var obstacle: StepFailure?

  /// Names a device.
  public init(path: String) { self.path = path }

  private enum CodingKeys: String, CodingKey {
    case path
    case renderNode = "render_node"
    case cardNode = "card_node"
    case bus, address
    case vendorID = "vendor_id"
    case deviceID = "device_id"
    case vendor, model
    case kernelDriver = "kernel_driver"
    case kernelDriverVersion = "kernel_driver_version"
    case access
    case isChosen = "chosen"
    case choiceReason = "choice_reason"
    case driver, claims, evidence, downloads
    case isRemembered = "remembered"
    case obstacle
  }
}

/// How fast surfaces of a size and format are copied to host memory, by one way of doing it.
public struct DownloadRate: Hashable, Sendable, Codable {
  /// `derive`, `derive_streaming`, `get_image` or `ffmpeg`.
  public var way: String
  /// The format of the surface, as `NV12`.
  public var format: String
  /// Width of the surface in pixels.
  public var width: Int
  /// Height of the surface in pixels.
  public var height: Int
  /// Milliseconds of the best try.
  public var milliseconds: Double
  /// The fastest of its size and format: what vabuf uses.
  public var isBest: Bool

  /// Describes a measurement.
  public init(way: String, format: String, width: Int, height: Int, milliseconds: Double, isBest: Bool) {
    self.way = way
    self.format = format
    self.width = width
    self.height = height
    self.milliseconds = milliseconds
    self.isBest = isBest
  }

  private enum CodingKeys: String, CodingKey {
    case way, format, width, height, milliseconds
    case isBest = "best"
  }
}
