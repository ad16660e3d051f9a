/// What pictures are drawn with.
package enum GraphicsAPI: String, CaseIterable, Sendable {
  case openGL = "OpenGL"
  case vulkan = "Vulkan"
}

/// What the viewer wants pictures drawn with.
package enum GraphicsChoice: String, CaseIterable, Sendable {
  case auto, opengl, vulkan

  /// One try to draw.
  package struct Attempt: Hashable, Sendable {
    package var api: GraphicsAPI
    /// Also where what draws is the processor.
    package var allowsProcessor: Bool

    package init(_ api: GraphicsAPI, allowsProcessor: Bool) {
      self.api = api
      self.allowsProcessor = allowsProcessor
    }
  }

  /// What is tried, in turn: a GPU before the processor, and of two GPUs' ways OpenGL, whose drivers also look after
  /// surfaces that a decoder writes again.
  package var attempts: [Attempt] {
    switch self {
    case .auto: [false, true].flatMap { isLast in GraphicsAPI.allCases.map { Attempt($0, allowsProcessor: isLast) } }
    case .opengl: [Attempt(.openGL, allowsProcessor: true)]
    case .vulkan: [Attempt(.vulkan, allowsProcessor: true)]
    }
  }
}
