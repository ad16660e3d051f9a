internal import FrameModel

extension Diagnosis {
  /// What is wrong with one device.
  static func device(_ device: DeviceReport, _ facts: Capabilities) -> [Finding] {
    guard let access = device.access else { return [] }
    guard access.isOpenable else { return [closed(device, access, facts.host)] }
    var findings: [Finding] = []
    if let obstacle = device.obstacle {
      findings.append(
        Finding(
          .notExamined, .warning, device: device.path,
          cause: "the process that examines \(device.path) did not come to its end: \(obstacle.message)",
          cure: "try again; a program names its worker in `Probe.Options`"))
    }
    guard let driver = device.driver else { return findings }
    if driver.works { return findings + works(device, driver, facts) }
    if driver.failure != nil || driver.fileExists == false { findings += fails(device, driver, facts.host) }
    return findings
  }

  // MARK: - A driver that does not start

  private static func fails(_ device: DeviceReport, _ driver: DriverReport, _ host: HostReport) -> [Finding] {
    if driver.failure?.call == "vaGetDisplayDRM" {
      return [
        Finding(
          .noDecoder, .error, device: device.path, cause: "\(device.path) is no DRM node", cure: "name a render node",
          commands: ["ls -l /dev/dri"])
      ]
    }
    if let finding = byEnvironment(device, driver, host) {
      guard let plain = driver.withoutEnvironment, !plain.works else { return [finding] }
      // What is to be done behind it.
      var other = DriverReport()
      (other.name, other.file, other.fileExists, other.failure) = (
        plain.name, plain.file, plain.fileExists, plain.failure
      )
      var cleared = host
      for name in variables { cleared.environment[name] = nil }
      return [finding] + fails(device, other, cleared)
    }
    return [driver.isMissing ? missing(device, driver, host) : startFails(device, driver, host)]
  }

  /// The variables by which libva takes another driver.
  private static let variables = ["LIBVA_DRIVER_NAME", "LIBVA_DRIVERS_PATH"]

  /// The environment is to blame: another driver works without it, or it names what is not there, and what libva itself
  /// would not look for.
  private static func byEnvironment(
    _ device: DeviceReport, _ driver: DriverReport, _ host: HostReport
  ) -> Finding? {
    let set = variables.filter { host.environment[$0] != nil }
    guard !set.isEmpty else { return nil }
    let namesAnother = host.environment["LIBVA_DRIVER_NAME"].map { !driver.candidates.contains($0) } ?? false
    let namesEmptyFolder = host.environment["LIBVA_DRIVERS_PATH"] != nil && host.installedDrivers.isEmpty
    let isWrong = driver.isMissing && (namesAnother || namesEmptyFolder)
    guard isWrong || driver.withoutEnvironment?.works == true else { return nil }
    let settings = set.map { "\($0)=\(host.environment[$0] ?? "")" }.joined(separator: " ")
    let plain = driver.withoutEnvironment.map { plain in
      plain.works
        ? "; without it \(plain.vendor ?? plain.name ?? "the driver") works"
        : "; without it \(plain.failure?.message ?? "no driver starts")"
    }
    return Finding(
      .driverMissingByEnvironment, .error, device: device.path,
      cause: "\(settings) in the environment makes libva look for \(driver.file ?? driver.name ?? "no name"), which "
        + (driver.isMissing ? "is not there" : "does not start") + (plain ?? ""),
      cure: "unset it, or set it to a driver that is installed"
        + (host.installedDrivers.isEmpty ? "" : " (\(host.installedDrivers.names))"),
      commands: ["unset " + set.joined(separator: " ")])
  }

  private static func missing(_ device: DeviceReport, _ driver: DriverReport, _ host: HostReport) -> Finding {
    if Kernel.isNVIDIA(device.kernelDriver) {
      var remedy = Packages.install([.nvidia], host)
      remedy.words += ": nvidia-vaapi-driver, which decodes by NVDEC"
      return Finding(
        .nvidiaWithoutShim, .error, device: device.path,
        cause: "NVIDIA's driver has no VA-API of its own, and \(driver.file ?? "nvidia_drv_video.so") is not there",
        remedy)
    }
    if Kernel.hasNoVADriver(device.kernelDriver) {
      return Finding(
        .noDecoder, .warning, device: device.path,
        cause: "\(device.title) decodes nothing by VA-API: there is no VA driver for \(device.kernelDriver ?? "it")",
        cure: "use another device, or software; what decodes beside it, as on many boards, is a device of V4L2")
    }
    let looked = driver.file ?? "a driver for \(device.kernelDriver ?? "this device")"
    return Finding(
      .driverMissing, .error, device: device.path, cause: "libva looks for \(looked), which is not there",
      Packages.install(VADriver.of(device.kernelDriver, host), host))
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
        commands: Packages.install(VADriver.of(device.kernelDriver, host), host).commands)
    }
    if told.contains("cannot open shared object") || told.contains("undefined symbol") {
      return Finding(
        .driverFails, .error, device: device.path,
        cause:
          "\(file) cannot be loaded: \(driver.messages.last { $0.contains("shared object") || $0.contains("symbol") } ?? "")",
        cure: "install what it is linked to; it may be of another distribution", commands: ["ldd \(file)"])
    }
    if Kernel.isNVIDIA(device.kernelDriver), host.nvidiaModeset == false {
      return Finding(
        .nvidiaWithoutModeset, .error, device: device.path,
        cause: "\(file) does not start: NVIDIA's kernel driver does not set modes (nvidia-drm.modeset=0)",
        cure: "load nvidia-drm with modeset=1, and start the machine again",
        commands: [
          "echo 'options nvidia-drm modeset=1' | sudo tee /etc/modprobe.d/nvidia-drm.conf",
          "sudo update-initramfs -u || sudo dracut --force",
        ])
    }
    if refuses(driver, failure), let remedy = otherDriver(device, driver, host) {
      return Finding(
        .driverTooOld, .error, device: device.path,
        cause:
          "\(file) does not take this device (\(device.title)), which is too new for it, or too old: \(failure.message)",
        remedy)
    }
    // libva says so of nodes that it cannot place, before it looks at any file.
    if !driver.messages.isEmpty, !told.contains("Trying to open "), !told.contains("init failed") {
      return Finding(
        .driverFails, .error, device: device.path,
        cause: "libva looked for no driver of \(device.title): \(driver.messages.last ?? failure.message)",
        cure: "name a render node, and look for messages of the GPU",
        commands: ["ls -l /dev/dri", "sudo dmesg | tail -50"])
    }
    return Finding(
      .driverFails, .error, device: device.path,
      cause:
        "\(file) does not start: \(failure.message)\(failure.call.map { " in \($0)" } ?? "")\(failure.status.map { ", \($0)" } ?? "")",
      cure: "look for messages of the GPU, and for a driver that fits the device", commands: ["sudo dmesg | tail -50"])
  }

  /// The driver was loaded, and refused the device: "unknown" alone libva also says where it loaded none.
  private static func refuses(_ driver: DriverReport, _ failure: StepFailure) -> Bool {
    let isRefused = driver.messages.contains { $0.hasSuffix("init failed") && $0.contains(driver.file ?? "") }
    return isRefused && failure.status == "VA_STATUS_ERROR_UNKNOWN"
      || driver.messages.contains { $0.contains("nsupported device") }
  }

  /// Which driver takes the device instead.
  private static func otherDriver(_ device: DeviceReport, _ driver: DriverReport, _ host: HostReport) -> Remedy? {
    var remedy: Remedy
    switch (VADriver.of(device.kernelDriver, host), driver.name) {
    case ([.intel], "i965"):
      remedy = Packages.install([.intel], host)
      remedy.words += ": Intel's GPUs since 2019 need iHD, not i965"
    case ([.intel], _):
      remedy = Packages.install([.intel, .oldIntel], host)
      remedy.words +=
        ": a newer iHD (backports, or Intel's packages) for a newer GPU; i965 for GPUs before Broadwell (2014), which iHD does not know"
    case ([.mesa], _):
      remedy = Packages.install([.mesa], host)
      remedy.words += ": a newer Mesa (backports, or the vendor's packages) for a newer GPU"
    default: return nil
    }
    return remedy
  }

  private static func isNewer(_ driver: String?, than libva: String?) -> Bool {
    func numbers(_ text: String?) -> [Int] { (text ?? "").split(separator: ".").compactMap { Int($0) } }
    let (one, other) = (numbers(driver), numbers(libva))
    guard one.count >= 2, other.count >= 2 else { return false }
    return (one[0], one[1]) > (other[0], other[1])
  }
}

extension DriverReport {
  /// None of the files that libva looked for is there.
  fileprivate var isMissing: Bool { fileExists == false || file == nil }
}
