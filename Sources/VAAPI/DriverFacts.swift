internal import FrameModel

/// What libva says of a driver while it opens one, and where drivers are.
package struct DriverFacts: Hashable, Sendable {
  /// The files that were tried, the last one last.
  package var tried: [String] = []
  /// The version of VA-API that libva speaks, as `1.17.0`.
  package var apiVersion: String?
  /// The version that the driver's entry point names, as `1.17`.
  package var driverAPIVersion: String?
  /// libva found the file, and no entry point in it that it knows.
  package var hasNoEntryPoint = false

  /// Reads libva's messages.
  package init(_ messages: [String]) {
    for message in messages {
      if let version = message.after("VA-API version ") { apiVersion = version }
      if let path = message.after("Trying to open ") { tried.append(path) }
      if let symbol = message.after("Found init function __vaDriverInit_") {
        driverAPIVersion = symbol.replacing("_", with: ".")
      }
      if message.contains("has no function __vaDriverInit") { hasNoEntryPoint = true }
    }
  }

  /// The file that it came to: libva goes on to the next one after a file that is missing, and after one that fails. The
  /// last that is there, else the first that is not; nil where libva tried none.
  package func file(in tree: SystemTree = SystemTree()) -> String? { tried.last { tree.exists($0) } ?? tried.first }

  /// The driver's name in the name of its file, as `iHD`.
  package static func name(ofFile path: String) -> String? {
    let suffix = "_drv_video.so"
    guard let name = path.split(separator: "/").last, name.hasSuffix(suffix) else { return nil }
    return String(name.dropLast(suffix.count))
  }

  /// The drivers that libva takes for a kernel driver, the first that is there.
  package static func names(forKernelDriver name: String) -> [String] {
    switch name {
    case "i915", "xe": ["iHD", "i965"]
    case "amdgpu": ["radeonsi"]
    case "radeon": ["r600", "radeonsi"]
    case "nvidia-drm", "nvidia": ["nvidia"]
    case "panfrost", "panthor": ["panfrost"]
    case "pvrsrvkm": ["pvr"]
    case "hyperv_drm": ["d3d12"]
    default: [name.replacing("-", with: "_")]
    }
  }

  /// The folders in which distributions put drivers, in the order of libva's builds.
  package static let folders: [String] = [
    "/usr/lib/x86_64-linux-gnu/dri", "/usr/lib/aarch64-linux-gnu/dri", "/usr/lib64/dri", "/usr/lib64/dri-nonfree",
    "/usr/lib64/dri-freeworld", "/usr/lib/dri", "/usr/local/lib/dri", "/usr/local/lib/x86_64-linux-gnu/dri",
  ]

  /// All driver files in these folders.
  package static func files(in folders: [String], _ tree: SystemTree) -> [String] {
    folders.flatMap { folder in
      tree.names(in: folder).filter { $0.hasSuffix("_drv_video.so") }.map { folder + "/" + $0 }
    }
  }
}

extension OwnedDisplay {
  /// The driver binds surfaces to the decoder's context: a context takes as many as were named when it was made, or made
  /// before, and 32 at most; none is ever given back to it, and one of another context is wrong in it, without an error.
  ///
  /// nvidia-vaapi-driver does (`nvCreateContext`, `nvBeginPicture` in its vabackend.c): NVDEC has a fixed number of
  /// pictures, and each surface stands for one. No call tells: a context that is made without surfaces fails in version
  /// 0.0.8, since then it is the 33rd picture that fails, and pictures may be mixed up before. So it is known by its name.
  package var bindsSurfaces: Bool { DriverNames.isBeforeNVDEC(vendor) }
}

extension String {
  /// What follows a prefix; nil where it does not begin with it.
  fileprivate func after(_ prefix: String) -> String? {
    hasPrefix(prefix) ? String(dropFirst(prefix.count)) : nil
  }
}
