import Foundation
import FrameModel
import Testing
import VABufTestKit

@testable import VAAPI

@Suite struct RenderNodeTests {
  /// Plain files that stand for nodes, in a folder that goes with this object.
  final class Folder {
    let path: String

    init(_ names: [String]) throws {
      let temporary = URL(fileURLWithPath: NSTemporaryDirectory()).resolvingSymlinksInPath().path
      path = temporary + "/vabuf-nodes-\(UUID().uuidString)"
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
      for name in names { try Data().write(to: URL(fileURLWithPath: path + "/" + name)) }
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func device(_ render: String?, _ card: String?) -> DRMDevice {
      DRMDevice(renderPath: render.map { path + "/" + $0 }, cardPath: card.map { path + "/" + $0 })
    }
  }

  @Test func thisMachineIsListedWithoutFailing() {
    // What there is depends on the machine; without /dev/dri it is nothing.
    let nodes = RenderNode.all()
    if !FileManager.default.fileExists(atPath: "/dev/dri") { #expect(nodes.isEmpty) }
    for node in nodes { #expect(node.renderPath == node.path || node.cardPath == node.path) }
  }

  @Test func allAreListedAndSortedByNumberRenderNodesFirst() throws {
    let folder = try Folder(["renderD128", "renderD129", "renderD1000", "card0", "card1", "card10"])
    let nodes = RenderNode.describe(
      [
        folder.device(nil, "card10"), folder.device("renderD1000", nil), folder.device("renderD129", "card0"),
        folder.device("renderD128", "card1"), folder.device(nil, nil),
      ], folder: folder.path)
    #expect(nodes.map { $0.path.split(separator: "/").last } == ["renderD128", "renderD129", "renderD1000", "card10"])
    #expect(nodes.map(\.canRender) == [true, true, true, false])
    #expect(nodes[0].cardPath == folder.path + "/card1")
    #expect(nodes.allSatisfy { $0.access?.isOpenable == true && $0.isListed && $0.kernelDriver == nil })
  }

  @Test func nodesThatLibdrmDoesNotListAreFoundInTheFolder() throws {
    let folder = try Folder(["renderD128", "renderD129", "card0", "by-path"])
    let nodes = RenderNode.describe([folder.device("renderD128", "card0")], folder: folder.path)
    #expect(nodes.map(\.isListed) == [true, false])
    #expect(nodes.last?.path == folder.path + "/renderD129")
    #expect(nodes.last?.canRender == true)
    #expect(RenderNode.describe([], folder: folder.path + "/nothing").isEmpty)
  }

  @Test func nodesThatAreNotThereHaveNoAccess() throws {
    let folder = try Folder([])
    let nodes = RenderNode.describe([folder.device("renderD128", "card0")], folder: folder.path)
    #expect(nodes.map(\.access) == [nil])
  }

  @Test func aDeniedNodeIsListedWithTheReason() throws {
    guard getuid() != 0 else { return print("skipped: root may open everything") }
    let folder = try Folder(["renderD128", "renderD129"])
    chmod(folder.path + "/renderD128", 0)
    let nodes = RenderNode.describe(
      [folder.device("renderD128", nil), folder.device("renderD129", nil)], folder: folder.path)
    #expect(nodes.map { $0.access?.openError } == [EACCES, nil])
    #expect(nodes[0].access?.mode == 0)
  }

  @Test func remediesNameTheGroup() {
    func remedy(_ group: String?, mode: UInt32 = 0o660, error: Int32? = EACCES) -> String? {
      NodeAccess(mode: mode, owner: 0, ownerName: "root", group: 993, groupName: group, openError: error).remedy
    }
    #expect(remedy("render")?.contains("usermod -aG render") == true)
    #expect(remedy(nil)?.contains("--group-add 993") == true)
    #expect(remedy("render", mode: 0o600)?.contains("chmod g+rw") == true)
    #expect(remedy("render", error: EIO) == "check the node with `ls -l`")
    #expect(remedy("render", error: nil) == nil)
  }

  @Test func aNodeByNameNeedNotBeListed() throws {
    let null = RenderNode.at("/dev/null")
    #expect(null.path == "/dev/null" && !null.isListed && null.canRender)
    #expect(null.access?.isOpenable == true && null.access?.mode == 0o666)
    #expect(null.access?.ownerName == "root" && null.bus == .unknown)
    let none = RenderNode.at("/dev/dri/renderD999")
    #expect(none.access == nil && none.kernelDriver == nil)
  }

  @Test func linksAreFollowedToTheirDevice() throws {
    let folder = try Folder(["renderD128", "card0"])
    let link = folder.path + "/pci-0000:00:02.0-render"
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "renderD128")
    let node = RenderNode.find(link, in: [folder.device("renderD128", "card0")])
    #expect(node.isListed && node.path == link && node.renderPath == folder.path + "/renderD128")
  }

  @Test func theKernelDriverIsReadFromSysfsWhereTheNodeDoesNotTell() throws {
    // Any character device with a driver will do; virtual machines and containers may have none.
    let devices = (try? FileManager.default.contentsOfDirectory(atPath: "/sys/dev/char")) ?? []
    let found = devices.first {
      FileManager.default.fileExists(atPath: "/sys/dev/char/\($0)/device/driver")
        && FileManager.default.fileExists(atPath: "/sys/dev/char/\($0)/uevent")
    }
    guard let found,
      let name = try String(contentsOfFile: "/sys/dev/char/\(found)/uevent", encoding: .utf8)
        .split(separator: "\n").first(where: { $0.hasPrefix("DEVNAME=") })?.dropFirst(8),
      FileManager.default.fileExists(atPath: "/dev/\(name)")
    else { return print("skipped: no character device here has a driver in sysfs") }
    let link = try FileManager.default.destinationOfSymbolicLink(atPath: "/sys/dev/char/\(found)/device/driver")
    #expect(KernelDriver(path: "/dev/\(name)")?.name == link.split(separator: "/").last.map(String.init))
  }
}
