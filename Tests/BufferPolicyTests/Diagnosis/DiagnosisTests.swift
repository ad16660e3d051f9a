import FrameModel
import Testing

@testable import BufferPolicy

/// A machine in words.
private struct Machine {
  var facts = Capabilities(version: "test", host: HostReport())

  init(container: String? = nil, distribution: String = "debian", adapters: [HostReport.Adapter] = []) {
    facts.host.distribution = distribution
    facts.host.container = container
    facts.host.adapters = adapters
    facts.host.hasDisplay = true
    facts.host.user = HostReport.Account(id: 1000, name: "ann")
    facts.host.groups = [.init(id: 1000, name: "ann"), .init(id: 27, name: "sudo")]
    facts.host.hasDRIFolder = true
  }

  var findings: [Finding] { Diagnosis.findings(facts) }
  var codes: [String] { findings.map(\.code.rawValue) }
  func finding(_ code: Finding.Code) -> Finding? { findings.first { $0.code == code } }
}

extension DeviceReport {
  fileprivate static func node(
    _ number: Int = 128, vendor: Int? = 0x8086, isOpenable: Bool = true, mode: String = "0660",
    group: HostReport.Account = .init(id: 993, name: "render"), driver: DriverReport? = .working()
  ) -> DeviceReport {
    var device = DeviceReport(path: "/dev/dri/renderD\(number)")
    device.renderNode = device.path
    device.vendorID = vendor
    device.access = Access(
      mode: mode, owner: .init(id: 0, name: "root"), group: group, isOpenable: isOpenable,
      reason: isOpenable ? nil : "Permission denied")
    device.driver = isOpenable ? driver : nil
    return device
  }
}

extension DriverReport {
  fileprivate static func working(_ name: String = "iHD") -> DriverReport {
    var driver = DriverReport()
    driver.name = name
    driver.works = true
    driver.vendor = "\(name) driver"
    return driver
  }

  fileprivate static func failing(
    _ name: String = "iHD", exists: Bool = true, status: String = "VA_STATUS_ERROR_OPERATION_FAILED",
    messages: [String] = [], kind: StepFailure.Kind = .failed
  ) -> DriverReport {
    var driver = DriverReport()
    driver.name = name
    driver.file = "/usr/lib/x86_64-linux-gnu/dri/\(name)_drv_video.so"
    driver.fileExists = exists
    driver.messages = messages
    driver.failure = StepFailure(kind, call: "vaInitialize", status: status, message: "it failed")
    return driver
  }
}

private let intel = HostReport.Adapter(
  address: "0000:00:02.0", vendorID: 0x8086, deviceID: 0x46a6, kernelDriver: "i915", hasNode: false)

@Suite struct DiagnosisTests {
  @Test(arguments: [
    ("docker", "docker run --device /dev/dri"), ("podman", "keep-groups"), ("kubernetes", "gpu.intel.com/i915"),
    ("lxc", "lxc config device add"), ("systemd-nspawn", "--bind=/dev/dri"),
  ])
  func withoutNodesAContainerIsToldHowToGetThem(kind: String, command: String) throws {
    let finding = try #require(Machine(container: kind).finding(.noRenderNode))
    #expect(finding.severity == .error && finding.cause.contains(kind))
    #expect(finding.commands.contains { $0.contains(command) })
  }

  @Test func withoutNodesAMachineIsToldWhy() throws {
    let none = try #require(Machine().finding(.noRenderNode))
    #expect(none.cause.contains("no GPU") && none.commands.isEmpty)
    let hidden = Machine(adapters: [intel])
    #expect(try #require(hidden.finding(.noRenderNode)).commands.contains { $0.contains("dmesg") })
    #expect(try #require(hidden.finding(.kernelDriverWithoutNode)).cause.contains("i915"))
  }

  @Test func aGPUWithoutAKernelDriverIsFound() throws {
    var adapter = intel
    adapter.kernelDriver = nil
    let finding = try #require(Machine(adapters: [adapter]).finding(.noKernelDriver))
    #expect(finding.commands == ["sudo modprobe i915"])
    // What draws a server's console decodes nothing.
    adapter.vendorID = 0x102b
    #expect(Machine(adapters: [adapter]).finding(.noKernelDriver) == nil)
  }

  @Test func aDeniedNodeNamesUserGroupAndCommand() throws {
    var machine = Machine()
    machine.facts.devices = [.node(isOpenable: false)]
    let denied = try #require(machine.finding(.nodeDenied))
    #expect(denied.commands == ["sudo usermod -aG render ann"])
    #expect(denied.cause.contains("ann (1000)") && denied.cause.contains("render (993)"))

    machine.facts.devices = [.node(isOpenable: false, group: .init(id: 993))]
    #expect(try #require(machine.finding(.nodeDenied)).commands.first == "sudo groupadd -g 993 render-host")

    machine.facts.devices = [.node(isOpenable: false, mode: "0600")]
    #expect(try #require(machine.finding(.nodeDenied)).cause.contains("its group may not use it"))

    machine.facts.host.container = "docker"
    machine.facts.devices = [.node(isOpenable: false)]
    #expect(try #require(machine.finding(.nodeDenied)).commands == ["docker run --device /dev/dri --group-add 993 ..."])
  }

  @Test func aMemberOfTheGroupIsDeniedBySomethingElse() throws {
    var machine = Machine()
    machine.facts.host.groups.append(.init(id: 993, name: "render"))
    machine.facts.devices = [.node(isOpenable: false)]
    #expect(try #require(machine.finding(.nodeDenied)).cure.contains("DeviceAllow"))
  }

  @Test func aUserWithoutGroupsIsFound() {
    var machine = Machine()
    machine.facts.host.groups = [.init(id: 1000, name: "ann")]
    machine.facts.devices = [.node(isOpenable: false)]
    #expect(machine.finding(.userWithoutGroups)?.severity == .warning)
    machine.facts.devices = [.node()]
    #expect(machine.finding(.userWithoutGroups) == nil)
  }

  @Test(arguments: [
    ("debian", 0x8086, "apt install intel-media-va-driver"), ("ubuntu", 0x1002, "apt install mesa-va-drivers"),
    ("fedora", 0x8086, "dnf install libva-intel-media-driver"), ("arch", 0x1002, "pacman -S libva-mesa-driver"),
    ("debian", 0x1af4, "apt install mesa-va-drivers"),
  ])
  func aMissingDriverNamesThePackage(distribution: String, vendor: Int, command: String) throws {
    var machine = Machine(distribution: distribution)
    machine.facts.devices = [.node(vendor: vendor, driver: .failing(exists: false))]
    let finding = try #require(machine.finding(.driverMissing))
    #expect(finding.commands.contains { $0.contains(command) }, "\(finding.commands)")
  }

  @Test func aDerivedDistributionTakesThePackagesOfItsParent() throws {
    var machine = Machine(distribution: "linuxmint")
    machine.facts.host.distributionLike = ["ubuntu", "debian"]
    machine.facts.devices = [.node(vendor: 0x1002, driver: .failing(exists: false))]
    #expect(try #require(machine.finding(.driverMissing)).commands == ["sudo apt install mesa-va-drivers"])
  }

  @Test func aDriverNamedByTheEnvironmentIsBlamedOnIt() throws {
    var machine = Machine()
    machine.facts.host.environment = ["LIBVA_DRIVER_NAME": "nonsense"]
    var driver = DriverReport.failing("nonsense", exists: false)
    driver.source = .environment
    driver.withoutEnvironment = .init(works: true, name: "iHD", file: nil, vendor: "Intel iHD driver")
    machine.facts.devices = [.node(driver: driver)]
    let finding = try #require(machine.finding(.driverMissingByEnvironment))
    #expect(finding.cause.contains("LIBVA_DRIVER_NAME=nonsense"))
    #expect(finding.cause.contains("without it Intel iHD driver works"))
    #expect(finding.commands == ["unset LIBVA_DRIVER_NAME"])
    #expect(machine.finding(.driverMissing) == nil)
  }

  @Test func aDriverChangedByTheEnvironmentIsSaid() {
    var machine = Machine()
    var driver = DriverReport.working("i965")
    driver.source = .environment
    driver.withoutEnvironment = .init(works: true, name: "iHD", file: nil)
    machine.facts.devices = [.node(driver: driver)]
    #expect(machine.finding(.driverChangedByEnvironment)?.severity == .info)
  }

  @Test func driversThatDoNotStartAreToldApart() {
    func code(_ driver: DriverReport, vendor: Int? = 0x8086) -> [String] {
      var machine = Machine()
      machine.facts.devices = [.node(vendor: vendor, driver: driver)]
      return machine.codes
    }
    #expect(code(.failing()) == ["driver-fails"])
    #expect(code(.failing(status: "VA_STATUS_ERROR_UNKNOWN")) == ["driver-too-old"])
    #expect(code(.failing("i965", status: "VA_STATUS_ERROR_UNKNOWN")) == ["driver-too-old"])
    #expect(
      code(.failing(messages: ["/x_drv_video.so has no function __vaDriverInit_1_0"])) == ["libva-driver-mismatch"])
    #expect(code(.failing(messages: ["dlopen: libigdgmm.so.12: cannot open shared object file"])) == ["driver-fails"])
    #expect(code(.failing(kind: .crashed)) == ["driver-crashes"])
    #expect(code(.failing(kind: .timedOut)) == ["driver-hangs"])
    #expect(code(.failing("nvidia", exists: false), vendor: 0x10de) == ["nvidia-without-shim"])
    var newer = DriverReport.failing()
    (newer.apiVersion, newer.driverAPIVersion) = ("1.17.0", "1.22")
    #expect(code(newer) == ["libva-driver-mismatch"])
    var other = DriverReport()
    other.failure = StepFailure(.failed, call: "vaGetDisplayDRM", message: "not a DRM node")
    #expect(code(other, vendor: nil) == ["no-decoder"])
  }

  @Test func nvidiaWithoutModesetIsFound() {
    var machine = Machine(adapters: [
      .init(address: "0000:01:00.0", vendorID: 0x10de, deviceID: 0x2684, kernelDriver: "nvidia")
    ])
    machine.facts.host.nvidiaModeset = false
    #expect(machine.codes.contains("nvidia-without-modeset"))
    machine.facts.host.nvidiaModeset = true
    #expect(!machine.codes.contains("nvidia-without-modeset"))
  }

  @Test func buildsWithoutPatentedCodecsAreFound() throws {
    var machine = Machine(distribution: "fedora")
    var device = DeviceReport.node(vendor: 0x1002, driver: .working("radeonsi"))
    device.claims = Claims()
    device.claims?.profiles = ["VAProfileVP9Profile0", "VAProfileJPEGBaseline"].map {
      .init(profile: $0, entrypoint: "VAEntrypointVLD")
    }
    machine.facts.devices = [device]
    let finding = try #require(machine.finding(.profilesRestricted))
    #expect(finding.commands.contains { $0.contains("mesa-va-drivers-freeworld") })
    machine.facts.devices[0].claims?.profiles.append(.init(profile: "VAProfileH264High", entrypoint: "VAEntrypointVLD"))
    #expect(machine.finding(.profilesRestricted) == nil)
  }

  @Test func aDeviceThatDecodesNothingIsSaid() {
    var machine = Machine()
    machine.facts.devices = [.node()]
    machine.facts.devices[0].claims = Claims()
    #expect(machine.codes == ["no-decoder"])
  }

  @Test(arguments: [
    (Evidence.Verdict.differs, "wrong-pictures"), (.fails, "decoding-fails"), (.crashed, "driver-crashes"),
    (.timedOut, "driver-hangs"),
  ])
  func evidenceBecomesAFinding(verdict: Evidence.Verdict, code: String) throws {
    var machine = Machine()
    machine.facts.devices = [.node()]
    machine.facts.devices[0].evidence = [.row("hevc", "main10", verdict), .row("h264", "high", .exact)]
    #expect(machine.codes == [code])
    #expect(try #require(machine.findings.first).cause.contains("hevc-main10-1080p"))
  }

  @Test func questionsThatTheDriverDoesNotSurviveAreFindings() {
    var machine = Machine()
    machine.facts.devices = [.node()]
    var claims = Claims()
    claims.profiles = [.init(profile: "VAProfileH264High", entrypoint: "VAEntrypointVLD")]
    claims.exports = [.init(format: "NV12", layers: "composed", works: false)]
    claims.exports[0].failure = StepFailure(.failed, message: "not supported")
    machine.facts.devices[0].claims = claims
    #expect(machine.codes.isEmpty)
    machine.facts.devices[0].claims?.exports[0].failure = StepFailure(.crashed, signal: "SIGSEGV", message: "SIGSEGV")
    #expect(machine.codes == ["driver-crashes"])
    machine.facts.devices[0].claims?.failure = StepFailure(.timedOut, message: "no answer")
    #expect(machine.codes.sorted() == ["driver-crashes", "driver-hangs"])
  }

  @Test func whatIsFineIsNoFinding() {
    var machine = Machine()
    machine.facts.devices = [.node()]
    machine.facts.devices[0].evidence = [.row("h264", "high", .exact), .row("av1", "main", .notOffered)]
    machine.facts.software = SoftwareReport(codecs: [.init(codec: "h264", decoders: ["h264"])])
    #expect(machine.codes.isEmpty)
  }

  @Test func aBetterSecondDeviceIsSaid() throws {
    var machine = Machine()
    var (first, second) = (DeviceReport.node(128), DeviceReport.node(129))
    first.evidence = [.row("h264", "high", .exact)]
    second.evidence = [.row("h264", "high", .exact), .row("hevc", "main", .exact)]
    machine.facts.devices = [first, second]
    machine.facts.choose()
    #expect(machine.facts.devices.map(\.isChosen) == [false, true])
    #expect(try #require(machine.finding(.betterDevice)).device == "/dev/dri/renderD129")
  }

  @Test func theWorstComesFirst() {
    var machine = Machine()
    machine.facts.host.hasDisplay = false
    machine.facts.devices = [.node(), .node(129, isOpenable: false)]
    machine.facts.devices[0].evidence = [.row("vp9", "profile0", .fails)]
    #expect(machine.findings.map(\.severity) == [.error, .warning, .info])
  }

  @Test func softwareIsLookedAtToo() {
    var machine = Machine()
    machine.facts.devices = [.node()]
    machine.facts.software = SoftwareReport(
      codecs: [.init(codec: "hevc", decoders: [])], evidence: [.row("h264", "high", .differs)])
    #expect(machine.codes == ["software-fails", "codec-not-in-ffmpeg"])
  }
}

extension Evidence {
  fileprivate static func row(_ codec: String, _ profile: String, _ verdict: Verdict) -> Evidence {
    Evidence(
      clip: "\(codec)-\(profile)-1080p", codec: codec, profile: profile, width: 1920, height: 1080, bitDepth: 8,
      verdict: verdict)
  }
}
