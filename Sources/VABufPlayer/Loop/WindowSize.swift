internal import PlayerPolicy
internal import VABuf

/// How large a window is at first.
enum WindowSize {
  private static let most = (width: 1280.0, height: 720.0)

  /// The picture's own size where that is small enough for any screen, else less, in its shape.
  static func fitting(_ stream: StreamInfo?) -> (width: Int, height: Int) {
    guard let stream else { return (Int(most.width), Int(most.height)) }
    let shape = PictureFit.shape(
      width: stream.width, height: stream.height, pixelAspect: stream.sampleAspectRatio.value,
      quarterTurns: PictureFit.quarterTurns(counterClockwise: stream.rotation))
    let scale = min(1, most.width / shape.width, most.height / shape.height)
    return (max(320, Int(shape.width * scale)), max(180, Int(shape.height * scale)))
  }
}
