internal import CPlacebo
internal import FrameModel
internal import PlayerPolicy

/// Where a frame lies on the screen.
enum PlayerGeometry {
  /// libplacebo turns clockwise, by quarters.
  static func rotation(_ frame: FrameDescriptor) -> pl_rotation {
    pl_rotation(PictureFit.quarterTurns(counterClockwise: frame.rotation))
  }

  static func rectangle(_ frame: FrameDescriptor, inWidth width: Int, height: Int) -> pl_rect2df {
    let fit = PictureFit(
      width: frame.layout.width, height: frame.layout.height, pixelAspect: frame.sampleAspectRatio.value,
      quarterTurns: PictureFit.quarterTurns(counterClockwise: frame.rotation), inWidth: width, height: height)
    return pl_rect2df(
      x0: Float(fit.left), y0: Float(fit.top), x1: Float(fit.left + fit.width), y1: Float(fit.top + fit.height))
  }
}
