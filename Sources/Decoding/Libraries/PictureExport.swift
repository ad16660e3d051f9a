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
}
