import Foundation
import FrameModel
import Logging
import Testing

@testable import Decoding

@Suite struct ProbeFactsTests {
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

  @Test func withoutTheParameterNobodyKnowsWhetherNVIDIASetsModes() throws {
    let root = try Root(["/sys/module/nvidia/version": "560\n"])
    #expect(HostFacts.read(root: root.path, environment: [:]).nvidiaModeset == nil)
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
    #expect(found.candidates == ["iHD", "i965"] && named.candidates == ["iHD", "i965"])
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
    // vabuf does not know its profiles, and FFmpeg does.
    #expect(obstacle("vc1", "Advanced") == nil)
  }

  @Test func whereThereIsNoNodeNobodyLooksUpWhatIsKnownOfNodes() {
    let devices = HardwareDevices(
      limits: SurfaceLimits(surfaces: 1), patience: Patience(surface: .seconds(1), driver: .seconds(1)), nodes: { [] },
      advice: { _, _ in
        Issue.record("asked for advice on no node")
        return []
      })
    let failure = #expect(throws: DeviceFailure.self) {
      try devices.device(at: nil, for: .plain("h264", "High", 64, 64), logger: Logger(label: "test"))
    }
    #expect(failure?.kind == .noDevice)
  }
}

extension StreamDescription {
  fileprivate static func plain(_ codec: String, _ profile: String, _ width: Int, _ height: Int) -> StreamDescription {
    StreamDescription(
      index: 0, codec: codec, profile: profile, width: width, height: height, pixelFormat: nil,
      timeBase: Rational(1, 30), averageFrameRate: Rational(30, 1), nominalFrameRate: Rational(30, 1), rotation: 0,
      sampleAspectRatio: Rational(0, 1), reorderDepth: 0, isAttachedPicture: false, duration: nil)
  }
}
