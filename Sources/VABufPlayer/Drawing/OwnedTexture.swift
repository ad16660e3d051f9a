internal import CPlacebo

/// Owns a texture.
struct OwnedTexture: ~Copyable {
  private(set) var texture: vabuf_pl_tex?
  let device: any GraphicsDevice

  init(_ device: any GraphicsDevice) { self.device = device }

  /// Takes one over.
  init(_ device: any GraphicsDevice, adopting texture: vabuf_pl_tex) {
    self.device = device
    self.texture = texture
  }

  /// Makes one; nil where the driver refuses.
  init?(_ device: any GraphicsDevice, _ parameters: pl_tex_params) {
    self.device = device
    var parameters = parameters
    texture = pl_tex_create(device.gpu, &parameters)
    if texture == nil { return nil }
  }

  deinit {
    var texture = texture
    pl_tex_destroy(device.gpu, &texture)
  }

  /// Writes a plane, into the texture that there is or into a new one where that does not fit.
  mutating func upload(_ data: inout pl_plane_data, _ plane: inout pl_plane) -> Bool {
    pl_upload_plane(device.gpu, &plane, &texture, &data)
  }

  /// Waits until nothing reads it any more. OpenGL answers at once: there the driver itself keeps who writes the memory
  /// waiting.
  func finish() {
    while !device.isLost, pl_tex_poll(device.gpu, texture, .max) {}
  }
}
