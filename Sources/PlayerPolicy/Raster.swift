/// Rows of red, green and blue bytes, to draw on.
package struct Raster: Sendable {
  package let width: Int
  package let height: Int
  /// Three bytes a pixel, without padding.
  package private(set) var bytes: [UInt8]

  package init(width: Int, height: Int, gray: UInt8) {
    self.width = width
    self.height = height
    bytes = [UInt8](repeating: gray, count: width * height * 3)
  }

  /// Copies a picture of the same kind to a place within this one.
  package mutating func put(_ picture: [UInt8], width: Int, height: Int, x: Int, y: Int) {
    precondition(picture.count == width * height * 3 && x >= 0 && y >= 0, "a picture of another size")
    precondition(x + width <= self.width && y + height <= self.height, "a picture beyond the edge")
    for row in 0..<height {
      let from = row * width * 3
      let to = ((y + row) * self.width + x) * 3
      bytes.replaceSubrange(to..<to + width * 3, with: picture[from..<from + width * 3])
    }
  }

  /// Writes text in white; what lies beyond the edge is cut off.
  package mutating func text(_ text: String, x: Int, y: Int, dot: Int) {
    for (index, character) in text.enumerated() {
      let letter = BitmapFont.index(of: character)
      for row in 0..<BitmapFont.height * dot {
        for column in 0..<BitmapFont.width * dot
        where BitmapFont.hasDot(letter, x: column / dot, y: row / dot) {
          let (left, top) = (x + index * BitmapFont.advance * dot + column, y + row)
          guard left < width, top < height else { continue }
          let at = (top * width + left) * 3
          for offset in 0..<3 { bytes[at + offset] = 235 }
        }
      }
    }
  }
}

extension Raster {
  /// A picture turned clockwise by quarters.
  package static func turned(_ bytes: [UInt8], width: Int, height: Int, quarterTurns: Int) -> [UInt8] {
    guard quarterTurns % 4 != 0 else { return bytes }
    var turned = [UInt8](repeating: 0, count: bytes.count)
    let (newWidth, newHeight) = quarterTurns % 2 == 0 ? (width, height) : (height, width)
    for y in 0..<newHeight {
      for x in 0..<newWidth {
        let (fromX, fromY) =
          switch quarterTurns % 4 {
          case 1: (y, height - 1 - x)
          case 2: (width - 1 - x, height - 1 - y)
          default: (width - 1 - y, x)
          }
        let (from, to) = ((fromY * width + fromX) * 3, (y * newWidth + x) * 3)
        for offset in 0..<3 { turned[to + offset] = bytes[from + offset] }
      }
    }
    return turned
  }
}
