import FFmpegMedia
import Foundation
import FrameModel
import VABufTestKit

/// Decodes a file from its start, as a program without vabuf would.
struct LinearDecode: ~Copyable {
  var format: FormatContext
  var codec: CodecContext
  let stream: Int
  var packet: Packet
  private var isAtEnd = false

  init(_ path: String, threads: Int, _ allocator: any HostAllocator) throws {
    var opened = try FormatContext.opened(path)
    let number = opened.videoStreams.first?.index ?? 0
    opened.select(stream: number)
    let decoder = try CodecContext(
      stream: number, of: opened, options: DecoderOptions(threads: threads), allocator: allocator)
    let packet = try Packet()
    codec = decoder
    format = opened
    stream = number
    self.packet = packet
  }

  /// The next frame; nil at the end.
  mutating func next() throws -> Frame? {
    while true {
      let frame = try Frame()
      switch codec.receive(into: frame) {
      case .done:
        if let error = codec.takeAllocationError() { throw error }
        return frame
      case .ended:
        if let error = codec.takeAllocationError() { throw error }
        return nil
      case .failed: if let error = codec.takeAllocationError() { throw error }
      case .again:
        packet.unref()
        guard !isAtEnd, case .packet = format.read(into: &packet) else {
          isAtEnd = true
          codec.drain()
          continue
        }
        guard packet.streamIndex == stream else { continue }
        if case .failed = codec.send(packet), let error = codec.takeAllocationError() { throw error }
      }
    }
  }

  /// Goes back to the start with the same decoder.
  mutating func restart(_ path: String) throws {
    format = try FormatContext.opened(path)
    format.select(stream: stream)
    isAtEnd = false
    codec.flush()
  }
}

extension FormatContext {
  /// A file of which libavformat has found out all that it can.
  static func opened(_ path: String) throws(FFmpegError) -> FormatContext {
    var format = try FormatContext(path: path, interrupt: InterruptFlag())
    try format.findStreams()
    return format
  }
}

extension Frame {
  func md5() throws -> String {
    var digest = try MD5()
    guard let shape = shape(known: nil) else { return "" }
    forEachRow(shape) { digest.update($0) }
    return digest.finish()
  }
}

/// A frame in a list.
final class Kept {
  let frame: Frame
  init(_ frame: consuming Frame) { self.frame = frame }
}
