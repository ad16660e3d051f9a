internal import FrameModel

/// The numbers of vendors on the PCI bus.
enum PCI {
  static let intel = 0x8086
  static let amd = 0x1002
  static let nvidia = 0x10de
  static let virtio = 0x1af4

  /// Its display adapters decode video.
  static func decodes(_ vendor: Int) -> Bool { [intel, amd, nvidia].contains(vendor) }

  static func kernelDriver(_ vendor: Int) -> String {
    switch vendor {
    case intel: "i915"
    case amd: "amdgpu"
    default: "nvidia-drm"
    }
  }
}

/// How a container gets a GPU.
enum Containers {
  static func cure(_ kind: String) -> String {
    switch kind {
    case "docker": "start the container with the device"
    case "podman": "start the container with the device, and keep the user's groups"
    case "kubernetes": "ask for a GPU in the pod, by the device plugin of its vendor (Intel, AMD, NVIDIA)"
    case "lxc": "pass the device in the container's configuration, and let it be used"
    case "systemd-nspawn": "bind the device into the container, and allow it"
    default: "pass the folder /dev/dri into the container"
    }
  }

  /// - Parameter group: the number of the node's group, where it is known.
  static func commands(_ kind: String, group: Int?) -> [String] {
    let number = group.map { "\($0)" } ?? "$(stat -c %g /dev/dri/renderD128)"
    switch kind {
    case "docker": return ["docker run --device /dev/dri --group-add \(number) ..."]
    case "podman": return ["podman run --device /dev/dri --group-add keep-groups ..."]
    case "kubernetes":
      return [
        "resources: {limits: {gpu.intel.com/i915: 1}}   # amd.com/gpu, nvidia.com/gpu",
        "securityContext: {supplementalGroups: [\(group.map { "\($0)" } ?? "GID of /dev/dri/renderD128 on the node")]}",
      ]
    case "lxc":
      return [
        "lxc config device add NAME gpu gpu gid=\(group.map { "\($0)" } ?? "GID")",
        "# or in the configuration file: lxc.cgroup2.devices.allow = c 226:* rwm",
        "# lxc.mount.entry = /dev/dri dev/dri none bind,optional,create=dir",
      ]
    case "systemd-nspawn": return ["systemd-nspawn --bind=/dev/dri --property=DeviceAllow='char-drm rw' ..."]
    default: return []
    }
  }
}

/// What to install, by distribution.
enum Packages {
  private enum Family { case debian, ubuntu, fedora, arch, suse, alpine, other }

  private static func family(_ host: HostReport) -> Family {
    for name in [host.distribution] + host.distributionLike {
      switch name {
      case "ubuntu": return .ubuntu
      case "debian", "raspbian": return .debian
      case "fedora", "rhel", "centos": return .fedora
      case "arch", "archlinux": return .arch
      case "suse", "opensuse": return .suse
      case "alpine": return .alpine
      default: continue
      }
    }
    return .other
  }

  /// Commands that install the VA driver of a vendor; those of every vendor where it is not known.
  static func install(_ vendor: Int?, _ host: HostReport) -> [String] {
    let family = family(host)
    let names: [String] =
      switch vendor {
      case PCI.intel: [intel(family)]
      case PCI.nvidia: [nvidia(family)]
      case nil: [intel(family), mesa(family)]
      default: [mesa(family)]
      }
    switch family {
    case .debian, .ubuntu, .other: return ["sudo apt install " + names.joined(separator: " ")]
    case .fedora: return ["sudo dnf install " + names.joined(separator: " ")]
    case .arch: return ["sudo pacman -S " + names.joined(separator: " ")]
    case .suse: return ["sudo zypper install " + names.joined(separator: " ")]
    case .alpine: return ["sudo apk add " + names.joined(separator: " ")]
    }
  }

  private static func intel(_ family: Family) -> String {
    switch family {
    case .debian, .other: "intel-media-va-driver-non-free"  // in non-free
    case .ubuntu: "intel-media-va-driver-non-free"
    case .fedora: "libva-intel-media-driver"
    case .arch: "intel-media-driver"
    case .suse: "intel-media-driver"
    case .alpine: "intel-media-driver"
    }
  }

  private static func mesa(_ family: Family) -> String {
    switch family {
    case .debian, .ubuntu, .other: "mesa-va-drivers"
    case .fedora: "mesa-va-drivers"
    case .arch: "libva-mesa-driver"
    case .suse: "Mesa-libva"
    case .alpine: "mesa-va-gallium"
    }
  }

  private static func nvidia(_ family: Family) -> String {
    switch family {
    case .arch: "libva-nvidia-driver"
    case .fedora: "libva-nvidia-driver"
    default: "nvidia-vaapi-driver"
    }
  }

  /// Commands that replace a build without patented codecs by a full one.
  static func full(_ vendor: Int, _ host: HostReport) -> [String] {
    switch (family(host), vendor) {
    case (.fedora, PCI.amd):
      ["sudo dnf swap mesa-va-drivers mesa-va-drivers-freeworld   # from RPM Fusion"]
    case (.fedora, _): ["sudo dnf swap libva-intel-media-driver intel-media-driver   # from RPM Fusion"]
    case (.suse, PCI.amd): ["sudo zypper dup --from packman --allow-vendor-change"]
    case (.debian, PCI.intel), (.ubuntu, PCI.intel): ["sudo apt install intel-media-va-driver-non-free"]
    default: install(vendor, host)
    }
  }

  static func ffmpeg(_ host: HostReport) -> String {
    switch family(host) {
    case .fedora: "install the full FFmpeg of RPM Fusion (dnf swap ffmpeg-free ffmpeg --allowerasing)"
    case .suse: "install FFmpeg from Packman"
    default: "install a full build of FFmpeg's libraries"
    }
  }
}

extension HostReport.Account {
  /// `render (993)`, or the number.
  var title: String { name.map { "\($0) (\(id))" } ?? "\(id)" }
}

extension DeviceReport {
  var title: String { model ?? [vendor, kernelDriver].compactMap(\.self).first ?? path }
}

extension [HostReport.DriverFile] {
  var names: String { map(\.name).joined(separator: ", ") }
}

extension [Evidence] {
  /// The clips by name.
  var list: String { map(\.clip).joined(separator: ", ") }
}

extension Int {
  /// Four hexadecimal digits.
  var hex: String {
    let text = String(self, radix: 16)
    return String(repeating: "0", count: Swift.max(0, 4 - text.count)) + text
  }
}
