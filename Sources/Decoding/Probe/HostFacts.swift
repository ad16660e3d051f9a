internal import FFmpegMedia
package import FrameModel
internal import Glibc
internal import VAAPI

/// Reads what the system tells of the machine, the user, and the display adapters.
package enum HostFacts {
  /// The variables that change which driver is used, or how vabuf decodes.
  package static let variables = [
    "LIBVA_DRIVER_NAME", "LIBVA_DRIVERS_PATH", "LIBVA_DRM_DEVICE", "VABUF_BACKEND", "VABUF_DEVICE",
  ]

  /// - Parameters:
  ///   - root: where the system is; `/` but for tests.
  ///   - environment: of the process.
  package static func read(root: String, environment: [String: String]) -> HostReport {
    let tree = SystemTree(root: root)
    var host = HostReport()
    host.kernel = tree.text("/proc/sys/kernel/osrelease") ?? ""
    host.architecture = architecture
    let system = ["/etc/os-release", "/usr/lib/os-release"].first { tree.exists($0) } ?? ""
    host.distribution = tree.setting("ID", in: system) ?? ""
    host.distributionLike = (tree.setting("ID_LIKE", in: system) ?? "").split(separator: " ").map(String.init)
    host.distributionName = tree.setting("PRETTY_NAME", in: system) ?? ""
    host.container = container(tree, environment)
    let user = Int(geteuid())
    host.user = HostReport.Account(id: user, name: tree.accountName(user, in: "/etc/passwd"))
    host.groups = groups().map { HostReport.Account(id: $0, name: tree.accountName($0, in: "/etc/group")) }
    host.hasDisplay = ["DISPLAY", "WAYLAND_DISPLAY"].contains { environment[$0]?.isEmpty == false }
    host.hasDRIFolder = tree.exists("/dev/dri")
    host.adapters = adapters(tree)
    host.modules = gpuModules.filter { tree.exists("/sys/module/\($0)") }
    host.nvidiaModeset = tree.text("/sys/module/nvidia_drm/parameters/modeset").map { $0 == "Y" || $0 == "1" }
    host.environment = environment.filter { variables.contains($0.key) && !$0.value.isEmpty }
    host.installedDrivers = DriverFacts.files(in: driverFolders(environment), tree).compactMap { path in
      DriverFacts.name(ofFile: path).map { HostReport.DriverFile(name: $0, path: path) }
    }
    host.ffmpeg = FFmpegVersions.release
    host.ffmpegLibraries = FFmpegVersions.libraries
    host.vaapi = VAVersion.headers
    host.cores = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    host.memoryBytes = max(0, sysconf(Int32(_SC_PHYS_PAGES))) * max(0, sysconf(Int32(_SC_PAGESIZE)))
    return host
  }

  /// Where libva looks for drivers: the folders of the environment, else those of the distributions.
  package static func driverFolders(_ environment: [String: String]) -> [String] {
    guard let paths = environment["LIBVA_DRIVERS_PATH"], !paths.isEmpty else { return DriverFacts.folders }
    return paths.split(separator: ":").map(String.init)
  }

  /// All variables of the process.
  package static var environment: [String: String] {
    var result: [String: String] = [:]
    var next = environ
    while let entry = next.pointee {
      let text = String(cString: entry)
      if let sign = text.firstIndex(of: "=") {
        result[String(text[..<sign])] = String(text[text.index(after: sign)...])
      }
      next += 1
    }
    return result
  }

  private static let gpuModules = [
    "i915", "xe", "amdgpu", "radeon", "nouveau", "nvidia", "nvidia_drm", "virtio_gpu", "vgem", "vmwgfx", "panfrost",
    "hantro_vpu", "rockchip_vdec",
  ]

  private static var architecture: String {
    var names = utsname()
    guard uname(&names) == 0 else { return "" }
    return withUnsafeBytes(of: names.machine) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }

  private static func groups() -> [Int] {
    let count = max(0, getgroups(0, nil))
    var others = [gid_t](repeating: 0, count: Int(count))
    let used = Int(max(0, getgroups(count, &others)))
    return Set(others.prefix(used).map(Int.init) + [Int(getegid())]).sorted()
  }

  /// Which kind of container this is, by the marks that they leave.
  private static func container(_ tree: SystemTree, _ environment: [String: String]) -> String? {
    if environment["KUBERNETES_SERVICE_HOST"] != nil || tree.exists("/var/run/secrets/kubernetes.io") {
      return "kubernetes"
    }
    if tree.exists("/run/.containerenv") { return "podman" }
    if tree.exists("/.dockerenv") { return "docker" }
    let first = tree.bytes("/proc/1/environ").map { bytes in
      bytes.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
    }
    let told = first?.first { $0.hasPrefix("container=") }.map { String($0.dropFirst("container=".count)) }
    switch told ?? tree.text("/run/systemd/container") ?? environment["container"] {
    case "docker": return "docker"
    case "podman", "oci": return "podman"
    case "lxc", "lxc-libvirt": return "lxc"
    case "systemd-nspawn": return "systemd-nspawn"
    case .some(let other) where !other.isEmpty: return "other"
    default: break
    }
    let group = tree.text("/proc/1/cgroup") ?? ""
    if group.contains("kubepods") { return "kubernetes" }
    if group.contains("/docker") { return "docker" }
    if group.contains("/lxc") { return "lxc" }
    return nil
  }

  /// The display adapters: PCI class 03.
  private static func adapters(_ tree: SystemTree) -> [HostReport.Adapter] {
    let names = PCINames(tree)
    return tree.names(in: "/sys/bus/pci/devices").compactMap { address in
      let folder = "/sys/bus/pci/devices/\(address)"
      guard let kind = tree.number(folder + "/class"), kind >> 16 == 3,
        let vendor = tree.number(folder + "/vendor"), let device = tree.number(folder + "/device")
      else { return nil }
      return HostReport.Adapter(
        address: address, vendorID: vendor, deviceID: device, model: names.model(vendor, device),
        kernelDriver: tree.target(folder + "/driver"), hasNode: !tree.names(in: folder + "/drm").isEmpty)
    }
  }
}

/// The names of PCI devices in the list that distributions install (`pci.ids`).
struct PCINames {
  private let text: String?

  init(_ tree: SystemTree) {
    let places = ["/usr/share/misc/pci.ids", "/usr/share/hwdata/pci.ids", "/usr/share/pci.ids"]
    text = places.lazy.compactMap { tree.bytes($0) }.first.map { String(decoding: $0, as: UTF8.self) }
  }

  /// The model's name; nil where there is no list, or not in it.
  func model(_ vendor: Int, _ device: Int) -> String? {
    guard let text else { return nil }
    let (wantedVendor, wantedDevice) = (vendor.hexadecimal() + "  ", "\t" + device.hexadecimal() + "  ")
    var isVendor = false
    for line in text.utf8.split(separator: UInt8(ascii: "\n")) {
      guard let first = line.first, first != UInt8(ascii: "#") else { continue }
      if first != UInt8(ascii: "\t") {
        if isVendor { return nil }
        isVendor = line.starts(with: wantedVendor.utf8)
      } else if isVendor, line.starts(with: wantedDevice.utf8) {
        return String(Substring(line.dropFirst(wantedDevice.utf8.count)))
      }
    }
    return nil
  }
}
