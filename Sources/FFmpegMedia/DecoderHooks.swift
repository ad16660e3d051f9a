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
  /// The packets (`Packet.tag`) of other pictures that the decoder did not write to the end.
  package var unwritten: Set<Int64> = []

  package var isEmpty: Bool { self == DamageSigns() }
}

/// What libavcodec calls back from its threads while it decodes; lives as long as its codec context.
final class DecoderHooks: Sendable {
  private let allocator: any HostAllocator
  private let lastError = Mutex<VABufError?>(nil)

  private let clearsMemory: Bool

  init(_ allocator: any HostAllocator, clearsMemory: Bool) {
    self.allocator = allocator
    self.clearsMemory = clearsMemory
  }

  func takeError() -> VABufError? { lastError.withLock { $0.take() } }

  private let damage = Mutex(DamageSigns())
  private let marked = Mutex(MarkedPictures())
  /// Packets without a picture, which the decoder is about to reject: nothing is wrong with the others.
  private let emptyPackets = Atomic(0)

  /// What the decoder met since this was last asked.
  func takeDamage() -> DamageSigns {
    damage.withLock { signs in
      defer { signs = DamageSigns() }
      return signs
    }
  }

  /// The decoder rejected a packet.
  func noteRejection() {
    if emptyPackets.load(ordering: .relaxed) > 0 {
      emptyPackets.subtract(1, ordering: .relaxed)
    } else {
      damage.withLock { $0.losesSamples = true }
    }
  }

  func forgetDamage() {
    emptyPackets.store(0, ordering: .relaxed)
    damage.withLock { $0 = DamageSigns() }
    marked.withLock { $0 = MarkedPictures() }
  }

  /// Learns from the log what decoders of ours conceal; once for the process.
  static let watchLog: Void = vabuf_watch_decoders(getBuffer) { opaque, format in
    guard let opaque, let format else { return }
    Unmanaged<DecoderHooks>.fromOpaque(opaque).takeUnretainedValue().note(line: format)
  }

  private func note(line: UnsafePointer<CChar>) {
    if strcmp(line, "no frame!\n") == 0 {
      emptyPackets.add(1, ordering: .relaxed)
      return
    }
    if Self.harmlessLines.contains(where: { strcmp(line, $0) == 0 }) { return }
    let isReference = Self.referenceLines.contains { strncmp(line, $0, $0.utf8.count) == 0 }
    damage.withLock { signs in
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

  /// `AVCodecContext.get_buffer2`: memory for one picture, from the pool where the decoder can use ours.
  static let getBuffer:
    @convention(c) (UnsafeMutablePointer<AVCodecContext>?, UnsafeMutablePointer<AVFrame>?, Int32) -> Int32 = {
      context, frame, flags in
      guard let context, let frame, let opaque = context.pointee.opaque else { return VABUF_ERROR_ENOMEM }
      let capabilities = context.pointee.codec.pointee.capabilities
      guard capabilities & AV_CODEC_CAP_DR1 != 0, PixelFormat(AVPixelFormat(frame.pointee.format)) != nil else {
        return avcodec_default_get_buffer2(context, frame, flags)
      }
      return Unmanaged<DecoderHooks>.fromOpaque(opaque).takeUnretainedValue().allocate(context, frame)
    }

  /// FFmpeg 5.1 refuses frame threads with a get_buffer2 that is not declared thread-safe; ours is. The member is
  /// gone in later versions, where it is always so.
  static func allowFrameThreads(_ context: UnsafeMutablePointer<AVCodecContext>) {
    vabuf_allow_threaded_callbacks(context)
  }

  private func allocate(
    _ context: UnsafeMutablePointer<AVCodecContext>, _ frame: UnsafeMutablePointer<AVFrame>
  ) -> Int32 {
    var width = frame.pointee.width
    var height = frame.pointee.height
    let alignments = withUnsafeTemporaryAllocation(of: Int32.self, capacity: 8) { strides in
      strides.initialize(repeating: 0)
      avcodec_align_dimensions2(context, &width, &height, strides.baseAddress)
      return (0..<4).map { max(1, Int(strides[$0])) }
    }
    do {
      try PictureMemory.attach(
        to: frame, codedWidth: Int(width), codedHeight: Int(height), alignments: alignments, allocator,
        decoder: self)
      if let buffer = PictureMemory.buffer(of: frame) {
        if clearsMemory {
          buffer.baseAddress.initializeMemory(as: UInt8.self, repeating: 0, count: buffer.byteCount)
        } else {
          mark(frame, buffer, rows: Int(height), context.pointee.codec_id)
        }
      }
      return 0
    } catch let error as VABufError {
      lastError.withLock { $0 = error }
      return VABUF_ERROR_ENOMEM
    } catch let error as FFmpegError {
      return error.code.rawValue
    } catch {
      return VABUF_ERROR_ENOMEM
    }
  }

  /// Codecs whose pictures are predicted from others that come out later or never, and that say nothing of what they
  /// could not decode. Decoders of some other codecs take memory and leave it as it is.
  private static let reorderingCodecs: Set<UInt32> = [
    AV_CODEC_ID_H264.rawValue, AV_CODEC_ID_HEVC.rawValue, AV_CODEC_ID_VP8.rawValue, AV_CODEC_ID_VP9.rawValue,
  ]

  private func mark(_ frame: UnsafeMutablePointer<AVFrame>, _ buffer: any HostBuffer, rows: Int, _ codec: AVCodecID) {
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
    guard !clearsMemory, let address = PictureMemory.address(of: picture), let start = picture.pointee.data.0,
      let base = PictureMemory.buffer(of: picture)?.baseAddress
    else { return }
    let rowBytes = Int(av_image_get_linesize(AVPixelFormat(picture.pointee.format), picture.pointee.width, 0))
    let isUnwritten = UnwrittenSamples.remain(
      in: base, stride: Int(picture.pointee.linesize.0), offset: UnsafeMutableRawPointer(start) - base,
      rowBytes: rowBytes, rows: frame.height)
    let unwritten = frame.packetTag.map { tag in marked.withLock { $0.check(upTo: tag, but: address) } } ?? []
    guard isUnwritten || !unwritten.isEmpty else { return }
    damage.withLock { signs in
      if isUnwritten { signs.losesSamples = true }
      signs.unwritten.formUnion(unwritten)
    }
  }

  /// FFmpeg no longer refers to the picture in this memory.
  func pictureIsFreed(_ address: UInt) {
    guard let unwritten = marked.withLock({ $0.check(at: address) }) else { return }
    damage.withLock { _ = $0.unwritten.insert(unwritten) }
  }
}
