internal import BufferPolicy
internal import Decoding
internal import Dispatch
public import FrameModel
internal import SystemPackage

/// Finds out what this machine really decodes: reads what the system and the drivers say, decodes clips of its own and
/// compares the pictures, and names what is in the way.
///
/// ```swift
/// var options = Probe.Options()
/// options.worker = ["/usr/local/bin/vabuf", "probe-worker"]
/// let capabilities = try await Probe.run(options)
/// ```
public enum Probe {
  /// How to probe.
  public struct Options: Sendable {
    /// The program that examines devices, and its first arguments: `vabuf probe-worker`, or one that calls
    /// `ProbeWorker.run` with its last argument. Empty examines nothing that is not remembered: no driver is loaded.
    public var worker: [String] = []
    /// The node to look at; nil looks at all.
    public var device: String?
    /// Decode the clips; else only claims are read.
    public var decodes = true
    /// Measure again what is remembered.
    public var refreshes = false
    /// Keep the answers in the user's cache folder, and use those that are there.
    public var remembers = true
    /// Decode only the clips whose names begin so, as `h264` or `hevc-main10-2160p`; empty decodes all. A part is not
    /// remembered, nor taken from what is.
    public var clips: [String] = []
    /// How long nothing may come of a step, as of a clip, before it counts as hung; the whole step may take six times as
    /// long.
    public var stepLimit = Duration.seconds(10)
    /// Where the system is, for tests: a folder with `sys`, `dev`, `proc` and `etc`. No driver is loaded elsewhere than
    /// in `/`.
    public var root = "/"
    /// What the examining processes write to standard error is shown.
    public var showsErrors = false
    /// Called when something begins: what it is, and how much is done, from 0 to 1.
    public var progress: (@Sendable (String, Double) -> Void)?

    /// The defaults.
    public init() {}
  }

  /// Looks at the machine. Takes some seconds where much is to be decoded, and a moment where all is remembered.
  ///
  /// - Throws: `CancellationError` only.
  public static func run(_ options: Options = Options()) async throws -> Capabilities {
    let cancel = CancelFlag()
    let capabilities = await withTaskCancellationHandler {
      await blocking { ProbeRun(options, cancel).run() }
    } onCancel: {
      cancel.raise()
    }
    if cancel.isRaised { throw CancellationError() }
    return capabilities
  }
}

extension Probe {
  /// What is remembered of a node, for a stream. Opens no device, and never waits for a probe.
  static func remembered(_ path: String, _ stream: StreamDescription) -> DeviceAdvice {
    guard let store = ProbeStore.ofUser(root: "/", environment: HostFacts.environment),
      let facts = DeviceFacts.read(root: "/", path: path, namesModels: false).first, let known = store.load(facts)
    else { return .unknown }
    return DeviceAdvice(known.evidence, for: stream)
  }
}

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
    capabilities.findings = Diagnosis.findings(capabilities)
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
    if !host.isEmpty { report.driver?.withoutEnvironment = withoutEnvironment(device) }
    if options.decodes { save { try store?.save(report) } }
    return report
  }

  /// The variables of libva that are set.
  private var host: [String: String] {
    environment.filter { ["LIBVA_DRIVER_NAME", "LIBVA_DRIVERS_PATH"].contains($0.key) && !$0.value.isEmpty }
  }

  /// What the driver does where no variable says which one it is.
  private func withoutEnvironment(_ device: DeviceReport) -> DriverReport.Plain {
    let plain = environment.filter { host[$0.key] == nil }
    var report = device
    report.driver = device.expectedDriver(root: options.root, environment: plain)
    var work = Examination(options, plain, device: device.path, cancel)
    work.onlyStarts = true
    work.run(&report)
    let driver = report.driver ?? DriverReport()
    return DriverReport.Plain(
      works: driver.works, name: driver.name, file: driver.file, vendor: driver.vendor, failure: driver.failure)
  }

  // MARK: - Software

  private func software(progress: (Double, Double)) -> SoftwareReport {
    let codecs = Codecs.all.map { SoftwareReport.Codec(codec: $0, decoders: SoftwareDecoders.names(of: $0)) }
    if !options.refreshes, let known = store?.loadSoftware() { return known }
    var report = SoftwareReport(codecs: codecs)
    guard options.decodes, !options.worker.isEmpty else { return report }
    var work = Examination(options, environment, device: nil, cancel)
    work.progress = progress
    var stand = DeviceReport(path: "")
    work.run(&stand)
    report.evidence = stand.evidence
    save { try store?.save(report) }
    return report
  }

  // Where the folder cannot be written, the next run measures again.
  private func save(_ body: () throws -> Void) {
    guard !cancel.isRaised else { return }
    try? body()
  }
}

extension ProbeStore {
  /// The store of this user; nil where no cache folder is known.
  static func ofUser(root: String, environment: [String: String]) -> ProbeStore? {
    IndexStore.userFolder(environment: environment).map {
      ProbeStore(
        folder: $0, root: root, environment: environment, version: VABufVersions.vabuf,
        clips: EvidenceClip.all.map(\.name))
    }
  }
}

/// The codecs that the clips cover.
enum Codecs {
  static let all = ["h264", "hevc", "av1", "vp9", "vp8", "mpeg2video", "mjpeg"]
}
