import Foundation
import FrameModel
import SystemPackage
import Testing

@testable import Decoding

@Suite struct ProbeStoreTests {
  private func store(_ root: Root, _ environment: [String: String] = [:], clips: [String] = ["a"]) -> ProbeStore {
    ProbeStore(
      folder: FilePath(root.path + "/cache"), root: root.path, environment: environment, version: "1", clips: clips)
  }

  private let row = Evidence(
    clip: "a", codec: "h264", profile: "high", width: 1920, height: 1080, bitDepth: 8, verdict: .exact)

  private func device() -> DeviceReport {
    var device = DeviceReport(path: "/dev/dri/renderD128")
    device.access = .init(mode: "0660", owner: .init(id: 0), group: .init(id: 0), isOpenable: true)
    device.claims = Claims()
    device.driver = DriverReport()
    device.driver?.file = "/opt/dri/iHD_drv_video.so"
    device.evidence = [row]
    return device
  }

  private func root() throws -> Root {
    try Root([
      "/proc/sys/kernel/osrelease": "1\n", "/usr/lib64/dri/iHD_drv_video.so": "one", "/opt/dri/iHD_drv_video.so": "x",
      "/dev/dri/renderD128": "", "/sys/class/drm/renderD128/device/device": "0x1\n",
      "/sys/module/nvidia/version": "550\n",
    ])
  }

  @Test func whatIsKeptHoldsForWhatItWasFoundOn() throws {
    let root = try root()
    let device = device()
    try store(root).save(device)
    var expected = device
    expected.isRemembered = true
    #expect(store(root).load(device) == expected && store(root).remembered(device.path).evidence == [row])
    #expect(store(root).load(DeviceReport(path: "/dev/dri/renderD129")) == nil)
    #expect(store(root, ["LIBVA_DRIVER_NAME": "i965"]).load(device) == nil)
    #expect(store(root, ["IHD_DEBUG": "1"]).load(device) == nil)
    #expect(store(root, ["HOME": "/x", "IHD_LOG": "/y"]).load(device) != nil)
    #expect(store(root, clips: ["b"]).load(device) == nil)
  }

  @Test(arguments: [
    "/usr/lib64/dri/iHD_drv_video.so", "/opt/dri/iHD_drv_video.so", "/sys/class/drm/renderD128/device/device",
    "/sys/module/nvidia/version", "/proc/sys/kernel/osrelease",
  ])
  func whatChangesMakesItVoid(file: String) throws {
    let root = try root()
    try store(root).save(device())
    #expect(store(root).load(device()) != nil)
    try Data("another".utf8).write(to: URL(fileURLWithPath: root.path + file))
    #expect(store(root).load(device()) == nil && store(root).remembered(device().path).evidence.isEmpty)
  }

  @Test func whatTheSystemTellsIsThatOfToday() throws {
    let root = try root()
    try store(root).save(device())
    var today = device()
    (today.model, today.claims, today.evidence) = ("new", nil, [])
    today.access?.mode = "0666"
    let known = try #require(store(root).load(today))
    #expect(known.model == "new" && known.access?.mode == "0666" && known.isRemembered)
    #expect(known.evidence == [row] && known.claims != nil)
  }

  @Test func driversDoNotTouchWhatIsKnownOfSoftware() throws {
    let root = try root()
    try store(root).save([row])
    try Data("two!".utf8).write(to: URL(fileURLWithPath: root.path + "/usr/lib64/dri/iHD_drv_video.so"))
    #expect(store(root, ["IHD_DEBUG": "1"]).loadSoftware() == [row])
    #expect(store(root, ["LD_PRELOAD": "/x"]).loadSoftware() == nil)
  }

  @Test func damagedAnswersAreNone() throws {
    let root = try Root([:])
    try store(root).save([row])
    #expect(store(root).loadSoftware()?.count == 1)
    let name = try #require(try FileManager.default.contentsOfDirectory(atPath: root.path + "/cache").first)
    try Data("{".utf8).write(to: URL(fileURLWithPath: root.path + "/cache/" + name))
    #expect(store(root).loadSoftware() == nil)
  }

  @Test func aFolderThatCannotBeMadeIsAnError() throws {
    let root = try Root(["/cache": "a file"])
    #expect(throws: VABufError.self) { try store(root).save([row]) }
  }

  @Test func loadedLibrariesAreFoundInTheMap() {
    let maps = """
      7f00-7f01 r-xp 00000000 08:01 1    /usr/lib/x86_64-linux-gnu/libva.so.2.1700.0
      7f01-7f02 r--p 00000000 08:01 1    /usr/lib/x86_64-linux-gnu/libva.so.2.1700.0
      7f02-7f03 r-xp 00000000 08:01 2    /usr/lib/x86_64-linux-gnu/libva-drm.so.2.1700.0
      7f03-7f04 r-xp 00000000 08:01 3    /usr/lib/x86_64-linux-gnu/libvarnish.so.1
      7f04-7f05 rw-p 00000000 00:00 0
      """
    let folder = "/usr/lib/x86_64-linux-gnu/"
    #expect(
      LoadedLibraries.paths(inMaps: maps, ["libva"])
        == [folder + "libva-drm.so.2.1700.0", folder + "libva.so.2.1700.0"])
    // This process decodes by FFmpeg.
    #expect(!LoadedLibraries.stamps(["libavcodec"]).isEmpty)
  }
}
