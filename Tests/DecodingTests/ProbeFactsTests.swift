import Foundation
import FrameModel
import SystemPackage
import Testing
import VABufTestKit

@testable import Decoding

@Suite struct ProbeFactsTests {
  private final class Root {
    let path = NSTemporaryDirectory() + "/vabuf-root-\(UUID().uuidString)"
    init(_ files: [String: String]) throws {
      for (name, text) in files {
        let url = URL(fileURLWithPath: path + name)
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: url)
      }
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }
    deinit { try? FileManager.default.removeItem(atPath: path) }
  }

  @Test func theHostIsReadFromItsFiles() throws {
    let root = try Root([
      "/etc/os-release": "ID=fedora\nID_LIKE=\"rhel centos\"\nPRETTY_NAME=\"Fedora Linux 41\"\n",
      "/proc/sys/kernel/osrelease": "6.11.4-301.fc41.x86_64\n", "/sys/module/nvidia/version": "560\n",
      "/sys/module/nvidia_drm/parameters/modeset": "N\n", "/dev/dri/card0": "",
      "/sys/bus/pci/devices/0000:01:00.0/class": "0x030000\n", "/sys/bus/pci/devices/0000:01:00.0/vendor": "0x10de\n",
      "/sys/bus/pci/devices/0000:01:00.0/device": "0x2684\n", "/sys/bus/pci/devices/0000:02:00.0/class": "0x020000\n",
      "/usr/share/misc/pci.ids":
        "# list\n10dd  Other\n\t2684  no\n10de  NVIDIA Corporation\n\t2684  AD102 [RTX 4090]\n",
      "/usr/lib64/dri/iHD_drv_video.so": "",
    ])
    let host = HostFacts.read(root: root.path, environment: ["LIBVA_DRIVER_NAME": "x", "OTHER": "y", "DISPLAY": ":0"])
    #expect(host.distribution == "fedora" && host.distributionLike == ["rhel", "centos"])
    #expect(host.kernel == "6.11.4-301.fc41.x86_64" && host.container == nil && host.hasDisplay && host.hasDRIFolder)
    #expect(host.nvidiaModeset == false && host.modules == ["nvidia", "nvidia_drm"])
    #expect(host.environment == ["LIBVA_DRIVER_NAME": "x"])
    #expect(host.adapters.map(\.address) == ["0000:01:00.0"] && host.adapters.first?.model == "AD102 [RTX 4090]")
    #expect(host.installedDrivers.map(\.name) == ["iHD"])
  }

  @Test(arguments: [
    (["/.dockerenv": ""], "docker"), (["/run/.containerenv": ""], "podman"),
    (["/proc/1/environ": "HOME=/\0container=lxc\0"], "lxc"),
    (["/run/systemd/container": "systemd-nspawn\n"], "systemd-nspawn"),
    (["/proc/1/cgroup": "0::/kubepods/burstable/pod1\n"], "kubernetes"),
    (["/var/run/secrets/kubernetes.io/x": "", "/.dockerenv": ""], "kubernetes"), (["/etc/x": ""], nil),
  ])
  func containersAreToldByTheirMarks(files: [String: String], kind: String?) throws {
    let root = try Root(files)
    #expect(HostFacts.read(root: root.path, environment: [:]).container == kind)
  }

  @Test func theExpectedDriverIsThatOfTheKernelDriver() throws {
    let root = try Root(["/usr/lib/x86_64-linux-gnu/dri/i965_drv_video.so": ""])
    var device = DeviceReport(path: "/dev/dri/renderD128")
    device.kernelDriver = "i915"
    let found = device.expectedDriver(root: root.path, environment: [:])
    #expect(found.name == "i965" && found.fileExists == true && found.source == .libva)
    let named = device.expectedDriver(root: root.path, environment: ["LIBVA_DRIVER_NAME": "nonsense"])
    #expect(named.name == "nonsense" && named.fileExists == false && named.source == .environment)
    device.kernelDriver = "amdgpu"
    let missing = device.expectedDriver(root: root.path, environment: ["LIBVA_DRIVERS_PATH": "/opt/dri"])
    #expect(missing.file == "/opt/dri/radeonsi_drv_video.so" && missing.fileExists == false)
  }

  @Test func linesOfFFmpegNameTheCallAndItsStatus() {
    let lines = [
      ("Failed to end picture decode issue: 23 (internal decoding error).", "vaEndPicture", 23),
      ("[h264 @ 0x1] Failed to create decode context: 1 (operation failed).", "vaCreateContext", 1),
      ("Failed to create parameter buffer (type 0): 2 (resource allocation failed).", "vaCreateBuffer", 2),
      ("Failed to upload slices: -1 (unknown libva error).", "vaRenderPicture", -1),
    ]
    for (line, call, status) in lines {
      let failure = FFmpegFailure(line: line)
      #expect(failure?.call == call && failure?.status == Int32(status), "\(line)")
    }
    #expect(FFmpegFailure(line: "Failed to destroy buffer: 1 (x)") == nil && FFmpegFailure(line: "no frame!") == nil)
  }

  // MARK: - Child processes

  private func child(_ script: String) throws -> ChildProcess {
    try ChildProcess(["/bin/sh", "-c", script], environment: ["PATH": "/usr/bin:/bin", "X": "y"], hidesErrors: true)
  }

  @Test func aChildIsHeardToItsEnd() throws {
    let child = try child("echo one; echo $X; printf three; exit 7")
    #expect(child.next(within: .seconds(5)) == .line("one"))
    #expect(child.next(within: .seconds(5)) == .line("y"))
    // A line that was not ended is none: the process may have died in it.
    #expect(child.next(within: .seconds(5)) == .exited(7))
  }

  @Test func aChildThatIsKilledSaysBySignal() throws {
    let child = try child("echo x; kill -SEGV $$")
    #expect(child.next(within: .seconds(5)) == .line("x"))
    #expect(child.next(within: .seconds(5)) == .killed(signal: 11))
    #expect(signalName(11) == "SIGSEGV" && signalName(6) == "SIGABRT")
  }

  @Test func aChildThatHangsIsEnded() throws {
    let child = try child("echo x; exec sleep 1000")
    #expect(child.next(within: .seconds(5)) == .line("x"))
    let start = ContinuousClock.now
    #expect(child.next(within: .milliseconds(50)) == .silent)
    child.end()
    #expect(ContinuousClock.now - start < .seconds(5))
  }

  @Test func aProgramThatIsNotThereIsAnError() {
    #expect(throws: SpawnError.self) {
      _ = try ChildProcess(["/nowhere/at/all"], environment: [:], hidesErrors: true)
    }
  }

  // MARK: - What is kept

  private func store(_ root: Root, _ environment: [String: String] = [:], clips: [String] = ["a"]) -> ProbeStore {
    ProbeStore(
      folder: FilePath(root.path + "/cache"), root: root.path, environment: environment, version: "1", clips: clips)
  }

  @Test func whatIsKeptHoldsForWhatItWasFoundOn() throws {
    let root = try Root([
      "/proc/sys/kernel/osrelease": "1\n", "/usr/lib64/dri/iHD_drv_video.so": "one",
    ])
    var device = DeviceReport(path: "/dev/dri/renderD128")
    device.kernelDriver = "i915"
    device.claims = Claims()
    try store(root).save(device)
    var expected = device
    expected.isRemembered = true
    #expect(store(root).load(device) == expected)

    var other = device
    other.kernelDriver = "xe"
    #expect(store(root).load(other) == nil)
    other = device
    other.path = "/dev/dri/renderD129"
    #expect(store(root).load(other) == nil)
    #expect(store(root, ["LIBVA_DRIVER_NAME": "i965"]).load(device) == nil)
    #expect(store(root, ["IHD_DEBUG": "1"]).load(device) == nil)
    #expect(store(root, ["HOME": "/x", "IHD_LOG": "/y"]).load(device) != nil)
    #expect(store(root, clips: ["b"]).load(device) == nil)
    try Data("two!".utf8).write(to: URL(fileURLWithPath: root.path + "/usr/lib64/dri/iHD_drv_video.so"))
    #expect(store(root).load(device) == nil)
  }

  @Test func damagedAnswersAreNone() throws {
    let root = try Root([:])
    try store(root).save(SoftwareReport(codecs: [.init(codec: "h264", decoders: ["h264"])]))
    #expect(store(root).loadSoftware()?.codecs.count == 1)
    let name = try #require(try FileManager.default.contentsOfDirectory(atPath: root.path + "/cache").first)
    try Data("{".utf8).write(to: URL(fileURLWithPath: root.path + "/cache/" + name))
    #expect(store(root).loadSoftware() == nil)
  }

  @Test func aFolderThatCannotBeMadeIsAnError() throws {
    let root = try Root(["/cache": "a file"])
    #expect(throws: VABufError.self) { try store(root).save(SoftwareReport()) }
  }

  // MARK: - Files

  @Test func aStreamIsComparedWithClaims() {
    var claims = Claims()
    var high = Claims.Profile(profile: "VAProfileH264High", entrypoint: "VAEntrypointVLD")
    (high.rtFormats, high.maxWidth, high.maxHeight, high.minWidth) = (["YUV420"], 4096, 2304, 64)
    claims.profiles = [high, Claims.Profile(profile: "VAProfileHEVCMain", entrypoint: "VAEntrypointEncSlice")]
    func obstacle(_ codec: String, _ profile: String, _ width: Int = 1920, _ height: Int = 1080) -> String? {
      FilePlanner.obstacle(claims, .plain(codec, profile, width, height))
    }
    #expect(obstacle("h264", "High") == nil && obstacle("h264", "Main") == nil)
    #expect(obstacle("h264", "High", 7680, 4320)?.contains("at most 4096x2304") == true)
    #expect(obstacle("h264", "High", 32, 32)?.contains("at least 64") == true)
    #expect(obstacle("hevc", "Main")?.contains("VAProfileHEVCMain") == true)
    #expect(obstacle("theora", "")?.contains("theora") == true)
  }
}

extension StreamDescription {
  fileprivate static func plain(_ codec: String, _ profile: String, _ width: Int, _ height: Int) -> StreamDescription {
    StreamDescription(
      index: 0, codec: codec, profile: profile, width: width, height: height, pixelFormat: nil,
      timeBase: Rational(1, 30), averageFrameRate: Rational(30, 1), nominalFrameRate: Rational(30, 1), rotation: 0,
      sampleAspectRatio: Rational(0, 1), reorderDepth: 0, isIntraOnly: false, isAttachedPicture: false, duration: nil)
  }
}
