internal import FFmpegMedia
package import FrameModel

/// What can be made of a decoded picture.
package enum PictureExport {
  /// The MD5 of all bytes that `body` gives out, in lower-case hexadecimal digits.
  package static func md5(
    _ what: String, _ body: ((UnsafeRawBufferPointer) -> Void) -> Void
  ) throws(VABufError) -> String {
    do {
      var digest = try MD5()
      digest.update(body)
      return digest.finish()
    } catch {
      throw error.error(.encodingFailed, what: what, remedy: "free memory")
    }
  }

  /// The picture as a PNG file.
  package static func png(
    _ descriptor: FrameDescriptor, base: UnsafeMutableRawPointer
  ) throws(VABufError) -> [UInt8] {
    do {
      return try PictureEncoder.png(descriptor, base: base)
    } catch {
      throw error.error(
        .encodingFailed, what: "frame \(descriptor.number) as PNG",
        remedy: "take its raw samples (\(descriptor.layout.format.name)) instead")
    }
  }

  /// The picture in red, green and blue bytes, scaled.
  package static func rgb(
    _ descriptor: FrameDescriptor, base: UnsafeMutableRawPointer, width: Int, height: Int
  ) throws(VABufError) -> [UInt8] {
    do {
      return try PictureEncoder.rgb(descriptor, base: base, width: width, height: height)
    } catch {
      throw error.error(
        .encodingFailed, what: "frame \(descriptor.number) in RGB",
        remedy: "take its raw samples (\(descriptor.layout.format.name)) instead")
    }
  }

  /// Red, green and blue bytes as a PNG file.
  package static func png(rgb bytes: [UInt8], width: Int, height: Int) throws(VABufError) -> [UInt8] {
    do {
      return try PictureEncoder.png(rgb: bytes, width: width, height: height)
    } catch {
      throw error.error(.encodingFailed, what: "\(width)x\(height) as PNG", remedy: "make it smaller")
    }
  }
}
