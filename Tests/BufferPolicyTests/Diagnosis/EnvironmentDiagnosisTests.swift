import FrameModel
import Testing

@testable import BufferPolicy

/// What the environment is to blame for, and what not.
@Suite struct EnvironmentDiagnosisTests {
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

  private func machine(
    _ environment: [String: String], _ driver: DriverReport, plain: DriverReport.Plain, installed: [String] = []
  ) -> Machine {
    var machine = Machine()
    machine.facts.host.environment = environment
    machine.facts.host.installedDrivers = installed.map { .init(name: $0, path: "/x/\($0)_drv_video.so") }
    var driver = driver
    driver.source = environment["LIBVA_DRIVER_NAME"] == nil ? .libva : .environment
    driver.withoutEnvironment = plain
    machine.facts.devices = [.node(driver: driver)]
    return machine
  }

  private let missing = DriverReport.Plain(
    works: false, name: "iHD", file: "/usr/lib/x86_64-linux-gnu/dri/iHD_drv_video.so", fileExists: false,
    failure: StepFailure(.failed, call: "vaInitialize", status: "VA_STATUS_ERROR_UNKNOWN", message: "no driver"))

  @Test func theRightNameIsNotBlamedForAMissingPackage() throws {
    let machine = machine(["LIBVA_DRIVER_NAME": "iHD"], .failing("iHD", exists: false), plain: missing)
    #expect(machine.codes == ["driver-missing"])
    #expect(try #require(machine.findings.first).commands == ["sudo apt install intel-media-va-driver"])
  }

  @Test func aWrongNameIsBlamedAndThePackageIsNamedToo() throws {
    let machine = machine(["LIBVA_DRIVER_NAME": "nonsense"], .failing("nonsense", exists: false), plain: missing)
    #expect(machine.codes == ["driver-missing-by-environment", "driver-missing"])
    #expect(try #require(machine.findings.last).commands == ["sudo apt install intel-media-va-driver"])
  }

  @Test func variablesThatNameNoDriverAreNotBlamed() {
    let machine = machine(
      ["LIBVA_DRM_DEVICE": "/dev/dri/renderD128"], .failing("iHD", exists: false), plain: missing)
    #expect(machine.codes == ["driver-missing"])
  }

  @Test func aFolderWithoutDriversIsBlamed() {
    let variables = ["LIBVA_DRIVERS_PATH": "/nowhere"]
    #expect(
      machine(variables, .failing("iHD", exists: false), plain: missing).codes
        == ["driver-missing-by-environment", "driver-missing"])
    // One that has others is meant: the package is missing in it.
    #expect(
      machine(variables, .failing("iHD", exists: false), plain: missing, installed: ["radeonsi"]).codes
        == ["driver-missing"])
  }

  @Test func variablesOfVabufAreSaid() {
    func causes(_ environment: [String: String]) -> [String] {
      var machine = Machine()
      machine.facts.host.environment = environment
      machine.facts.devices = [.node()]
      return machine.findings.filter { $0.code == .changedByEnvironment && $0.severity == .info }.map(\.cause)
    }
    #expect(causes(["VABUF_BACKEND": "software"]).first?.contains("uses no device") == true)
    #expect(causes(["VABUF_BACKEND": "nonsense"]).first?.contains("none of auto") == true)
    #expect(causes(["VABUF_DEVICE": "/dev/dri/renderD129"]).first?.contains("no device but") == true)
    #expect(causes(["VABUF_BACKEND": "auto"]).isEmpty && causes([:]).isEmpty)
  }
}
