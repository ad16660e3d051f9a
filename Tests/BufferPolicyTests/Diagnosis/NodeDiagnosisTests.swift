import FrameModel
import Testing

@testable import BufferPolicy

private let intel = HostReport.Adapter(
  address: "0000:00:02.0", vendorID: 0x8086, deviceID: 0x46a6, kernelDriver: "i915", hasNode: false)

/// Nodes that are missing, and nodes that cannot be opened.
@Suite struct NodeDiagnosisTests {
  @Test(arguments: [
    ("docker", "docker run --device /dev/dri"), ("podman", "keep-groups"), ("kubernetes", "gpu.intel.com/i915"),
    ("lxc", "lxc config device add"), ("systemd-nspawn", "--bind=/dev/dri"),
  ])
  func withoutNodesAContainerIsToldHowToGetThem(kind: String, command: String) throws {
    let finding = try #require(Machine(container: kind).finding(.noRenderNode))
    #expect(finding.severity == .error && finding.cause.contains(kind))
    #expect(finding.examples.contains { $0.contains(command) } && finding.commands.isEmpty)
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
    #expect(try #require(machine.finding(.nodeDenied)).cure.contains("udev rule"))

    machine.facts.host.container = "docker"
    machine.facts.devices = [.node(isOpenable: false)]
    #expect(try #require(machine.finding(.nodeDenied)).examples == ["docker run --device /dev/dri --group-add 993 ..."])
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

  @Test func aNodeThatWasNamedIsSaidToBeMissingByWhoNamedIt() throws {
    var machine = Machine(container: "docker", adapters: [intel])
    machine.named = .init(path: "/dev/dri/renderD199", origin: "VABUF_DEVICE")
    machine.facts.devices = [DeviceReport(path: "/dev/dri/renderD199")]
    let finding = try #require(machine.finding(.noRenderNode))
    #expect(finding.cause == "there is no /dev/dri/renderD199, which VABUF_DEVICE names")
    #expect(finding.device == "/dev/dri/renderD199" && finding.examples.isEmpty)
    // A relative path is named too.
    machine.named = .init(path: "renderD128", origin: "--device")
    #expect(try #require(machine.finding(.noRenderNode)).cause.contains("renderD128, which --device names"))
  }

  @Test func aCardThatWasNamedIsThereAndDecodesNothing() {
    var machine = Machine()
    var card = DeviceReport.node()
    (card.path, card.renderNode, card.cardNode) = ("/dev/dri/card0", nil, "/dev/dri/card0")
    machine.facts.devices = [card]
    machine.named = .init(path: "/dev/dri/card0", origin: "--device")
    #expect(machine.codes == ["no-decoder"])
  }

  @Test func nodesOfSysAloneWereNamedByNobody() throws {
    var machine = Machine(container: "docker", adapters: [intel])
    // The container has /sys of the host, and an empty /dev/dri.
    machine.facts.devices = [.node()]
    machine.facts.devices[0].access = nil
    let finding = try #require(machine.finding(.noRenderNode))
    #expect(finding.device == nil && finding.cause.contains("in this container (docker)"))
    #expect(finding.examples.contains { $0.contains("docker run --device /dev/dri") })
  }

  @Test(arguments: ["ENXIO", "ENODEV", "EIO"]) func aNodeThatLeadsNowhereIsNotAboutRights(error: String) throws {
    for container in [nil, "docker"] {
      var machine = Machine(container: container)
      machine.facts.host.groups = [.init(id: 1000, name: "ann")]
      machine.facts.devices = [.node(isOpenable: false, error: error)]
      #expect(machine.codes == ["node-unusable"])
      #expect(try #require(machine.findings.first).commands.contains("ls -l /dev/dri/renderD128"))
    }
  }

  @Test func nobodyJoinsTheGroupOfRoot() throws {
    var machine = Machine()
    machine.facts.devices = [.node(isOpenable: false, group: .init(id: 0, name: "root"))]
    let finding = try #require(machine.finding(.nodeDenied))
    #expect(!finding.commands.contains { $0.contains("usermod") } && finding.commands[0].contains("udev"))
  }

  @Test func rootIsDeniedByDeviceRules() throws {
    var machine = Machine(container: "docker")
    machine.facts.host.user = .init(id: 0, name: "root")
    machine.facts.devices = [.node(isOpenable: false, error: "EPERM")]
    let finding = try #require(machine.finding(.nodeDenied))
    #expect(finding.cure.contains("device rules") && finding.examples[0].contains("--device /dev/dri"))
    machine.facts.host.container = nil
    #expect(try #require(machine.finding(.nodeDenied)).cure.contains("DeviceAllow"))
  }

  @Test func aNodeThatIsOpenToAllIsDeniedBySomethingElse() throws {
    var machine = Machine()
    machine.facts.devices = [.node(isOpenable: false, mode: "0666")]
    let finding = try #require(machine.finding(.nodeDenied))
    #expect(finding.cure.contains("sandbox") && finding.commands.isEmpty)
  }

  @Test func aCardThatIsDeniedIsNobodysLoss() {
    var machine = Machine()
    machine.facts.host.groups = [.init(id: 1000, name: "ann")]
    var card = DeviceReport.node(isOpenable: false)
    (card.path, card.renderNode, card.cardNode) = ("/dev/dri/card0", nil, "/dev/dri/card0")
    machine.facts.devices = [.node(129), card]
    #expect(machine.codes.isEmpty)
  }
}
