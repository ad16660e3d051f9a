internal import CAVCodec
internal import CAVFormat
internal import CAVUtil
internal import CSWScale

/// Owns an `AVPacket`: one compressed piece of a stream.
///
/// Used by one thread at a time.
package struct Packet: ~Copyable {
  let pointer: UnsafeMutablePointer<AVPacket>

  package init() throws(FFmpegError) {
    pointer = try checkMemory("av_packet_alloc", av_packet_alloc())
  }

  deinit {
    var packet: UnsafeMutablePointer<AVPacket>? = pointer
    av_packet_free(&packet)
  }

  /// Which stream of the file it belongs to.
  package var streamIndex: Int { Int(pointer.pointee.stream_index) }
  /// Presentation time in the stream's time base; nil where the file gives none.
  package var pts: Int64? { known(pointer.pointee.pts) }
  /// Decoding time in the stream's time base; nil where the file gives none.
  package var dts: Int64? { known(pointer.pointee.dts) }
  /// Ticks for which the picture is shown; 0 where the file does not say.
  package var duration: Int64 { pointer.pointee.duration }
  /// Byte position in the file; negative where unknown.
  package var position: Int64 { pointer.pointee.pos }
  package var byteCount: Int { Int(pointer.pointee.size) }
  /// The container or parser calls it a keyframe. Not a proof.
  package var isKey: Bool { pointer.pointee.flags & AV_PKT_FLAG_KEY != 0 }
  /// The demuxer saw damage.
  package var isCorrupt: Bool { pointer.pointee.flags & AV_PKT_FLAG_CORRUPT != 0 }
  /// An edit list hides its picture: decode it, show nothing.
  package var isDiscarded: Bool { pointer.pointee.flags & AV_PKT_FLAG_DISCARD != 0 }

  /// The packet carries something that the decoder keeps for those after it: a palette, new codec headers or other
  /// parameters. Demuxers attach it once, not again after a seek.
  package var changesDecoder: Bool {
    [AV_PKT_DATA_PALETTE, AV_PKT_DATA_NEW_EXTRADATA, AV_PKT_DATA_PARAM_CHANGE].contains {
      av_packet_get_side_data(pointer, $0, nil) != nil
    }
  }

  /// Marks the packet with a number that every frame decoded from it will carry (`Frame.packetTag`).
  ///
  /// The tag travels as the PTS, which libavcodec copies from a packet to its frames through all reordering and
  /// which no decoder's output depends on; the real timestamps are in the index.
  package mutating func tag(_ number: Int64) {
    pointer.pointee.pts = number
    pointer.pointee.dts = number
  }

  package mutating func unref() {
    av_packet_unref(pointer)
  }

  /// Moves the compressed bytes to memory that begins at a multiple of 16, unless they lie so.
  package mutating func align() throws(FFmpegError) {
    guard let data = pointer.pointee.data, UInt(bitPattern: data) % 16 != 0 else { return }
    let size = Int(pointer.pointee.size)
    // av_malloc aligns for the widest vectors. What lies behind the bytes must be 0.
    let moved = try checkMemory("av_buffer_allocz", av_buffer_allocz(size + Int(AV_INPUT_BUFFER_PADDING_SIZE)))
    moved.pointee.data.update(from: data, count: size)
    av_buffer_unref(&pointer.pointee.buf)
    pointer.pointee.buf = moved
    pointer.pointee.data = moved.pointee.data
  }

  /// The compressed bytes, valid during the call.
  package func withBytes<R, E: Error>(_ body: (UnsafeRawBufferPointer) throws(E) -> R) throws(E) -> R {
    try body(UnsafeRawBufferPointer(start: pointer.pointee.data, count: Int(pointer.pointee.size)))
  }

  private func known(_ time: Int64) -> Int64? { time == VABUF_NOPTS_VALUE ? nil : time }
}
