import Foundation
import Testing

@testable import VAAPI

@Suite struct RenderNodeTests {
  @Test func thisMachineIsListedWithoutFailing() {
    // What there is depends on the machine; without /dev/dri it is nothing that is there.
    let nodes = RenderNode.all()
    if !FileManager.default.fileExists(atPath: "/dev/dri") {
      #expect(RenderNode.paths.isEmpty && nodes.allSatisfy { $0.access == nil })
    }
    for node in nodes { #expect(node.renderPath == node.path || node.cardPath == node.path || !node.isListed) }
    #expect(Set(RenderNode.paths).isSubset(of: nodes.map(\.path)))
  }

  @Test func aDeniedNodeHasTheReason() throws {
    guard getuid() != 0 else { return print("skipped: root may open everything") }
    let path = NSTemporaryDirectory() + "/vabuf-node-\(UUID().uuidString)"
    try Data().write(to: URL(fileURLWithPath: path))
    defer { try? FileManager.default.removeItem(atPath: path) }
    chmod(path, 0)
    let access = RenderNode.at(path).access
    #expect(access?.openError == EACCES && access?.errorName == "EACCES" && access?.mode == 0)
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
}
