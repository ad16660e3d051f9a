/// Red, green, blue and opacity, 0 to 1.
package struct Color: Hashable, Sendable {
  package var red: Float
  package var green: Float
  package var blue: Float
  package var alpha: Float

  package init(_ red: Float, _ green: Float, _ blue: Float, _ alpha: Float = 1) {
    (self.red, self.green, self.blue, self.alpha) = (red, green, blue, alpha)
  }
}

/// Boxes and letters over a picture, later ones on top of earlier ones: what the overlay is made of.
package struct Canvas: Sendable {
  /// A box of one colour, or one letter.
  package struct Part: Hashable, Sendable {
    /// The letter's number in `BitmapFont`; nil for a box.
    package var letter: Int?
    package var left: Int
    package var top: Int
    package var width: Int
    package var height: Int
    package var color: Color
  }

  /// The window, in pixels.
  package let width: Int
  package let height: Int
  /// Pixels for each dot of a letter.
  package let dot: Int
  package private(set) var parts: [Part] = []

  package init(width: Int, height: Int) {
    self.width = width
    self.height = height
    dot = Self.dot(forHeight: height)
  }

  /// Letters are about a fiftieth of the window high: 14 pixels in 540 rows, 21 in 1080, 42 in 2160.
  package static func dot(forHeight height: Int) -> Int { max(1, min(16, (height + 180) / 360)) }

  package mutating func box(_ left: Int, _ top: Int, _ width: Int, _ height: Int, _ color: Color) {
    guard width > 0, height > 0 else { return }
    parts.append(Part(letter: nil, left: left, top: top, width: width, height: height, color: color))
  }

  /// Writes a line of text.
  package mutating func text(_ text: String, _ left: Int, _ top: Int, _ color: Color) {
    var x = left
    for character in text {
      if character != " " {
        parts.append(
          Part(
            letter: BitmapFont.index(of: character), left: x, top: top, width: BitmapFont.width * dot,
            height: BitmapFont.height * dot, color: color))
      }
      x += BitmapFont.advance * dot
    }
  }

  /// How wide so many letters are.
  package func width(ofLetters count: Int) -> Int { max(0, count * BitmapFont.advance - 1) * dot }
}
