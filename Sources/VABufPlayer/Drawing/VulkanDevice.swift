internal import CPlacebo
internal import CSDL2
internal import PlayerPolicy

/// libplacebo on a window's Vulkan surface: owns its device.
final class VulkanDevice: GraphicsDevice {
  let log: GraphicsLog
  let isSoftware: Bool
  private let surface: VulkanSurface
  private var vulkan: vabuf_pl_vulkan?

  init(
    _ display: DisplayConnection, _ style: Window.Style, log: GraphicsLog, allowsProcessor: Bool
  ) throws(DisplayUnavailable) {
    let loader = try VulkanLoader(display)
    let window = try Window(display, style, for: SDL_WINDOW_VULKAN)
    let instance = try VulkanInstance(loader, extensions: loader.extensions(for: window), log: log)
    surface = try VulkanSurface(instance, window)
    self.log = log
    var parameters = pl_vulkan_default_params
    parameters.instance = instance.handle
    parameters.get_proc_addr = loader.getInstanceProcAddr
    parameters.surface = surface.handle
    let hardware = instance.device(for: surface, allowsProcessor: false)
    isSoftware = hardware == nil
    parameters.device = hardware ?? (allowsProcessor ? instance.device(for: surface, allowsProcessor: true) : nil)
    guard parameters.device != nil else { throw DisplayUnavailable(reason: "no driver can draw into a window") }
    vulkan = pl_vulkan_create(log.handle, &parameters)
    guard vulkan != nil else { throw DisplayUnavailable(reason: "libplacebo cannot use the driver") }
  }

  deinit { pl_vulkan_destroy(&vulkan) }

  /// Whether there is a device to draw with, before there is a window, which would come and go.
  ///
  /// - Throws: `DisplayUnavailable` where there is none.
  static func look(
    _ display: DisplayConnection, log: GraphicsLog, allowsProcessor: Bool
  ) throws(DisplayUnavailable) {
    let instance = try VulkanInstance(VulkanLoader(display), extensions: [], log: log)
    guard instance.device(for: nil, allowsProcessor: allowsProcessor) != nil else {
      throw DisplayUnavailable(reason: "there is no driver" + (allowsProcessor ? "" : " on a GPU"))
    }
  }

  private var device: vabuf_pl_vulkan {
    guard let vulkan else { preconditionFailure("a device without Vulkan") }
    return vulkan
  }

  var window: Window { surface.window }
  var gpu: vabuf_pl_gpu { device.pointee.gpu }
  var name: String { GraphicsAPI.vulkan.rawValue }
  /// A Wayland display shows whole pictures anyhow, and asks a hidden window for none: who waited for its turn there would
  /// wait as long as the window is hidden.
  var waitsForDisplay: Bool { !window.display.isWayland }

  func makeSwapchain() -> vabuf_pl_swapchain? {
    // One under way: a picture counts as shown when it has been drawn, not when that was asked for.
    var parameters = vabuf_pl_vulkan_swapchain_params(
      surface.handle, waitsForDisplay ? VK_PRESENT_MODE_FIFO_KHR : VK_PRESENT_MODE_MAILBOX_KHR, 1)
    return pl_vulkan_create_swapchain(device, &parameters)
  }

  func show(_ swapchain: vabuf_pl_swapchain) { pl_swapchain_swap_buffers(swapchain) }
}
