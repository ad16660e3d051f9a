internal import Decoding
public import FrameModel

extension FrameLease {
  /// The MD5 of the visible samples, as `ffmpeg -noautorotate -i FILE -autoscale 0 -f framemd5 -` prints it; of a damaged stream with
  /// `-threads 1`.
  ///
  /// - Throws: `VABufError` with code `encodingFailed` when memory is out.
  public func md5() throws(VABufError) -> String {
    try PictureExport.md5("MD5 of frame \(number)") { update in forEachRow(update) }
  }

  /// The frame as a PNG file: 8 bits a sample, 16 where the frame has more; opacity is kept, the picture not rotated.
  ///
  /// Colours follow the frame's matrix and range. Where the stream does not say, they are taken as players take them:
  /// BT.709 from 720 rows on and BT.601 below, limited range. It takes tens of milliseconds of the calling thread, for
  /// 4K pictures some hundred.
  ///
  /// - Throws: `VABufError` with code `encodingFailed`.
  public func pngData() throws(VABufError) -> [UInt8] {
    let described = hostDescriptor
    return try withMemory { base throws(VABufError) in try PictureExport.png(described, base: base) }
  }

  /// The descriptor with the planes as they lie in host memory: a frame that was downloaded has other strides than the
  /// decoder's.
  var hostDescriptor: FrameDescriptor {
    var described = descriptor
    if let picture { described.layout.planes = picture.planes }
    return described
  }
}
