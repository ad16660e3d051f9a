internal import FrameModel

/// The numbers of vendors on the PCI bus.
enum PCI {
  static let intel = 0x8086
  static let amd = 0x1002
  static let nvidia = 0x10de

  /// Its display adapters decode video.
  static func decodes(_ vendor: Int) -> Bool { [intel, amd, nvidia].contains(vendor) }

  static func kernelDriver(_ vendor: Int) -> String {
    switch vendor {
    case intel: "i915"
    case amd: "amdgpu"
    default: "nvidia-drm"
    }
  }
}

/// The kernel's drivers of GPUs.
enum Kernel {
  /// NVIDIA's own: the bus names it otherwise than DRM does.
  static func isNVIDIA(_ driver: String?) -> Bool { driver == "nvidia" || driver == "nvidia-drm" }

  /// It has no VA driver anywhere: display controllers, and GPUs whose video decoders are devices of V4L2.
  static func hasNoVADriver(_ driver: String?) -> Bool { driver.map { withoutVADriver.contains($0) } ?? false }

  private static let withoutVADriver: Set<String> = [
    "ast", "bochs-drm", "cirrus", "etnaviv", "evdi", "exynos-drm", "hyperv_drm", "imx-drm", "lima", "meson-drm",
    "mgag200", "msm", "msm_dpu", "panfrost", "panthor", "powervr", "qxl", "rockchip-drm", "simpledrm", "sun4i-drm",
    "tegra", "udl", "v3d", "vboxvideo", "vc4", "vc4-drm", "vkms", "vmwgfx",
  ]
}
