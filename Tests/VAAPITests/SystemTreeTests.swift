import Foundation
import Testing

@testable import VAAPI

/// A system in a folder, which goes with this object.
final class FakeSystem {
  let root: String
  var tree: SystemTree { SystemTree(root: root) }

  init() throws {
    let temporary = URL(fileURLWithPath: NSTemporaryDirectory()).resolvingSymlinksInPath().path
    root = temporary + "/vabuf-system-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: root) }

  func file(_ path: String, _ text: String = "") throws {
    try folder(String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)]))
    try Data(text.utf8).write(to: URL(fileURLWithPath: root + path))
  }

  func folder(_ path: String) throws {
    try FileManager.default.createDirectory(atPath: root + path, withIntermediateDirectories: true)
  }

  func link(_ path: String, to target: String) throws {
    try folder(String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)]))
    try FileManager.default.createSymbolicLink(atPath: root + path, withDestinationPath: target)
  }

  /// A device on the PCI bus with nodes.
  func pci(_ address: String, vendor: String, device: String, driver: String?, nodes: [String]) throws {
    let folder = "/sys/devices/pci0000:00/\(address)"
    try file(folder + "/vendor", vendor + "\n")
    try file(folder + "/device", device + "\n")
    try file(folder + "/class", "0x030000\n")
    try file(folder + "/uevent", "DRIVER=\(driver ?? "")\nPCI_SLOT_NAME=\(address)\n")
    try link(folder + "/subsystem", to: "../../../bus/pci")
    try link("/sys/bus/pci/devices/\(address)", to: "../../../devices/pci0000:00/\(address)")
    if let driver {
      try self.folder("/sys/bus/pci/drivers/\(driver)")
      try link(folder + "/driver", to: "../../../bus/pci/drivers/\(driver)")
    }
    for node in nodes { try self.node(node, folder) }
  }

  /// A node of a device, in /sys and /dev.
  func node(_ name: String, _ device: String) throws {
    try folder(device + "/drm/\(name)")
    try link(device + "/drm/\(name)/device", to: "../..")
    try link("/sys/class/drm/\(name)", to: "../../.." + device + "/drm/\(name)")
    try file("/dev/dri/\(name)")
  }
}

@Suite struct SystemTreeTests {
  @Test func devicesAreReadFromTheTree() throws {
    let system = try FakeSystem()
    try system.pci("0000:00:02.0", vendor: "0x8086", device: "0x46a6", driver: "i915", nodes: ["card1", "renderD129"])
    try system.pci(
      "0000:01:00.0", vendor: "0x1002", device: "0x744c", driver: "amdgpu", nodes: ["card0", "renderD128"])
    try system.file("/sys/module/amdgpu/version", "6.7\n")
    let nodes = RenderNode.all(in: system.tree)
    #expect(nodes.map(\.path) == ["/dev/dri/renderD128", "/dev/dri/renderD129"])
    #expect(nodes.map(\.cardPath) == ["/dev/dri/card0", "/dev/dri/card1"])
    #expect(nodes.map(\.bus) == [.pci("0000:01:00.0"), .pci("0000:00:02.0")])
    #expect(nodes.map(\.vendorID) == [0x1002, 0x8086] && nodes.map(\.deviceID) == [0x744c, 0x46a6])
    #expect(nodes.map(\.kernelDriver) == ["amdgpu", "i915"] && nodes.map(\.kernelDriverVersion) == ["6.7", nil])
    #expect(nodes.allSatisfy { $0.access?.isOpenable == true && $0.isListed })
  }

  @Test func cardsWithoutARenderNodeComeLast() throws {
    let system = try FakeSystem()
    try system.pci("0000:03:00.0", vendor: "0x102b", device: "0x0538", driver: "mgag200", nodes: ["card0"])
    try system.pci("0000:00:02.0", vendor: "0x8086", device: "0x46a6", driver: "i915", nodes: ["renderD128"])
    let nodes = RenderNode.all(in: system.tree)
    #expect(nodes.map(\.path) == ["/dev/dri/renderD128", "/dev/dri/card0"] && nodes.map(\.canRender) == [true, false])
  }

  @Test func virtualGPUsAreThoseOfTheirParent() throws {
    let system = try FakeSystem()
    try system.pci("0000:00:05.0", vendor: "0x1af4", device: "0x1050", driver: "virtio-pci", nodes: [])
    let folder = "/sys/devices/pci0000:00/0000:00:05.0/virtio2"
    try system.link(folder + "/subsystem", to: "../../../../bus/virtio")
    try system.folder("/sys/bus/virtio/drivers/virtio_gpu")
    try system.link(folder + "/driver", to: "../../../../bus/virtio/drivers/virtio_gpu")
    try system.node("renderD128", folder)
    let node = try #require(RenderNode.all(in: system.tree).first)
    #expect(node.vendorID == 0x1af4 && node.bus == .pci("0000:00:05.0") && node.kernelDriver == "virtio_gpu")
  }

  @Test func platformAndUSBDevicesHaveNoVendorOfPCI() throws {
    let system = try FakeSystem()
    try system.link("/sys/devices/platform/vgem/subsystem", to: "../../../bus/platform")
    try system.node("renderD128", "/sys/devices/platform/vgem")
    let usb = "/sys/devices/usb1/1-2/1-2:1.0"
    try system.link(usb + "/subsystem", to: "../../../../bus/usb")
    try system.file("/sys/devices/usb1/1-2/idVendor", "17e9\n")
    try system.file("/sys/devices/usb1/1-2/idProduct", "4306\n")
    try system.file("/sys/devices/usb1/1-2/busnum", "1\n")
    try system.file("/sys/devices/usb1/1-2/devnum", "7\n")
    try system.node("card3", usb)
    let nodes = RenderNode.all(in: system.tree)
    #expect(nodes.map(\.bus) == [.platform("vgem"), .usb(bus: 1, device: 7)])
    #expect(nodes.map(\.vendorID) == [nil, 0x17e9])
  }

  @Test func nodesThatSysDoesNotKnowAreFound() throws {
    let system = try FakeSystem()
    try system.file("/dev/dri/renderD130")
    try system.file("/dev/dri/renderDxyz")
    try system.file("/dev/dri/by-path/pci-0000:00:02.0-render")
    let nodes = RenderNode.all(in: system.tree)
    #expect(nodes.map(\.path) == ["/dev/dri/renderD130"] && nodes.first?.isListed == false)
  }

  @Test func nodesThatAreNotInDevHaveNoAccess() throws {
    let system = try FakeSystem()
    try system.pci("0000:00:02.0", vendor: "0x8086", device: "0x46a6", driver: "i915", nodes: ["renderD128"])
    try FileManager.default.removeItem(atPath: system.root + "/dev/dri/renderD128")
    let node = try #require(RenderNode.all(in: system.tree).first)
    #expect(node.access == nil && node.vendorID == 0x8086)
  }

  @Test func oddContentsAreSurvived() throws {
    let system = try FakeSystem()
    #expect(RenderNode.all(in: system.tree).isEmpty)
    try system.folder("/sys/class/drm")
    try system.file("/sys/class/drm/version", "drm 1.1.0\n")
    try system.link("/sys/class/drm/renderD128", to: "../../nowhere")
    try system.folder("/sys/class/drm/card0-HDMI-A-1")
    try system.folder("/sys/class/drm/card7/device")
    try system.file("/sys/class/drm/card7/device/vendor", "what\n")
    let nodes = RenderNode.all(in: system.tree)
    #expect(Set(nodes.map(\.path)) == ["/dev/dri/renderD128", "/dev/dri/card7"])
    #expect(nodes.allSatisfy { $0.access == nil && $0.vendorID == nil })
  }

  @Test func namesOfAccountsAreThoseOfTheTree() throws {
    let system = try FakeSystem()
    try system.pci("0000:00:02.0", vendor: "0x8086", device: "0x46a6", driver: "i915", nodes: ["renderD128"])
    try system.file("/etc/group", "root:x:0:\nrender:x:\(getgid()):ann\n")
    let group = RenderNode.all(in: system.tree).first?.access?.groupName
    #expect(group == (getgid() == 0 ? "root" : "render"))
    #expect(system.tree.accountName(77777, in: "/etc/group") == nil)
  }

  @Test func aNodeByNameIsFoundByItsLinksToo() throws {
    let system = try FakeSystem()
    try system.pci("0000:00:02.0", vendor: "0x8086", device: "0x46a6", driver: "i915", nodes: ["renderD128", "card0"])
    try system.link("/dev/dri/by-path/pci-0000:00:02.0-render", to: "../renderD128")
    let node = RenderNode.at("/dev/dri/by-path/pci-0000:00:02.0-render", in: system.tree)
    #expect(node.isListed && node.vendorID == 0x8086 && node.renderPath == "/dev/dri/renderD128")
    #expect(node.path == "/dev/dri/by-path/pci-0000:00:02.0-render")
    #expect(!RenderNode.at("/dev/dri/renderD200", in: system.tree).isListed)
    let null = RenderNode.at("/dev/null")
    #expect(null.path == "/dev/null" && !null.isListed && null.canRender && null.kernelDriver == nil)
    #expect(null.access?.isOpenable == true && null.access?.mode == 0o666 && null.access?.ownerName == "root")
  }

  @Test func forACardItsRenderNodeIsOpened() throws {
    let system = try FakeSystem()
    try system.pci("0000:00:02.0", vendor: "0x8086", device: "0x46a6", driver: "i915", nodes: ["renderD128", "card0"])
    try system.pci("0000:03:00.0", vendor: "0x102b", device: "0x0538", driver: "mgag200", nodes: ["card1"])
    let node = RenderNode.at("/dev/dri/card0", in: system.tree)
    #expect(node.path == "/dev/dri/renderD128" && node.cardPath == "/dev/dri/card0" && node.access != nil)
    #expect(RenderNode.at("/dev/dri/card1", in: system.tree).path == "/dev/dri/card1")
    try FileManager.default.removeItem(atPath: system.root + "/dev/dri/renderD128")
    #expect(RenderNode.at("/dev/dri/card0", in: system.tree).path == "/dev/dri/card0")
  }

  @Test func aNodeThatIsGoneIsStillOfItsDevice() throws {
    let system = try FakeSystem()
    try system.pci("0000:00:02.0", vendor: "0x8086", device: "0x46a6", driver: "i915", nodes: ["renderD128"])
    try FileManager.default.removeItem(atPath: system.root + "/dev/dri/renderD128")
    let node = RenderNode.at("/dev/dri/renderD128", in: system.tree)
    #expect(node.isListed && node.access == nil && node.kernelDriver == "i915")
  }

  @Test func nodesAreSortedByNumberRenderNodesFirst() throws {
    let system = try FakeSystem()
    for (number, nodes) in [["renderD1000"], ["renderD129", "card0"], ["card10"], ["card2"]].enumerated() {
      try system.pci("0000:0\(number):00.0", vendor: "0x8086", device: "0x1", driver: "i915", nodes: nodes)
    }
    let nodes = RenderNode.list(in: system.tree)
    #expect(nodes.map { $0.path.split(separator: "/").last } == ["renderD129", "renderD1000", "card2", "card10"])
    #expect(nodes.allSatisfy { $0.access == nil && $0.kernelDriver == "i915" })
  }

  @Test func theIdentityOfANodeChangesWithItsDeviceAndItsModule() throws {
    let system = try FakeSystem()
    try system.pci("0000:00:02.0", vendor: "0x8086", device: "0x46a6", driver: "i915", nodes: ["renderD128"])
    func identity() -> [String] { system.tree.identity(ofNode: "/dev/dri/renderD128") }
    let first = identity()
    #expect(!first.isEmpty && first == identity())
    try system.file("/sys/devices/pci0000:00/0000:00:02.0/device", "0x56a0\n")
    let second = identity()
    try system.file("/sys/module/i915/srcversion", "ABC\n")
    #expect(first != second && second != identity())
    #expect(system.tree.identity(ofNode: "/dev/null").isEmpty)
  }

  @Test func filesAndSettingsAreRead() throws {
    let system = try FakeSystem()
    try system.file("/etc/os-release", "NAME=x\nID=debian\nPRETTY_NAME=\"Debian 12\"\nEMPTY=\n")
    let tree = system.tree
    #expect(tree.setting("ID", in: "/etc/os-release") == "debian")
    #expect(tree.setting("PRETTY_NAME", in: "/etc/os-release") == "Debian 12")
    #expect(tree.setting("EMPTY", in: "/etc/os-release") == "" && tree.setting("NO", in: "/etc/os-release") == nil)
    try system.file("/spaced", " \t\n one\n two \r\n\n")
    try system.file("/blank", "\n \n")
    #expect(tree.text("/spaced") == "one\n two" && tree.text("/blank") == "")
    #expect(tree.text("/nothing") == nil && tree.number("/nothing") == nil && tree.names(in: "/nothing").isEmpty)
    #expect(SystemTree(root: "///").isReal && SystemTree(root: "/tmp/").root == "/tmp")
  }

  @Test func driversAreFoundInTheirFolders() throws {
    let system = try FakeSystem()
    try system.file("/usr/lib64/dri/iHD_drv_video.so")
    try system.file("/usr/lib64/dri/swrast_dri.so")
    #expect(DriverFacts.files(in: DriverFacts.folders, system.tree) == ["/usr/lib64/dri/iHD_drv_video.so"])
    #expect(DriverFacts.name(ofFile: "/usr/lib64/dri/iHD_drv_video.so") == "iHD")
    #expect(DriverFacts.name(ofFile: "/usr/lib64/dri/iHD.so") == nil)
  }

  @Test func messagesOfLibvaAreUnderstood() {
    let facts = DriverFacts([
      "VA-API version 1.17.0", "Trying to open /usr/lib/dri/iHD_drv_video.so", "va_openDriver() returns -1",
      "Trying to open /usr/lib/dri/i965_drv_video.so", "Found init function __vaDriverInit_1_10",
    ])
    #expect(facts.tried == ["/usr/lib/dri/iHD_drv_video.so", "/usr/lib/dri/i965_drv_video.so"])
    #expect(facts.apiVersion == "1.17.0" && facts.driverAPIVersion == "1.10" && !facts.hasNoEntryPoint)
    #expect(DriverFacts([]).file() == nil)
  }

  @Test func theDriverIsTheOneThatIsThere() throws {
    let system = try FakeSystem()
    let facts = DriverFacts(["iHD", "i965"].map { "Trying to open /usr/lib/dri/\($0)_drv_video.so" })
    // Where none is, libva's first choice is missing.
    #expect(facts.file(in: system.tree) == "/usr/lib/dri/iHD_drv_video.so")
    try system.file("/usr/lib/dri/iHD_drv_video.so")
    #expect(facts.file(in: system.tree) == "/usr/lib/dri/iHD_drv_video.so")
    try system.file("/usr/lib/dri/i965_drv_video.so")
    #expect(facts.file(in: system.tree) == "/usr/lib/dri/i965_drv_video.so")
  }

  @Test(arguments: VACall.allCases)
  func errorsAreReadBackFromTheirText(call: VACall) {
    for number in Int32(1)...0x30 {
      let error = VAError(call, VAStatus(rawValue: number))
      // Several numbers may have the same words; the words are what matters.
      #expect(VAError(endOf: "download on x: \(error)")?.description == error.description)
    }
    #expect(VAError(endOf: "something else (\(call)") == nil && VAError(endOf: "no words") == nil)
  }
}
