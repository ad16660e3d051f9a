internal import FrameModel

extension Diagnosis {
  /// What is wrong with one device.
  static func device(_ device: DeviceReport, _ facts: Capabilities) -> [Finding] {
    guard let access = device.access else { return [] }
    guard access.isOpenable else { return [denied(device, access, facts.host)] }
    guard let driver = device.driver else { return [] }
    var findings: [Finding] = []
    if driver.works {
      findings += works(device, driver, facts)
    } else if driver.failure != nil || driver.fileExists == false {
      findings.append(fails(device, driver, facts.host))
    }
    return findings
  }

  private static func denied(_ device: DeviceReport, _ access: DeviceReport.Access, _ host: HostReport) -> Finding {
    let (user, group) = (host.user, access.group)
    let lines = "\(device.path) is \(access.mode), owner \(access.owner.title), group \(group.title)"
    let why = "user \(user.title) may not open \(device.path) (\(access.reason ?? "denied")): \(lines)"
    let isMember = host.groups.contains { $0.id == group.id }
    let groupMayUse = access.mode.dropLast().last.map { "67".contains($0) } ?? false
    if let container = host.container {
      return Finding(
        .nodeDenied, .error, device: device.path, cause: why,
        cure: isMember
          ? "the group is right, so the container's device rules deny it: \(Containers.cure(container))"
          : "run the container with the group of the node, by its number: names differ inside",
        commands: Containers.commands(container, group: group.id))
    }
    guard groupMayUse else {
      return Finding(
        .nodeDenied, .error, device: device.path, cause: why + ": its group may not use it",
        cure: "let the group use it, by a udev rule that lasts",
        commands: [
          #"echo 'SUBSYSTEM=="drm", KERNEL=="renderD*", GROUP="render", MODE="0660"' | sudo tee /etc/udev/rules.d/70-render.rules"#,
          "sudo udevadm trigger --subsystem-match=drm",
        ])
    }
    guard !isMember else {
      return Finding(
        .nodeDenied, .error, device: device.path, cause: why,
        cure:
          "the user is in the group: a sandbox or security module denies it (systemd: DeviceAllow=, PrivateDevices=; Flatpak: --device=dri; Snap; SELinux)"
      )
    }
    guard let name = group.name else {
      return Finding(
        .nodeDenied, .error, device: device.path, cause: why + ", a number without a name here",
        cure: "make a group of that number, and join it",
        commands: ["sudo groupadd -g \(group.id) render-host", "sudo usermod -aG render-host \(user.name ?? "$USER")"])
    }
    return Finding(
      .nodeDenied, .error, device: device.path, cause: why, cure: "join the group, then log in again",
      commands: ["sudo usermod -aG \(name) \(user.name ?? "$USER")"])
  }

  // MARK: - A driver that does not start

  private static func fails(_ device: DeviceReport, _ driver: DriverReport, _ host: HostReport) -> Finding {
    let name = driver.name ?? "no name"
    let environment = host.environment.filter { $0.key.hasPrefix("LIBVA_") }.sorted { $0.key < $1.key }
    let settings = environment.map { "\($0.key)=\($0.value)" }.joined(separator: " ")
    let plain = driver.withoutEnvironment.map { plain in
      plain.works
        ? "without it \(plain.vendor ?? plain.name ?? "the driver") works"
        : "without it \(plain.failure?.message ?? "no driver starts")"
    }
    if driver.failure?.call == "vaGetDisplayDRM" {
      return Finding(
        .noDecoder, .error, device: device.path, cause: "\(device.path) is no DRM node", cure: "name a render node",
        commands: ["ls -l /dev/dri"])
    }
    let isMissing = driver.fileExists == false || driver.file == nil
    if !environment.isEmpty, isMissing || driver.withoutEnvironment?.works == true {
      return Finding(
        .driverMissingByEnvironment, .error, device: device.path,
        cause: "\(settings) in the environment makes libva look for \(driver.file ?? name), which "
          + (isMissing ? "is not there" : "does not start") + (plain.map { "; " + $0 } ?? ""),
        cure: "unset it, or set it to a driver that is installed"
          + (host.installedDrivers.isEmpty ? "" : " (\(host.installedDrivers.names))"),
        commands: ["unset " + environment.map(\.key).joined(separator: " ")])
    }
    if device.vendorID == PCI.nvidia, isMissing {
      return Finding(
        .nvidiaWithoutShim, .error, device: device.path,
        cause: "NVIDIA's driver has no VA-API of its own, and \(driver.file ?? "nvidia_drv_video.so") is not there",
        cure: "install nvidia-vaapi-driver, which decodes by NVDEC", commands: Packages.install(PCI.nvidia, host))
    }
    if isMissing {
      return Finding(
        .driverMissing, .error, device: device.path,
        cause:
          "libva looks for \(driver.file ?? "a driver for \(device.kernelDriver ?? "this device")"), which is not there",
        cure: "install the VA driver" + (device.vendor.map { " of \($0)" } ?? ""),
        commands: Packages.install(device.vendorID, host))
    }
    return startFails(device, driver, host)
  }

  private static func startFails(_ device: DeviceReport, _ driver: DriverReport, _ host: HostReport) -> Finding {
    let failure = driver.failure ?? StepFailure(.failed, message: "it did not start")
    let file = driver.file ?? "the driver"
    if failure.kind != .failed {
      return Finding(
        failure.kind == .crashed ? .driverCrashes : .driverHangs, .error, device: device.path,
        cause:
          "\(file) \(failure.kind == .crashed ? "ended the process" : "did not come back") when it was started: \(failure.message)",
        cure: "update the driver, and look for messages of the GPU", commands: ["sudo dmesg | tail -50"])
    }
    let told = driver.messages.joined(separator: "\n")
    let hasNoEntry = told.contains("has no function __vaDriverInit") || failure.message.contains("no entry point")
    if hasNoEntry || isNewer(driver.driverAPIVersion, than: driver.apiVersion) {
      return Finding(
        .libvaMismatch, .error, device: device.path,
        cause:
          "\(file) and libva speak other versions of VA-API (libva \(driver.apiVersion ?? "unknown"), driver \(driver.driverAPIVersion ?? "unknown"))",
        cure:
          "install libva and the driver from the same distribution, and remove copies of libva in /usr/local and in bundles",
        commands: Packages.install(device.vendorID, host))
    }
    if told.contains("cannot open shared object") || told.contains("undefined symbol") {
      return Finding(
        .driverFails, .error, device: device.path,
        cause:
          "\(file) cannot be loaded: \(driver.messages.last { $0.contains("shared object") || $0.contains("symbol") } ?? "")",
        cure: "install what it is linked to; it may be of another distribution", commands: ["ldd \(file)"])
    }
    let isUnknownDevice = failure.status == "VA_STATUS_ERROR_UNKNOWN" || told.contains("nsupported device")
    if isUnknownDevice, device.vendorID == PCI.intel || device.vendorID == PCI.amd {
      return Finding(
        .driverTooOld, .error, device: device.path,
        cause: "\(file) does not know this device (\(device.title)): \(failure.message)",
        cure: "install a newer driver (backports, or the vendor's packages)"
          + (driver.name == "i965" ? "; Intel GPUs since 2019 need iHD, not i965" : ""),
        commands: Packages.install(device.vendorID, host))
    }
    return Finding(
      .driverFails, .error, device: device.path,
      cause:
        "\(file) does not start: \(failure.message)\(failure.call.map { " in \($0)" } ?? "")\(failure.status.map { ", \($0)" } ?? "")",
      cure: "look for messages of the GPU, and for a driver that fits the device", commands: ["sudo dmesg | tail -50"])
  }

  private static func isNewer(_ driver: String?, than libva: String?) -> Bool {
    func numbers(_ text: String?) -> [Int] { (text ?? "").split(separator: ".").compactMap { Int($0) } }
    let (one, other) = (numbers(driver), numbers(libva))
    guard one.count >= 2, other.count >= 2 else { return false }
    return (one[0], one[1]) > (other[0], other[1])
  }
}
