internal import CAVCodec
internal import CAVFormat
internal import CAVUtil
internal import CSWScale

/// Owns an `AVMD5`: the digest that FFmpeg's framemd5 prints.
package struct MD5: ~Copyable {
  private let pointer: OpaquePointer

  package init() throws(FFmpegError) {
    pointer = try checkMemory("av_md5_alloc", av_md5_alloc())
    av_md5_init(pointer)
  }

  deinit { av_free(UnsafeMutableRawPointer(pointer)) }

  package mutating func update(_ bytes: UnsafeRawBufferPointer) {
    guard let start = bytes.baseAddress else { return }
    av_md5_update(pointer, start.assumingMemoryBound(to: UInt8.self), bytes.count)
  }

  /// Takes all bytes that `body` gives out.
  package mutating func update(_ body: ((UnsafeRawBufferPointer) -> Void) -> Void) {
    let pointer = pointer
    body { bytes in
      guard let start = bytes.baseAddress else { return }
      av_md5_update(pointer, start.assumingMemoryBound(to: UInt8.self), bytes.count)
    }
  }

  /// 32 lower-case hexadecimal digits.
  package consuming func finish() -> String {
    var digest = [UInt8](repeating: 0, count: 16)
    av_md5_final(pointer, &digest)
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }
}
