internal import CPlacebo
internal import PlayerPolicy

/// The letters as a texture, in the size in which they are drawn, and what of it makes up a canvas.
///
/// One row of letters, and behind them a box that is white all over.
final class OverlayTextures {
  private let device: any GraphicsDevice
  private var letters: OwnedTexture?
  private var dot = 0

  init(_ device: any GraphicsDevice) { self.device = device }

  /// The texture for a size of letters; nil where the driver has no room for it.
  func texture(dot: Int) -> vabuf_pl_tex? {
    if dot != self.dot {
      letters = make(dot)
      self.dot = dot
    }
    switch letters {
    case .some(let letters): return letters.texture
    case .none: return nil
    }
  }

  private func make(_ dot: Int) -> OwnedTexture? {
    let (width, height) = (BitmapFont.width * dot, BitmapFont.height * dot)
    let rowBytes = (BitmapFont.count + 1) * width
    var bytes = [UInt8](repeating: 0, count: rowBytes * height)
    for letter in 0...BitmapFont.count {
      for y in 0..<height {
        for x in 0..<width
        where letter == BitmapFont.count || BitmapFont.hasDot(letter, x: x / dot, y: y / dot) {
          bytes[y * rowBytes + letter * width + x] = 255
        }
      }
    }
    var parameters = pl_tex_params()
    parameters.w = Int32(rowBytes)
    parameters.h = Int32(height)
    parameters.sampleable = true
    parameters.format = pl_find_fmt(
      device.gpu, PL_FMT_UNORM, 1, 8, 8, pl_fmt_caps(PL_FMT_CAP_SAMPLEABLE.rawValue | PL_FMT_CAP_LINEAR.rawValue))
    guard parameters.format != nil else { return nil }
    let texture = bytes.withUnsafeBytes {
      parameters.initial_data = $0.baseAddress
      return pl_tex_create(device.gpu, &parameters)
    }
    return texture.map { OwnedTexture(device, adopting: $0) }
  }

  /// The parts of a canvas, as libplacebo takes them.
  static func parts(_ canvas: Canvas) -> [pl_overlay_part] {
    let (width, height) = (Float(BitmapFont.width * canvas.dot), Float(BitmapFont.height * canvas.dot))
    return canvas.parts.map { part in
      var shown = pl_overlay_part()
      let left = Float(part.letter ?? BitmapFont.count) * width
      // Of the white box only its inside: at its edge a letter would be sampled, too.
      shown.src =
        part.letter == nil
        ? pl_rect2df(x0: left + width / 2, y0: height / 2, x1: left + width / 2, y1: height / 2)
        : pl_rect2df(x0: left, y0: 0, x1: left + width, y1: height)
      shown.dst = pl_rect2df(
        x0: Float(part.left), y0: Float(part.top), x1: Float(part.left + part.width),
        y1: Float(part.top + part.height))
      shown.color = (part.color.red, part.color.green, part.color.blue, part.color.alpha)
      return shown
    }
  }
}
