internal import CAVCodec
internal import CAVFormat
internal import CAVUtil
internal import CSWScale
internal import CVABufShims
internal import FrameModel
internal import Glibc
internal import Synchronization

/// What is known of damage that a decoder met.
package struct DamageSigns: Hashable, Sendable {
  /// A picture refers to one that the decoder does not have: damage, or decoding began in between.
  package var missesReferences = false
  /// Samples could not be decoded: a packet was rejected, something was concealed, or a part of the frame that came out
  /// was not written.
  package var losesSamples = false
  /// That was found in the frame that came out: a part of it was not written.
  package var leavesOut = false
  /// H.264 counts pictures that are not there. Encoders may leave some out (`gaps_in_frame_num_allowed_flag`), and where
  /// decoding begins in between there are none: no damage by itself.
  package var skipsPictures = false
  /// The packets (`Packet.tag`) of other pictures that the decoder did not write to the end.
  package var unwritten: Set<Int64> = []

  package init() {}

  /// Nothing is damaged.
  package var isEmpty: Bool { !missesReferences && !losesSamples && !leavesOut && unwritten.isEmpty }
}

/// Gathers the signs of damage from one decoder: what it logs and rejects, and pictures that it does not write to the
/// end.
///
/// libavcodec itself tells less: FFmpeg 5.1 loses `decode_error_flags` where another frame thread gives the picture out,
/// and HEVC and VP8 decoders leave out what they cannot decode without a word.
final class DamageWatch: Sendable {
  private let signs = Mutex(DamageSigns())
  private let marked = Mutex(MarkedPictures())
  /// Packets without a picture, which the decoder is about to reject: nothing is wrong with the others.
  private let emptyPackets = Atomic(0)

  /// What the decoder met since this was last asked.
  func take() -> DamageSigns {
    signs.withLock { signs in
      defer { signs = DamageSigns() }
      return signs
    }
  }

  /// The decoder rejected a packet.
  func noteRejection() {
    if emptyPackets.load(ordering: .relaxed) > 0 {
      emptyPackets.subtract(1, ordering: .relaxed)
    } else {
      signs.withLock { $0.losesSamples = true }
    }
  }

  func forget() {
    emptyPackets.store(0, ordering: .relaxed)
    signs.withLock { $0 = DamageSigns() }
    marked.withLock { $0 = MarkedPictures() }
  }

  func note(line: UnsafePointer<CChar>) {
    if strcmp(line, "no frame!\n") == 0 {
      emptyPackets.add(1, ordering: .relaxed)
      return
    }
    if strncmp(line, "Frame num gap", 13) == 0 {
      signs.withLock { $0.skipsPictures = true }
      return
    }
    if Self.harmlessLines.contains(where: { strcmp(line, $0) == 0 }) { return }
    let isReference = Self.referenceLines.contains { strncmp(line, $0, $0.utf8.count) == 0 }
    signs.withLock { signs in
      if isReference { signs.missesReferences = true } else { signs.losesSamples = true }
    }
  }

  /// Errors that no sample depends on: what is to be forgotten is not there; H.261 has no keyframes.
  private static let harmlessLines = ["mmco: unref short failure\n", "warning: first frame is no keyframe\n"]

  /// How the lines begin that decoders of H.264 and HEVC write when a picture refers to one that they do not have.
  private static let referenceLines = [
    "reference picture missing during reorder", "Missing reference picture",
    "co located POCs unavailable", "number of reference frames", "Could not find ref with POC",
    "First slice in a frame missing",
  ]

  /// Codecs whose pictures are predicted from others that come out later or never, and that say nothing of what they
  /// could not decode. Decoders of some other codecs take memory and leave it as it is.
  private static let reorderingCodecs: Set<UInt32> = [
    AV_CODEC_ID_H264.rawValue, AV_CODEC_ID_HEVC.rawValue, AV_CODEC_ID_VP8.rawValue, AV_CODEC_ID_VP9.rawValue,
  ]

  /// Prepares memory for a picture, so that what is not decoded can be told.
  func mark(_ frame: UnsafeMutablePointer<AVFrame>, _ buffer: any HostBuffer, rows: Int, _ codec: AVCodecID) {
    let (base, stride, tag) = (buffer.baseAddress, Int(frame.pointee.linesize.0), frame.pointee.pts)
    UnwrittenSamples.mark(base, stride: stride, rows: rows)
    guard Self.reorderingCodecs.contains(codec.rawValue), tag != VABUF_NOPTS_VALUE,
      let address = PictureMemory.address(of: frame)
    else { return }
    let rowBytes = Int(av_image_get_linesize(AVPixelFormat(frame.pointee.format), frame.pointee.width, 0))
    let picture = MarkedPictures.Picture(
      tag: tag, plane: base, stride: stride, rowBytes: rowBytes, rows: Int(frame.pointee.height))
    marked.withLock { $0.insert(picture, at: address) }
  }

  /// A frame came out of the decoder.
  func check(_ frame: borrowing Frame) {
    let picture = frame.pointer
    guard let address = PictureMemory.address(of: picture), let start = picture.pointee.data.0,
      let base = PictureMemory.buffer(of: picture)?.baseAddress
    else { return }
    let (isKnown, unwritten) = marked.withLock { marked in
      (marked.take(address), frame.packetTag.map { marked.check(upTo: $0) } ?? [])
    }
    let rowBytes = Int(av_image_get_linesize(AVPixelFormat(picture.pointee.format), picture.pointee.width, 0))
    let isUnwritten =
      !isKnown
      && UnwrittenSamples.remain(
        in: base, stride: Int(picture.pointee.linesize.0), offset: UnsafeMutableRawPointer(start) - base,
        rowBytes: rowBytes, rows: frame.height)
    guard isUnwritten || !unwritten.isEmpty else { return }
    signs.withLock { signs in
      if isUnwritten { (signs.losesSamples, signs.leavesOut) = (true, true) }
      signs.unwritten.formUnion(unwritten)
    }
  }

  /// FFmpeg no longer refers to the picture in this memory.
  func pictureIsFreed(_ address: UInt) {
    guard let unwritten = marked.withLock({ $0.check(at: address) }) else { return }
    signs.withLock { _ = $0.unwritten.insert(unwritten) }
  }
}
