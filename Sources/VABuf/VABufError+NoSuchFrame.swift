internal import FrameModel

extension VABufError {
  /// Says that a stream has no frame of a number, and which it has.
  ///
  /// - Parameter frameCount: how many frames there are; nil where nobody knows.
  static func noSuchFrame(_ frame: Int, of frameCount: Int?) -> VABufError {
    let why =
      switch frameCount {
      case nil: "frames are numbered from 0"
      case 0: "the stream has no frame"
      case 1: "the stream has one frame, 0"
      case let count?: "the stream has \(count) frames, 0 to \(count - 1)"
      }
    return VABufError(
      .noSuchFrame, what: "frame \(frame)", why: why,
      remedy: frameCount == 0 ? "check the file" : "ask for a frame within the stream")
  }
}
