/// The machine, as far as it matters to decoding, and the user.
public struct HostReport: Hashable, Sendable, Codable {
  /// A group or a user, by number and name.
  public struct Account: Hashable, Sendable, Codable {
    /// The number.
    public var id: Int
    /// The name; nil where this system knows none for the number.
    public var name: String?
    /// Names an account.
    public init(id: Int, name: String? = nil) {
      self.id = id
      self.name = name
    }
  }

  /// A display adapter on the PCI bus, also one without a node.
  public struct Adapter: Hashable, Sendable, Codable {
    /// The PCI address, as `0000:00:02.0`.
    public var address: String
    /// The number of the vendor.
    public var vendorID: Int
    /// The number of the model.
    public var deviceID: Int
    /// The model's name; nil where no list of PCI names is installed.
    public var model: String?
    /// The kernel driver that has it; nil where none has.
    public var kernelDriver: String?
    /// It has a node in `/dev/dri`.
    public var hasNode: Bool

    /// Describes an adapter.
    public init(
      address: String, vendorID: Int, deviceID: Int, model: String? = nil, kernelDriver: String? = nil,
      hasNode: Bool = false
    ) {
      self.address = address
      self.vendorID = vendorID
      self.deviceID = deviceID
      self.model = model
      self.kernelDriver = kernelDriver
      self.hasNode = hasNode
    }

    private enum CodingKeys: String, CodingKey {
      case address
      case vendorID = "vendor_id"
      case deviceID = "device_id"
      case model
      case kernelDriver = "kernel_driver"
      case hasNode = "has_node"
    }
  }

  /// A VA driver file that is installed.
  public struct DriverFile: Hashable, Sendable, Codable {
    /// Its name, as `iHD`.
    public var name: String
    /// Its path.
    public var path: String
    /// Names a file.
    public init(name: String, path: String) {
      self.name = name
      self.path = path
    }
  }

  /// The kernel's release, as `6.1.0-40-amd64`.
  public var kernel = ""
  /// The machine, as `x86_64`.
  public var architecture = ""
  /// The distribution's `ID` in os-release, as `debian`; empty where unknown.
  public var distribution = ""
  /// What it derives from (`ID_LIKE`), as `["rhel", "fedora"]`.
  public var distributionLike: [String] = []
  /// Its name and version for people.
  public var distributionName = ""
  /// `docker`, `podman`, `kubernetes`, `lxc`, `systemd-nspawn` or `other`; nil outside of containers.
  public var container: String?
  /// The user that runs this.
  public var user = Account(id: 0)
  /// The groups of the user.
  public var groups: [Account] = []
  /// There is an X or Wayland display in the environment.
  public var hasDisplay = false
  /// `/dev/dri` is there.
  public var hasDRIFolder = false
  /// The display adapters on the PCI bus.
  public var adapters: [Adapter] = []
  /// The kernel's GPU modules that are loaded.
  public var modules: [String] = []
  /// NVIDIA's kernel driver sets modes, without which its VA driver does not start; nil where it does not say.
  public var nvidiaModeset: Bool?
  /// The variables that change what is used: libva's, vabuf's.
  public var environment: [String: String] = [:]
  /// The VA drivers that are installed.
  public var installedDrivers: [DriverFile] = []
  /// FFmpeg's name of the build that is loaded.
  public var ffmpeg = ""
  /// Name and version of each of its libraries.
  public var ffmpegLibraries: [String] = []
  /// The version of VA-API that vabuf was built with.
  public var vaapi = ""
  /// Processors that are online.
  public var cores = 0
  /// Bytes of memory in the machine.
  public var memoryBytes = 0

  /// Describes nothing yet.
  public init() {}

  private enum CodingKeys: String, CodingKey {
    case kernel, architecture, distribution
    case distributionLike = "distribution_like"
    case distributionName = "distribution_name"
    case container, user, groups
    case hasDisplay = "has_display"
    case hasDRIFolder = "has_dri_folder"
    case adapters, modules
    case nvidiaModeset = "nvidia_modeset"
    case environment
    case installedDrivers = "installed_drivers"
    case ffmpeg
    case ffmpegLibraries = "ffmpeg_libraries"
    case vaapi, cores
    case memoryBytes = "memory_bytes"
  }
}
