internal import FFmpegMedia
package import FrameModel
public import VABuf

/// The MD5 of frames, as `ffmpeg -f framemd5` prints it.
public enum FrameDigest {
  /// Of a leased frame.
  public static func md5(_ lease: FrameLease) throws -> String {
    var digest = try MD5()
    lease.forEachRow { digest.update($0) }
    return digest.finish()
  }

  /// Of a picture in memory.
  package static func md5(_ layout: PictureLayout, base: UnsafeRawPointer) throws -> String {
    var digest = try MD5()
    for plane in layout.planes {
      for row in 0..<plane.rows {
        digest.update(UnsafeRawBufferPointer(start: base + plane.offset + row * plane.stride, count: plane.rowBytes))
      }
    }
    return digest.finish()
  }
}
