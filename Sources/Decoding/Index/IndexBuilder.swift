package import FFmpegMedia
internal import FrameModel

/// Makes the index of a stream by reading its packets and, where those are no proof, by decoding it once.
package enum IndexBuilder {
  /// How much of the work is done, from 0 to 1.
  package typealias Progress = @Sendable (Double) -> Void

  /// Reads all packets from where the demuxer stands, which must be the start.
  package static func demux(_ demuxer: inout Demuxer, progress: Progress?) throws -> IndexAnalysis {
    var analysis = IndexAnalysis()
    let stream = demuxer.stream
    analysis.timeBase = stream.timeBase
    analysis.reorderDepth = stream.reorderDepth
    analysis.nominalDuration = nominalDuration(stream)
    var inspector = try PacketInspector(stream: stream, of: demuxer.format)
    var packet = try Packet()
    let total = demuxer.format.byteCount
    while try demuxer.read(into: &packet) {
      let record = PacketRecord(packet)
      // A file that grows while it is read ends where it ended at first, or reading might never end.
      if let total, record.position >= total, demuxer.format.byteCount != total { break }
      let facts = inspector.inspect(packet)
      if packet.changesDecoder { analysis.changesDecoder = true }
      analysis.packets.append(record)
      analysis.facts.append(facts)
      if let progress, let total, total > 0, analysis.packets.count % 256 == 0 {
        progress(min(1, Double(demuxer.format.bytePosition) / Double(total)))
      }
    }
    analysis.markDisposable()
    progress?(1)
    return analysis
  }

  /// Codecs whose decoders leave out what they cannot decode, and say nothing.
  private static let silentCodecs: Set<String> = ["hevc", "vp8"]

  /// What the container lost is in a packet that it flags, or in one of the next, where a parser finds the pictures in what the
  /// container gives.
  private static let corruptReach = 2

  /// Decodes a stream once to learn its frames; twice, where decoding shows damage.
  ///
  /// Threads that conceal damage race, and what is not decoded shows what its buffer held before: a stream whose damage
  /// the decoder meets is decoded by one thread into cleared buffers, now and ever after.
  ///
  /// - Parameters:
  ///   - repeatably: it is known to be damaged.
  ///   - runBegins: called when nothing of an earlier decoder is under way any more.
  /// - Returns: the index, and whether the decoder met damage.
  static func prove(
    _ decoder: inout StreamDecoder, codec: String, analysis: IndexAnalysis, doubts: Doubts, repeatably: Bool,
    progress: Progress?, runBegins: () -> Void
  ) throws -> (index: FrameIndex, meetsDamage: Bool) {
    // Which pictures a silent decoder does not write shows in memory only that is not cleared.
    if repeatably, !silentCodecs.contains(codec), !decoder.isRepeatable {
      try decoder.reopen(repeatable: true, threads: 1)
    }
    var meetsDamage = false
    var damage = DamageMap()
    var index = try decode(
      &decoder, analysis: analysis, doubts: doubts, meetsDamage: &meetsDamage, damage: &damage, progress: progress,
      runBegins: runBegins)
    if repeatably || meetsDamage, !decoder.isRepeatable {
      try decoder.reopen(repeatable: true, threads: 1)
      index = try decode(
        &decoder, analysis: analysis, doubts: doubts.union(.damage), meetsDamage: &meetsDamage, damage: &damage,
        progress: progress, runBegins: runBegins)
    }
    index.isRepeatable = decoder.isRepeatable
    return (index, meetsDamage)
  }

  /// Decodes from the start and keeps what came out: the truth where headers lie.
  ///
  /// Where only the start is in doubt, the decoder goes as far as the first packet from which headers can be trusted.
  ///
  /// - Parameters:
  ///   - meetsDamage: becomes true where the decoder says so after the first packet from which headers can be
  ///     trusted; before it, references are missing anyway.
  ///   - damage: where it does. One with threads tells for sure only which pictures it did not write, and a repeatable one
  ///     all but that: what both tell is all that is known.
  private static func decode(
    _ decoder: inout StreamDecoder, analysis: IndexAnalysis, doubts: Doubts, meetsDamage: inout Bool,
    damage: inout DamageMap, progress: Progress?, runBegins: () -> Void
  ) throws -> FrameIndex {
    var emitted: [Int?] = []
    var hashes: [UInt64] = []
    var shape: PictureShape?
    let entry = doubts.contains(.start) ? analysis.firstLaterEntry : nil
    let goal = doubts == .start ? entry : nil
    var isStarting = entry != nil
    var sent = 0
    guard try decoder.start(at: 0, records: analysis.packets, reopening: true) else { throw decoder.fileChanged }
    runBegins()
    while true {
      let frame = try Frame()
      let emission = try decoder.receive(into: frame, records: analysis.packets)
      switch emission {
      case .desynchronised: throw decoder.fileChanged
      case .frame(let packet):
        if let goal, packet == goal, let index = analysis.proven(start: emitted, before: goal, hashes: hashes) {
          progress?(1)
          return index
        }
      case .ended: break
      }
      let signs = try decoder.takeDamage()
      let news = sent..<max(sent, decoder.position)
      sent = decoder.position
      if decoder.isRepeatable, signs.skipsPictures {
        for packet in news { damage.lost(at: packet, by: emitted.count) }
      }
      for packet in signs.unwritten { damage.met(in: Int(packet), by: emitted.count) }
      // One thread works at what was sent since the last frame came out.
      if decoder.isRepeatable, signs.losesSamples { for packet in news { damage.met(in: packet, by: emitted.count) } }
      if decoder.isRepeatable, signs.missesReferences {
        for packet in news { damage.missed(by: packet, by: emitted.count) }
      }
      for packet in news where analysis.packets[packet].flags.contains(.corrupt) {
        let last = min(packet + Self.corruptReach, analysis.packets.count - 1)
        for packet in packet...last { damage.lost(at: packet, by: emitted.count) }
      }
      guard case .frame(let packet) = emission else {
        if !isStarting, !signs.isEmpty { meetsDamage = true }
        progress?(1)
        var index = analysis.proven(emitted: emitted, hashes: hashes, doubts: doubts)
        damage.mark(&index)
        return index
      }
      if frame.isDamaged || signs.leavesOut { damage.met(in: packet, by: emitted.count) }
      if !isStarting, !signs.isEmpty || frame.isDamaged { meetsDamage = true }
      emitted.append(packet)
      shape = frame.shape(known: shape)
      if packet == entry { isStarting = false }
      hashes.append(shape.map { frame.pictureHash($0) } ?? 0)
      if let progress, let packet, emitted.count % 16 == 0 {
        progress(Double(packet) / Double(max(1, goal ?? analysis.packets.count)))
      }
    }
  }

  private static func nominalDuration(_ stream: StreamDescription) -> Int64 {
    for rate in [stream.averageFrameRate, stream.nominalFrameRate] where rate.numerator > 0 && rate.denominator > 0 {
      let ticks =
        Double(rate.denominator) * Double(stream.timeBase.denominator)
        / (Double(rate.numerator) * Double(max(1, stream.timeBase.numerator)))
      return max(1, Int64(ticks.rounded()))
    }
    return 1
  }
}

extension Frame {
  /// A hash of the visible samples, row by row.
  package func pictureHash(_ shape: PictureShape) -> UInt64 {
    var hash = Fingerprint.seed
    forEachRow(shape) { hash = Fingerprint.of($0, seed: hash) }
    return hash
  }
}
