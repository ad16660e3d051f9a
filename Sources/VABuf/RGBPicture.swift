internal import Decoding
public import FrameModel

/// A picture of red, green and blue bytes: what thumbnails and contact sheets are made of.
public struct RGBPicture: Hashable, Sendable {
  /// Width in pixels.
  public let width: Int
  /// Height in pixels.
  public let height: Int
  /// Three bytes a pixel, row after row, without padding.
  public let bytes: [UInt8]

  /// Makes a picture; there must be `width * height * 3` bytes.
  public init(width: Int, height: Int, bytes: [UInt8]) {
    precondition(width > 0 && height > 0 && bytes.count == width * height * 3, "bytes of another size")
    self.width = width
    self.height = height
    self.bytes = bytes
  }

  /// The picture as a PNG file. It takes as long as an encoder takes: not for Swift's cooperative threads.
  ///
  /// - Throws: `VABufError` with code `encodingFailed`.
  public func pngData() throws(VABufError) -> [UInt8] {
    try PictureExport.png(rgb: bytes, width: width, height: height)
  }
}

extension FrameLease {
  /// The frame in red, green and blue, scaled to a size; colours as in `pngData`, not rotated, opacity left out.
  ///
  /// The lease must have the samples in host memory. Scaling takes milliseconds of the calling thread.
  ///
  /// - Throws: `VABufError` with code `encodingFailed`.
  public func rgbPicture(width: Int, height: Int) throws(VABufError) -> RGBPicture {
    precondition(width > 0 && height > 0, "a picture of \(width)x\(height)")
    let described = hostDescriptor
    return try withMemory { base throws(VABufError) in
      RGBPicture(
        width: width, height: height,
        bytes: try PictureExport.rgb(described, base: base, width: width, height: height))
    }
  }
}
