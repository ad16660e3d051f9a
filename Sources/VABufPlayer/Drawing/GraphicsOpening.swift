internal import PlayerPolicy

/// Opens what draws, and what it draws on.
enum GraphicsOpening {
  /// - Throws: `DisplayUnavailable`, with what each API failed of.
  static func open(
    _ choice: GraphicsChoice, _ style: Window.Style, log: GraphicsLog
  ) throws(DisplayUnavailable) -> (device: any GraphicsDevice, screen: Screen) {
    let display = try DisplayConnection()
    var refusals: [GraphicsAPI: String] = [:]
    // OpenGL on the processor: good enough where nothing better is found.
    var spare: OpenGLDevice?
    for attempt in choice.attempts {
      do throws(DisplayUnavailable) {
        switch attempt.api {
        case .openGL:
          // What it was refused for has not changed.
          guard refusals[.openGL] == nil else { continue }
          let device: OpenGLDevice
          if let spare { device = spare } else { device = try OpenGLDevice(display, style, log: log) }
          if !device.isSoftware || attempt.allowsProcessor { return (device, try Screen(device)) }
          spare = device
        case .vulkan:
          try VulkanDevice.look(display, log: log, allowsProcessor: attempt.allowsProcessor)
          // One window at a time.
          spare = nil
          let device = try VulkanDevice(display, style, log: log, allowsProcessor: attempt.allowsProcessor)
          return (device, try Screen(device))
        }
      } catch { refusals[attempt.api] = error.reason }
    }
    let reasons = GraphicsAPI.allCases.compactMap { api in refusals[api].map { "\(api.rawValue): \($0)" } }
    throw DisplayUnavailable(reason: reasons.joined(separator: "; "))
  }
}
