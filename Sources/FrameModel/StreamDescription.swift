/// What a container says of one video stream.
package struct StreamDescription: Hashable, Sendable {
  /// The stream's number in the file.
  package var index: Int
  /// FFmpeg's name of the codec, as `h264`.
  package var codec: String
  /// FFmpeg's name of the profile, as `High`; nil where unknown.
  package var profile: String?
  package var width: Int
  package var height: Int
  package var pixelFormat: PixelFormat?
  /// Seconds for each tick of the stream's timestamps.
  package var timeBase: Rational
  /// Frames a second on average; 0/0 where unknown.
  package var averageFrameRate: Rational
  /// The base frame rate, used where there are no timestamps; 0/0 where unknown.
  package var nominalFrameRate: Rational
  /// Counter-clockwise degrees by which pictures must be turned for display.
  package var rotation: Double
  package var sampleAspectRatio: Rational
  /// How many pictures the decoder holds back for reordering, as far as FFmpeg's probing knows.
  package var reorderDepth: Int
  /// Its pictures are fields, or frames of two, or may be: of H.264 by its first parameter sets, else as far as FFmpeg's
  /// probing knows.
  package var isInterlaced: Bool
  /// It has luma alone, and FFmpeg makes up the chroma of 4:2:0, as it does for H.264: by one of its first parameter sets.
  package var hasMadeUpChroma = false
  /// A cover picture, not a moving one.
  package var isAttachedPicture: Bool
  /// Ticks; nil where the container does not say.
  package var duration: Int64?

  package init(
    index: Int, codec: String, profile: String?, width: Int, height: Int, pixelFormat: PixelFormat?,
    timeBase: Rational, averageFrameRate: Rational, nominalFrameRate: Rational, rotation: Double,
    sampleAspectRatio: Rational, reorderDepth: Int, isInterlaced: Bool = false, isAttachedPicture: Bool,
    duration: Int64?
  ) {
    self.index = index
    self.codec = codec
    self.profile = profile
    self.width = width
    self.height = height
    self.pixelFormat = pixelFormat
    self.timeBase = timeBase
    self.averageFrameRate = averageFrameRate
    self.nominalFrameRate = nominalFrameRate
    self.rotation = rotation
    self.sampleAspectRatio = sampleAspectRatio
    self.reorderDepth = reorderDepth
    self.isInterlaced = isInterlaced
    self.isAttachedPicture = isAttachedPicture
    self.duration = duration
  }
}
