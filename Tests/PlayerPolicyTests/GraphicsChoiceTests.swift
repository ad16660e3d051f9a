import PlayerPolicy
import Testing

@Suite("What draws")
struct GraphicsChoiceTests {
  @Test("a GPU before the processor, OpenGL before Vulkan; what is asked for is all that is tried")
  func order() {
    func attempts(_ choice: GraphicsChoice) -> [String] {
      choice.attempts.map { $0.api.rawValue + ($0.allowsProcessor ? " anywhere" : " on a GPU") }
    }
    #expect(attempts(.auto) == ["OpenGL on a GPU", "Vulkan on a GPU", "OpenGL anywhere", "Vulkan anywhere"])
    #expect(attempts(.opengl) == ["OpenGL anywhere"])
    #expect(attempts(.vulkan) == ["Vulkan anywhere"])
  }
}
