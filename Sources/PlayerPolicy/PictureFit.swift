/// Where a picture lies in a window: as large as fits, its shape kept, in the middle.
package struct PictureFit: Hashable, Sendable {
  package var left: Double
  package var top: Double
  package var width: Double
  package var height: Double

  /// - Parameters:
  ///   - pixelAspect: width of a pixel divided by its height; anything that is not above 0 counts as 1.
  ///   - quarterTurns: by how many quarters the picture is turned.
  package init(
    width: Int, height: Int, pixelAspect: Double, quarterTurns: Int, inWidth windowWidth: Int,
    height windowHeight: Int
  ) {
    let shape = Self.shape(width: width, height: height, pixelAspect: pixelAspect, quarterTurns: quarterTurns)
    let (outerWidth, outerHeight) = (Double(max(1, windowWidth)), Double(max(1, windowHeight)))
    let scale = min(outerWidth / shape.width, outerHeight / shape.height)
    self.width = max(1, (shape.width * scale).rounded())
    self.height = max(1, (shape.height * scale).rounded())
    left = ((outerWidth - self.width) / 2).rounded(.down)
    top = ((outerHeight - self.height) / 2).rounded(.down)
  }

  /// How large a picture is on a screen with square pixels.
  package static func shape(
    width: Int, height: Int, pixelAspect: Double, quarterTurns: Int
  ) -> (width: Double, height: Double) {
    let aspect = pixelAspect.isFinite && pixelAspect > 0 ? pixelAspect : 1
    // Never fewer samples than there are, in either direction.
    let wide = Double(max(1, width)) * max(1, aspect)
    let high = Double(max(1, height)) / min(1, aspect)
    return quarterTurns % 2 == 0 ? (wide, high) : (high, wide)
  }

  /// Clockwise quarters, 0 to 3, for counter-clockwise degrees.
  package static func quarterTurns(counterClockwise degrees: Double) -> Int {
    guard degrees.isFinite else { return 0 }
    let quarters = Int((-degrees / 90).rounded().truncatingRemainder(dividingBy: 4))
    return (quarters + 4) % 4
  }
}
