internal import FrameModel

/// A VA driver as distributions pack it.
enum VADriver {
  /// Intel's media driver, `iHD`: Broadwell (2014) and later.
  case intel
  /// Intel's older driver, `i965`: before Broadwell, up to Coffee Lake.
  case oldIntel
  case mesa
  /// The shim from VA-API to NVIDIA's decoder.
  case nvidia

  /// Those that may serve a kernel driver.
  static func of(_ kernelDriver: String?, _ host: HostReport) -> [VADriver] {
    switch kernelDriver {
    case "i915", "xe": [.intel]
    case "amdgpu", "radeon", "nouveau", "virtio_gpu": [.mesa]
    case "nvidia", "nvidia-drm": [.nvidia]
    default: ["x86_64", "i686", ""].contains(host.architecture) ? [.intel, .mesa] : [.mesa]
    }
  }

  /// Its makers' name for it.
  fileprivate var title: String {
    switch self {
    case .intel: "Intel's media-driver (iHD)"
    case .oldIntel: "Intel's vaapi-driver (i965)"
    case .mesa: "Mesa's VA drivers"
    case .nvidia: "nvidia-vaapi-driver"
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

  /// How to install drivers: by a command where the distribution is known and has them, else in words.
  static func install(_ drivers: [VADriver], _ host: HostReport) -> Remedy {
    let family = family(host)
    let packages = drivers.compactMap { package($0, family) }
    guard let tool = tool(family), packages.count == drivers.count else {
      let titles = drivers.map(\.title).joined(separator: " or ")
      return Remedy(words: "install \(titles): this distribution's own way, or from source")
    }
    let notes = drivers.compactMap { note($0, family) }
    return Remedy(
      words: "install the VA driver" + (notes.isEmpty ? "" : " (\(notes.joined(separator: "; ")))"),
      commands: [([tool] + packages).joined(separator: " ")])
  }

  private static func tool(_ family: Family) -> String? {
    switch family {
    case .debian, .ubuntu: "sudo apt install"
    case .fedora: "sudo dnf install"
    case .arch: "sudo pacman -S"
    case .suse: "sudo zypper install"
    case .alpine: "sudo apk add"
    case .other: nil
    }
  }

  /// The package; nil where there is none.
  private static func package(_ driver: VADriver, _ family: Family) -> String? {
    switch (driver, family) {
    case (_, .other), (.nvidia, .alpine): nil
    case (.intel, .debian): "intel-media-va-driver"
    case (.intel, .ubuntu): "intel-media-va-driver-non-free"
    case (.intel, .fedora): "libva-intel-media-driver"
    case (.intel, .arch), (.intel, .suse), (.intel, .alpine): "intel-media-driver"
    case (.oldIntel, .debian), (.oldIntel, .ubuntu): "i965-va-driver"
    case (.oldIntel, .suse): "intel-vaapi-driver"
    case (.oldIntel, _): "libva-intel-driver"
    case (.mesa, .arch): "mesa"
    case (.mesa, .suse): "Mesa-libva"
    case (.mesa, .alpine): "mesa-va-gallium"
    case (.mesa, _): "mesa-va-drivers"
    case (.nvidia, .debian), (.nvidia, .ubuntu): "nvidia-vaapi-driver"
    case (.nvidia, _): "libva-nvidia-driver"
    }
  }

  private static func note(_ driver: VADriver, _ family: Family) -> String? {
    switch (driver, family) {
    case (.oldIntel, .fedora): "from RPM Fusion"
    case (.nvidia, .suse): "from the repository X11:XOrg"
    default: nil
    }
  }

  /// How to replace a build without patented codecs by a full one.
  ///
  /// - Parameter vendor: Intel or AMD.
  static func full(_ vendor: Int, _ host: HostReport) -> Remedy {
    let isIntel = vendor == PCI.intel
    switch family(host) {
    case .fedora:
      return Remedy(
        words: "install the full build, from RPM Fusion",
        commands: [
          isIntel
            ? "sudo dnf swap libva-intel-media-driver intel-media-driver"
            : "sudo dnf swap mesa-va-drivers mesa-va-drivers-freeworld"
        ])
    case .suse where !isIntel:
      return Remedy(
        words: "install the full build, from Packman, whose repository must be added before",
        commands: ["sudo zypper dup --from packman --allow-vendor-change"])
    case .debian where isIntel:
      return Remedy(
        words: "install the full build, from the part non-free of Debian",
        commands: ["sudo apt install intel-media-va-driver-non-free"])
    default:
      var remedy = install([isIntel ? .intel : .mesa], host)
      remedy.words = "install a full build: " + remedy.words
      return remedy
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
