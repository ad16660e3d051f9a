/// There is nothing to draw on: no display, or neither OpenGL nor Vulkan on it.
package struct DisplayUnavailable: Error, Hashable, Sendable {
  /// What is missing, and what the system says of it.
  package let reason: String
}
