internal import BufferPolicy
internal import Decoding
internal import FrameModel

/// One look at the machine, on a thread that may block.
struct ProbeRun {
  private let options: Probe.Options
  private let environment = HostFacts.environment
  private let store: ProbeStore?
  private let cancel: CancelFlag

  init(_ options: Probe.Options, _ cancel: CancelFlag) {
    self.options = options
    self.cancel = cancel
    store = options.remembers && options.clips.isEmpty ? .ofUser(root: options.root, environment: environment) : nil
  }

  func run() -> Capabilities {
    let host = HostFacts.read(root: options.root, environment: environment)
    var capabilities = Capabilities(version: VABufVersions.vabuf, host: host)
    let devices = DeviceFacts.read(root: options.root, path: options.device)
    capabilities.devices = devices.enumerated().map { index, device in
      examined(device, progress: (Double(index), Double(devices.count + 1)))
    }
    capabilities.software = software(progress: (Double(devices.count), Double(devices.count + 1)))
    capabilities.choose()
    capabilities.findings = Diagnosis.findings(
      capabilities, named: options.device.map { Diagnosis.NamedNode(path: $0, origin: options.deviceOrigin) })
    return capabilities
  }

  // MARK: - Devices

  private func examined(_ device: DeviceReport, progress: (Double, Double)) -> DeviceReport {
    guard device.canRender, let access = device.access, access.isOpenable else { return device }
    if !options.refreshes, let known = store?.load(device), !options.decodes || !known.evidence.isEmpty {
      return known
    }
    var report = device
    report.driver = device.expectedDriver(root: options.root, environment: environment)
    guard !options.worker.isEmpty, options.root == "/" else { return report }
    var work = Examination(options, environment, device: device.path, cancel)
    work.progress = progress
    work.run(&report)
    if !libvaVariables.isEmpty { report.driver?.withoutEnvironment = withoutEnvironment(device) }
    if options.decodes, report.obstacle == nil { save { try store?.save(report) } }
    return report
  }

  /// The variables by which libva takes another driver, where they are set.
  private var libvaVariables: [String: String] {
    environment.filter { ["LIBVA_DRIVER_NAME", "LIBVA_DRIVERS_PATH"].contains($0.key) && !$0.value.isEmpty }
  }

  /// What the driver does where no variable says which one it is; nil where that could not be tried.
  private func withoutEnvironment(_ device: DeviceReport) -> DriverReport.Plain? {
    let plain = environment.filter { libvaVariables[$0.key] == nil }
    var report = device
    report.driver = device.expectedDriver(root: options.root, environment: plain)
    var work = Examination(options, plain, device: device.path, cancel)
    work.onlyStarts = true
    work.run(&report)
    guard report.obstacle == nil, let driver = report.driver else { return nil }
    return DriverReport.Plain(
      works: driver.works, name: driver.name, file: driver.file, fileExists: driver.fileExists, vendor: driver.vendor,
      failure: driver.failure)
  }

  // MARK: - Software

  private func software(progress: (Double, Double)) -> SoftwareReport {
    let codecs = ["h264", "hevc", "av1", "vp9", "vp8", "mpeg2video", "mjpeg"]
    var report = SoftwareReport(
      codecs: codecs.map { SoftwareReport.Codec(codec: $0, decoders: SoftwareDecoders.names(of: $0)) })
    if !options.refreshes, let known = store?.loadSoftware() {
      report.evidence = known
      report.isRemembered = true
      return report
    }
    guard options.decodes, !options.worker.isEmpty else { return report }
    var work = Examination(options, environment, device: nil, cancel)
    work.progress = progress
    var stand = DeviceReport(path: "")
    work.run(&stand)
    (report.evidence, report.obstacle) = (stand.evidence, stand.obstacle)
    if report.obstacle == nil { save { try store?.save(report.evidence) } }
    return report
  }

  // Where the folder cannot be written, the next run measures again.
  private func save(_ body: () throws -> Void) {
    guard !cancel.isRaised else { return }
    try? body()
  }
}
