internal import CPlacebo
internal import PlayerPolicy

/// Draws pictures and overlays into a window: owns libplacebo's swapchain and renderer.
///
/// For the thread of the window only.
final class Screen {
  private let device: any GraphicsDevice
  private var swapchain: vabuf_pl_swapchain?
  private var renderer: vabuf_pl_renderer?
  private let overlays: OverlayTextures
  private let parameters: pl_render_params

  init(_ device: any GraphicsDevice) throws(DisplayUnavailable) {
    self.device = device
    overlays = OverlayTextures(device)
    // Processors draw what is needed only.
    parameters = device.isSoftware ? pl_render_fast_params : pl_render_default_params
    swapchain = device.makeSwapchain()
    renderer = pl_renderer_create(device.log.handle, device.gpu)
    guard swapchain != nil, renderer != nil else {
      pl_renderer_destroy(&renderer)
      pl_swapchain_destroy(&swapchain)
      throw DisplayUnavailable(reason: "libplacebo cannot draw into the window")
    }
  }

  deinit {
    pl_renderer_destroy(&renderer)
    pl_swapchain_destroy(&swapchain)
  }

  /// Draws, and shows what was drawn.
  ///
  /// - Returns: false where the window takes nothing at the moment, as one that is hidden.
  func draw(_ picture: Picture, _ canvas: Canvas) -> Bool {
    let size = device.window.drawableSize
    var (width, height) = (Int32(size.width), Int32(size.height))
    guard let swapchain, width > 0, height > 0, pl_swapchain_resize(swapchain, &width, &height) else { return false }
    var shown = pl_swapchain_frame()
    guard pl_swapchain_start_frame(swapchain, &shown) else { return false }
    var target = pl_frame()
    pl_frame_from_swapchain(&target, &shown)
    let isDrawn = render(picture, canvas, into: &target, Int(width), Int(height))
    guard pl_swapchain_submit_frame(swapchain), isDrawn else { return false }
    device.show(swapchain)
    return true
  }

  private func render(
    _ picture: Picture, _ canvas: Canvas, into target: inout pl_frame, _ width: Int, _ height: Int
  ) -> Bool {
    guard let descriptor = picture.descriptor else {
      pl_frame_clear_rgba(device.gpu, &target, [0, 0, 0, 1])
      return true
    }
    target.color = ColorMapping.screen(for: picture.frame.color)
    target.crop = PlayerGeometry.rectangle(descriptor, inWidth: width, height: height)
    var (frame, parameters) = (picture.frame, parameters)
    let parts = OverlayTextures.parts(canvas)
    guard !parts.isEmpty, let texture = overlays.texture(dot: canvas.dot) else {
      return pl_render_image(renderer, &frame, &target, &parameters)
    }
    return parts.withUnsafeBufferPointer { parts in
      var overlay = pl_overlay()
      overlay.tex = texture
      overlay.mode = PL_OVERLAY_MONOCHROME
      overlay.coords = PL_OVERLAY_COORDS_DST_FRAME
      overlay.repr.sys = PL_COLOR_SYSTEM_RGB
      overlay.repr.levels = PL_COLOR_LEVELS_FULL
      overlay.repr.alpha = PL_ALPHA_INDEPENDENT
      overlay.color = target.color
      overlay.parts = parts.baseAddress
      overlay.num_parts = Int32(parts.count)
      return withUnsafePointer(to: &overlay) { overlay in
        target.overlays = overlay
        target.num_overlays = 1
        defer { target.overlays = nil }
        return pl_render_image(renderer, &frame, &target, &parameters)
      }
    }
  }
}
