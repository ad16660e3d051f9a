package import FFmpegMedia
package import FrameModel

/// Joins a demuxer and a decoder: packets by number in, frames that know their packet out.
///
/// Used by one thread at a time.
package struct StreamDecoder: ~Copyable {
  private var demuxer: Demuxer
  private var codec: CodecContext
  private var options: DecoderOptions
  private let allocator: any HostAllocator
  /// Where it decodes in hardware.
  private(set) var hardware: HardwareSession?
  private var packet: Packet
  /// The number of the packet that the demuxer gives next.
  private var nextPacket = 0
  /// `packet` holds that packet already.
  private var isPending = false
  /// The file was opened, and packets were read or passed over, but none was decoded.
  private var isFresh = true
  /// The decoder has nothing of what came before.
  private var startsAnew = true
  /// Nothing was sent to the decoder since it was opened.
  private var isUnused = true
  /// The number of the next packet was counted from a fresh opening, not found after a seek.
  private var isCounted = true
  /// The decoder is drained after this packet instead of getting the next one; nil where the stream goes on.
  private var lastPacket: Int?
  /// What the demuxer gave so far was what the index says.
  private var isTrusted = true
  /// How NAL units are told apart in H.264; nil for other codecs.
  private let h264: NALFraming?
  /// The decoder has nothing of what it was sent, or an error may have left it in any state: it has to be flushed.
  private var isSpent = false
  /// The tag of packet 0. What the decoder still has of before it went on elsewhere (`goOn`) has lower ones.
  private var tagBase: Int64 = 0
  /// The greatest tag that was sent; -1 for none.
  private var lastTag: Int64 = -1

  package enum Emission: Hashable, Sendable {
    /// A frame, and the number of its packet where the decoder kept that.
    case frame(packet: Int?)
    /// The stream is at its end and the decoder is empty.
    case ended
    /// The packets after a seek are not those of the index.
    case desynchronised
  }

  /// - Parameter isAtEnd: the demuxer has read the stream, instead of nothing.
  package init(
    demuxer: consuming Demuxer, isAtEnd: Bool = false, options: DecoderOptions, allocator: any HostAllocator
  ) throws {
    let packet = try Packet()
    let codec = try Self.open(demuxer, options, allocator)
    let stream = demuxer.stream
    h264 = stream.codec == "h264" ? .h264(extradata: demuxer.format.extradata(of: stream.index)) : nil
    self.options = options
    self.allocator = allocator
    self.packet = packet
    self.codec = codec
    self.demuxer = demuxer
    if isAtEnd {
      isFresh = false
      isCounted = false
    }
  }

  private static func open(
    _ demuxer: borrowing Demuxer, _ options: DecoderOptions, _ allocator: any HostAllocator
  ) throws -> CodecContext {
    let stream = demuxer.stream
    do {
      return try CodecContext(stream: stream.index, of: demuxer.format, options: options, allocator: allocator)
    } catch {
      let what = "\(demuxer.path), stream \(stream.index)"
      guard error.code == .decoderNotFound else {
        throw error.error(
          .decodingFailed, what: what, remedy: "the headers of its \(stream.codec) may be damaged; try another file")
      }
      throw VABufError(
        .unsupportedCodec, what: what, why: "FFmpeg here has no decoder for \(stream.codec)",
        remedy: "install an FFmpeg that was built with one, or convert the file")
    }
  }

  /// The number of the packet that is sent next: all before it were, or were passed over.
  package var position: Int { nextPacket }

  package var decoderName: String { codec.decoderName }

  package var backend: Backend { hardware == nil ? .software : .vaapi }

  /// Takes a new decoder in hardware, or in software for nil. Start it again after this.
  package mutating func reopen(in new: HardwareSession?) throws {
    if isUnused, new == nil, hardware == nil { return }
    let old = hardware
    // Closing the one before calls its driver, and so does opening the new one.
    old?.enter()
    new?.enter()
    defer {
      old?.leave()
      new?.leave()
    }
    old?.settle()
    var changed = options
    changed.hardware = new?.options
    codec = try Self.open(demuxer, changed, allocator)
    startsAnew = true
    isUnused = true
    options = changed
    hardware = new
  }

  /// Waits for the pictures that are under way, where closing or flushing the decoder would lose them.
  package func settle() {
    hardware?.enter()
    defer { hardware?.leave() }
    hardware?.settle()
  }

  /// Damaged pictures come out the same each time.
  package var isRepeatable: Bool { options.isRepeatable }

  /// Takes a new decoder. A repeatable one has one thread and writes into cleared buffers: slow, but the only way in which
  /// libavcodec gives the same bytes for damaged pictures each time (docs/what-ffmpeg-emits.md). Start it again after
  /// this.
  package mutating func reopen(repeatable: Bool, threads: Int) throws {
    options.isRepeatable = repeatable
    options.threads = repeatable ? 1 : threads
    codec = try Self.open(demuxer, options, allocator)
    startsAnew = true
    isUnused = true
  }

  /// Decodes until a frame comes out.
  ///
  /// A packet that the decoder rejects as damaged is passed over, as the ffmpeg command does.
  ///
  /// - Parameter omits: whether the decoder does without a packet, by its number; asked once for each, before it is sent.
  /// - Throws: `VABufError` when the allocator had no memory: the frames in flight are lost, start again at a seek
  ///   point; `CancellationError` when reading was interrupted.
  package mutating func receive(
    into frame: borrowing Frame, records: [PacketRecord], omits: (Int) -> Bool = { _ in false }
  ) throws -> Emission {
    do {
      return try receiveNext(into: frame, records, omits)
    } catch {
      isSpent = true
      throw error
    }
  }

  private mutating func receiveNext(
    into frame: borrowing Frame, _ records: [PacketRecord], _ omits: (Int) -> Bool
  ) throws -> Emission {
    hardware?.enter()
    defer { hardware?.leave() }
    while true {
      switch codec.receive(into: frame) {
      case .done:
        // A frame that was predicted from one without memory may come before the error does (FFV1 with threads, FFmpeg 7).
        try throwIfOutOfMemory()
        guard let tag = frame.packetTag else { return .frame(packet: nil) }
        if tag < tagBase { continue }
        return .frame(packet: records.indices.contains(Int(tag - tagBase)) ? Int(tag - tagBase) : nil)
      case .ended:
        try throwIfOutOfMemory()
        return .ended
      case .failed(let code): try throwReason(code)
      case .again: guard try feed(records, omits) else { return .desynchronised }
      }
    }
  }

  private mutating func feed(_ records: [PacketRecord], _ omits: (Int) -> Bool) throws -> Bool {
    if isPending {
      isPending = false
    } else {
      while true {
        // A file may have grown since it was indexed: what was indexed is still true.
        guard nextPacket < records.count, nextPacket <= lastPacket ?? .max, try read() else {
          // One that was drained takes nothing more, also where nothing was sent.
          isUnused = false
          isFresh = false
          isSpent = true
          codec.drain()
          return true
        }
        guard records[nextPacket].matches(packet) else {
          // Counted from a fresh opening, another packet means another file.
          isFresh = false
          guard !isCounted else { throw fileChanged }
          isTrusted = false
          return false
        }
        // An empty packet is no damage: the ffmpeg command does not send it either.
        guard packet.byteCount == 0 || omits(nextPacket) else { break }
        nextPacket += 1
        isFresh = false
      }
    }
    hardware?.willSend(isKey: packet.isKey || startsAnew)
    startsAnew = false
    isUnused = false
    lastTag = max(lastTag, tagBase + Int64(nextPacket))
    packet.tag(tagBase + Int64(nextPacket))
    nextPacket += 1
    isFresh = false
    if codec.needsAlignedPackets { try packet.align() }
    if case .failed(let code) = codec.send(packet) { try throwReason(code) }
    return true
  }

  /// Reads the next packet; a slow file is no slow driver.
  private mutating func read() throws -> Bool {
    hardware?.leave()
    defer { hardware?.enter() }
    return try demuxer.read(into: &packet)
  }

  /// The damage that the decoder met since this was last asked (`CodecContext.takeDamage`).
  /// - Throws: what went wrong instead: a device that fails is no damage.
  package mutating func takeDamage() throws -> DamageSigns {
    var signs = codec.takeDamage()
    if tagBase > 0 { signs.unwritten = Set(signs.unwritten.filter { $0 >= tagBase }.map { $0 - tagBase }) }
    if !signs.isEmpty { isSpent = true }
    hardware?.enter()
    defer { hardware?.leave() }
    if let hardware, let trouble = codec.takeHardwareTrouble(), let failure = hardware.failure(trouble, .inputOutput) {
      isSpent = true
      try throwIfOutOfMemory()
      throw failure
    }
    if !signs.isEmpty { try throwIfOutOfMemory() }
    return signs
  }

  /// A decoder failed: throws where its packet is not the reason.
  private func throwReason(_ code: AVErrorCode) throws {
    let trouble = codec.takeHardwareTrouble()
    try throwIfOutOfMemory()
    if let failure = hardware?.failure(trouble, code) { throw failure }
  }

  private func throwIfOutOfMemory() throws {
    guard let error = codec.takeAllocationError() else { return }
    guard let hardware, error.code == .deviceFailed || error.code == .surfacesExhausted && hardware.lacksSurfaces else {
      throw error
    }
    throw DeviceFailure(
      hardware.device.isAnswering ? .resources : .lost, what: error.what, why: error.why, remedy: error.remedy)
  }

  /// The file gave other packets than before.
  var fileChanged: VABufError {
    VABufError(
      .fileChanged, what: demuxer.path, why: "its packets are not those that were indexed",
      remedy: "wait until it is no longer written, then open it again")
  }

  /// Makes `number` the next packet that is decoded; the decoder forgets what it has.
  ///
  /// A flushed decoder keeps parameter sets, sizes and statistics of what it decoded before: most streams do not
  /// notice, damaged ones and those that change size do.
  ///
  /// - Parameters:
  ///   - reopening: take a new decoder instead of flushing this one.
  ///   - seeksStart: the first packet may be sought as any other; else the file is opened anew for it.
  /// - Returns: false when the file's packets are no longer those of the index.
  package mutating func start(
    at number: Int, records: [PacketRecord], reopening: Bool, seeksStart: Bool = false
  ) throws -> Bool {
    lastPacket = nil
    if isFresh, number == nextPacket { return true }
    isFresh = false
    isPending = false
    // Opening a file reads its table of packets again, and may decode a picture to learn of its streams.
    if number > 0 || seeksStart, isTrusted, try demuxer.land(on: number, records: records, into: &packet) {
      nextPacket = number
      isPending = true
      isCounted = false
      if reopening || !goOn() { try renew(reopening: reopening) }
      return true
    }
    try renew(reopening: reopening)
    try demuxer.rewind()
    isTrusted = true
    isCounted = true
    isFresh = true
    nextPacket = 0
    while nextPacket < number {
      guard try demuxer.read(into: &packet), records[nextPacket].matches(packet) else {
        isFresh = false
        return false
      }
      nextPacket += 1
    }
    return true
  }

  /// Drains the decoder after a packet, which gives what it has without what comes next. Until it is started again.
  package mutating func end(after packet: Int) { lastPacket = packet }

  /// Where it can, it goes on at another packet without being flushed.
  package var goesOn: Bool { h264 != nil && hardware?.startsAreDear == true }

  /// Goes on at the packet that was read without flushing the decoder, as if it followed on the one that was sent last: an IDR
  /// picture of H.264 refers to nothing before it. What comes out of before is passed over (`tagBase`).
  ///
  /// Only where a flush is dear: libavcodec makes another device context for it.
  ///
  /// - Returns: false where the decoder has to be flushed all the same.
  private mutating func goOn() -> Bool {
    guard goesOn, let h264, !isSpent, !isUnused, packet.withBytes({ H264Inspector.isIDR($0, h264) }) else {
      return false
    }
    tagBase = lastTag + 1
    startsAnew = true
    return true
  }

  /// Makes the decoder forget what it has. This calls the driver; reading, which follows, does not.
  private mutating func renew(reopening: Bool) throws {
    settle()
    hardware?.enter()
    defer { hardware?.leave() }
    startsAnew = true
    isSpent = false
    (tagBase, lastTag) = (0, -1)
    if isUnused { return }
    if reopening {
      codec = try Self.open(demuxer, options, allocator)
      isUnused = true
    } else {
      codec.flush()
    }
  }
}
