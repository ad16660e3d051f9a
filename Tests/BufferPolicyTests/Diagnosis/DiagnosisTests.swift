import FrameModel
import Testing

@testable import BufferPolicy

/// A machine in words.
struct Machine {
  var facts = Capabilities(version: "test", host: HostReport())
  var named: Diagnosis.NamedNode?

  init(container: String? = nil, distribution: String = "debian", adapters: [HostReport.Adapter] = []) {
    facts.host.distribution = distribution
    facts.host.container = container
    facts.host.adapters = adapters
    facts.host.architecture = "x86_64"
    facts.host.hasDisplay = true
    facts.host.user = HostReport.Account(id: 1000, name: "ann")
    facts.host.groups = [.init(id: 1000, name: "ann"), .init(id: 27, name: "sudo")]
    facts.host.hasDRIFolder = true
  }

  var findings: [Finding] { Diagnosis.findings(facts, named: named) }
  var codes: [String] { findings.map(\.code.rawValue) }
  func finding(_ code: Finding.Code) -> Finding? { findings.first { $0.code == code } }
}

extension DeviceReport {
  static func node(
    _ number: Int = 128, vendor: Int? = 0x8086, kernelDriver: String? = nil, isOpenable: Bool = true,
    error: String = "EACCES", mode: String = "0660", group: HostReport.Account = .init(id: 993, name: "render"),
    driver: DriverReport? = .working()
  ) -> DeviceReport {
    var device = DeviceReport(path: "/dev/dri/renderD\(number)")
    device.renderNode = device.path
    device.vendorID = vendor
    let usual = [0x8086: "i915", 0x1002: "amdgpu", 0x10de: "nvidia-drm", 0x1af4: "virtio_gpu"]
    device.kernelDriver = kernelDriver ?? vendor.flatMap { usual[$0] }
    device.access = Access(
      mode: mode, owner: .init(id: 0, name: "root"), group: group, isOpenable: isOpenable,
      error: isOpenable ? nil : error, reason: isOpenable ? nil : "Permission denied")
    device.driver = isOpenable ? driver : nil
    return device
  }
}

extension DriverReport {
  static func working(_ name: String = "iHD") -> DriverReport {
    var driver = DriverReport()
    driver.name = name
    driver.works = true
    driver.vendor = "\(name) driver"
    return driver
  }

  static func failing(
    _ name: String = "iHD", exists: Bool = true, status: String = "VA_STATUS_ERROR_OPERATION_FAILED",
    messages: [String] = [], kind: StepFailure.Kind = .failed
  ) -> DriverReport {
    var driver = DriverReport()
    driver.name = name
    driver.candidates = ["iHD", "i965"]
    driver.file = "/usr/lib/x86_64-linux-gnu/dri/\(name)_drv_video.so"
    driver.fileExists = exists
    driver.messages = messages
    driver.failure = StepFailure(kind, call: "vaInitialize", status: status, message: "it failed")
    return driver
  }
}

@Suite struct DiagnosisTests {
  @Test(arguments: [
    ("debian", "i915", "apt install intel-media-va-driver"), ("ubuntu", "amdgpu", "apt install mesa-va-drivers"),
    ("ubuntu", "xe", "apt install intel-media-va-driver-non-free"),
    ("fedora", "i915", "dnf install libva-intel-media-driver"), ("arch", "amdgpu", "pacman -S mesa"),
    ("suse", "radeon", "zypper install Mesa-libva"), ("alpine", "i915", "apk add intel-media-driver"),
    ("debian", "virtio_gpu", "apt install mesa-va-drivers"), ("debian", "nouveau", "apt install mesa-va-drivers"),
    ("debian", "vgem", "apt install intel-media-va-driver mesa-va-drivers"),
  ])
  func aMissingDriverNamesThePackage(distribution: String, kernelDriver: String, command: String) throws {
    var machine = Machine(distribution: distribution)
    // nouveau is of NVIDIA's GPUs too, and nothing of NVIDIA's serves it.
    let vendor = kernelDriver == "nouveau" ? 0x10de : nil
    machine.facts.devices = [.node(vendor: vendor, kernelDriver: kernelDriver, driver: .failing(exists: false))]
    let finding = try #require(machine.finding(.driverMissing))
    #expect(finding.commands == ["sudo " + command])
  }

  @Test func whereThereIsNoPackageThereAreWordsOnly() throws {
    func finding(_ distribution: String, _ kernelDriver: String) -> Finding? {
      var machine = Machine(distribution: distribution)
      machine.facts.devices = [.node(kernelDriver: kernelDriver, driver: .failing(exists: false))]
      return machine.findings.first
    }
    for (distribution, kernelDriver) in [("nixos", "i915"), ("gentoo", "amdgpu"), ("alpine", "nvidia-drm")] {
      let finding = try #require(finding(distribution, kernelDriver))
      #expect(finding.commands.isEmpty && finding.cure.contains("install"), "\(finding)")
    }
    #expect(try #require(finding("opensuse", "nvidia-drm")).commands == ["sudo zypper install libva-nvidia-driver"])
    #expect(try #require(finding("debian", "nvidia-drm")).commands == ["sudo apt install nvidia-vaapi-driver"])
  }

  @Test(arguments: ["v3d", "panfrost", "mgag200"]) func whatHasNoVADriverNeedsNone(kernelDriver: String) {
    var machine = Machine()
    machine.facts.devices = [.node(vendor: nil, kernelDriver: kernelDriver, driver: .failing(exists: false))]
    #expect(machine.codes == ["no-decoder"])
  }

  @Test func onARMNothingOfIntelIsInstalled() throws {
    var machine = Machine()
    machine.facts.host.architecture = "aarch64"
    machine.facts.devices = [.node(vendor: nil, driver: .failing(exists: false))]
    #expect(try #require(machine.finding(.driverMissing)).commands == ["sudo apt install mesa-va-drivers"])
  }

  @Test func aDerivedDistributionTakesThePackagesOfItsParent() throws {
    var machine = Machine(distribution: "linuxmint")
    machine.facts.host.distributionLike = ["ubuntu", "debian"]
    machine.facts.devices = [.node(vendor: 0x1002, driver: .failing(exists: false))]
    #expect(try #require(machine.finding(.driverMissing)).commands == ["sudo apt install mesa-va-drivers"])
  }

  @Test func driversThatDoNotStartAreToldApart() {
    func code(_ driver: DriverReport, vendor: Int? = 0x8086) -> [String] {
      var machine = Machine()
      machine.facts.devices = [.node(vendor: vendor, driver: driver)]
      return machine.codes
    }
    #expect(code(.failing()) == ["driver-fails"])
    func refused(_ name: String) -> DriverReport {
      let file = "/usr/lib/x86_64-linux-gnu/dri/\(name)_drv_video.so"
      return .failing(
        name, status: "VA_STATUS_ERROR_UNKNOWN", messages: ["Trying to open \(file)", "\(file) init failed"])
    }
    #expect(code(refused("iHD")) == ["driver-too-old"] && code(refused("i965")) == ["driver-too-old"])
    #expect(code(refused("radeonsi"), vendor: 0x1002) == ["driver-too-old"])
    // libva says "unknown" too where it tried none.
    #expect(code(.failing(status: "VA_STATUS_ERROR_UNKNOWN")) == ["driver-fails"])
    #expect(
      code(.failing(messages: ["/x_drv_video.so has no function __vaDriverInit_1_0"])) == ["libva-driver-mismatch"])
    #expect(code(.failing(messages: ["dlopen: libigdgmm.so.12: cannot open shared object file"])) == ["driver-fails"])
    #expect(code(.failing(kind: .crashed)) == ["driver-crashes"])
    #expect(code(.failing(kind: .timedOut)) == ["driver-hangs"])
    #expect(code(.failing("nvidia", exists: false), vendor: 0x10de) == ["nvidia-without-shim"])
    var newer = DriverReport.failing()
    (newer.apiVersion, newer.driverAPIVersion) = ("1.17.0", "1.22")
    #expect(code(newer) == ["libva-driver-mismatch"])
    #expect(code(.failing("nouveau", exists: false), vendor: nil) == ["driver-missing"])
    var other = DriverReport()
    other.failure = StepFailure(.failed, call: "vaGetDisplayDRM", message: "not a DRM node")
    #expect(code(other, vendor: nil) == ["no-decoder"])
  }

  @Test func anIHDThatFailsNamesBothDirections() throws {
    var machine = Machine()
    let file = "/usr/lib/x86_64-linux-gnu/dri/iHD_drv_video.so"
    machine.facts.devices = [
      .node(driver: .failing(status: "VA_STATUS_ERROR_UNKNOWN", messages: ["\(file) init failed"]))
    ]
    let finding = try #require(machine.finding(.driverTooOld))
    #expect(finding.cure.contains("newer iHD") && finding.cure.contains("Broadwell"))
    #expect(finding.commands == ["sudo apt install intel-media-va-driver i965-va-driver"])
  }

  @Test func whatLibvaDoesNotTryIsNotBlamed() throws {
    var machine = Machine()
    machine.facts.devices = [
      .node(
        driver: .failing(
          status: "VA_STATUS_ERROR_UNKNOWN", messages: ["vaGetDriverNames() failed with unknown libva error"]))
    ]
    #expect(try #require(machine.finding(.driverFails)).cause.contains("looked for no driver"))
  }

  @Test func nvidiaWithoutModesetIsFound() {
    var machine = Machine()
    machine.facts.devices = [.node(vendor: 0x10de, driver: .failing("nvidia"))]
    machine.facts.host.nvidiaModeset = false
    #expect(machine.codes == ["nvidia-without-modeset"])
    machine.facts.host.nvidiaModeset = true
    #expect(machine.codes == ["driver-fails"])
    machine.facts.host.nvidiaModeset = nil
    #expect(machine.codes == ["driver-fails"])
  }

  @Test func nvidiaWithoutDRMIsFound() throws {
    var machine = Machine(adapters: [
      .init(address: "0000:01:00.0", vendorID: 0x10de, deviceID: 0x2684, kernelDriver: "nvidia")
    ])
    machine.facts.host.modules = ["nvidia"]
    #expect(try #require(machine.finding(.kernelDriverWithoutNode)).commands == ["sudo modprobe nvidia-drm modeset=1"])
    machine.facts.host.modules = ["nvidia", "nvidia_drm"]
    #expect(try #require(machine.finding(.kernelDriverWithoutNode)).commands.isEmpty)
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

  @Test func buildsThatHaveOnlyOldCodecsLeftAreFound() {
    var machine = Machine(distribution: "fedora")
    machine.facts.devices = [.node(vendor: 0x1002, driver: .working("radeonsi"))]
    var claims = Claims()
    claims.profiles = [.init(profile: "VAProfileMPEG2Main", entrypoint: "VAEntrypointVLD")]
    machine.facts.devices[0].claims = claims
    #expect(machine.codes == ["profiles-restricted"])
    claims.profiles = [.init(profile: "VAProfileNone", entrypoint: "VAEntrypointVideoProc")]
    machine.facts.devices[0].claims = claims
    #expect(machine.codes == ["no-decoder", "profiles-restricted"])
  }

  @Test(arguments: [[], ["VAEntrypointVideoProc"], ["VAEntrypointEncSlice", "VAEntrypointVideoProc"]])
  func aDeviceThatDecodesNothingIsSaidAndNotChosen(entrypoints: [String]) {
    var machine = Machine()
    machine.facts.devices = [.node()]
    var claims = Claims()
    claims.profiles = entrypoints.map { .init(profile: "VAProfileNone", entrypoint: $0) }
    machine.facts.devices[0].claims = claims
    machine.facts.choose()
    #expect(machine.codes == ["no-decoder"] && machine.facts.chosenDevice == nil)
    #expect(machine.facts.devices[0].choiceReason == "its driver decodes nothing")
  }

  @Test func claimsThatAreNotCompleteAreSaid() throws {
    var machine = Machine()
    machine.facts.devices = [.node()]
    var claims = Claims()
    claims.profiles = [.init(profile: "VAProfileH264High", entrypoint: "VAEntrypointVLD")]
    claims.profiles.append(.init(profile: "VAProfileHEVCMain", entrypoint: ""))
    claims.profiles[1].failure = StepFailure(
      .failed, call: "vaQueryConfigEntrypoints", status: "VA_STATUS_ERROR_ALLOCATION_FAILED", message: "no memory")
    machine.facts.devices[0].claims = claims
    machine.facts.choose()
    #expect(machine.codes == ["claims-incomplete"] && machine.facts.chosenDevice != nil)
    #expect(try #require(machine.finding(.claimsIncomplete)).cause.contains("vaQueryConfigEntrypoints"))
  }

  @Test func whatWasNotExaminedIsSaid() {
    var machine = Machine()
    machine.facts.devices = [.node(driver: .working())]
    machine.facts.devices[0].obstacle = StepFailure(.failed, call: "posix_spawn", message: "No such file or directory")
    machine.facts.software.obstacle = machine.facts.devices[0].obstacle
    #expect(machine.codes == ["not-examined", "not-examined"])
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
    let finding = try #require(machine.finding(.betterDevice))
    #expect(finding.device == "/dev/dri/renderD129" && finding.commands.isEmpty && finding.examples.count == 1)
  }

  @Test func aSecondDeviceIsBetterAlsoWhereTheFirstIsSlowDeniedOrBroken() {
    func cause(_ first: DeviceReport) -> String? {
      var machine = Machine()
      var second = DeviceReport.node(129)
      second.evidence = [.row("h264", "high", .exact, rate: 100)]
      machine.facts.devices = [first, second]
      machine.facts.choose()
      return machine.finding(.betterDevice)?.cause
    }
    var first = DeviceReport.node(128)
    first.evidence = [.row("h264", "high", .exact, rate: 50)]
    #expect(cause(first)?.contains("decodes faster") == true)
    first.evidence = [.row("h264", "high", .exact, rate: 95)]
    #expect(cause(first) == nil)
    #expect(cause(.node(128, isOpenable: false))?.contains("cannot be opened") == true)
    #expect(cause(.node(128, driver: .failing()))?.contains("does not start") == true)
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
  static func row(_ codec: String, _ profile: String, _ verdict: Verdict, rate: Double? = nil) -> Evidence {
    var row = Evidence(
      clip: "\(codec)-\(profile)-1080p", codec: codec, profile: profile, width: 1920, height: 1080, bitDepth: 8,
      verdict: verdict)
    row.framesPerSecond = rate
    return row
  }
}
