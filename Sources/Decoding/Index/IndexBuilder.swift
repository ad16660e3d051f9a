package import FFmpegMedia
package import FrameModel

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

  /// Decodes from the start and keeps what came out: the truth where headers lie.
  ///
  /// Where only the start is in doubt, the decoder goes as far as the first packet from which headers can be trusted.
  ///
  /// - Parameter meetsDamage: becomes true where the decoder says so after the first packet from which headers can be
  ///   trusted; before it, references are missing anyway.
  package static func decode(
    _ decoder: inout StreamDecoder, analysis: IndexAnalysis, doubts: Doubts, meetsDamage: inout Bool,
    progress: Progress?
  ) throws -> FrameIndex {
    var emitted: [Int?] = []
    var hashes: [UInt64] = []
    var shape: PictureShape?
    let entry = doubts.contains(.start) ? analysis.firstLaterEntry : nil
    let goal = doubts == .start ? entry : nil
    var isStarting = entry != nil
    guard try decoder.start(at: 0, records: analysis.packets, reopening: true) else { throw Self.changed }
    while true {
      let frame = try Frame()
      switch try decoder.receive(into: frame, records: analysis.packets) {
      case .ended:
        if !isStarting, try !decoder.takeDamage().isEmpty { meetsDamage = true }
        progress?(1)
        return analysis.proven(emitted: emitted, hashes: hashes, doubts: doubts)
      case .desynchronised: throw Self.changed
      case .frame(let packet):
        if let goal, packet == goal, let index = analysis.proven(start: emitted, before: goal, hashes: hashes) {
          progress?(1)
          return index
        }
        emitted.append(packet)
        shape = frame.shape(known: shape)
        let signs = try decoder.takeDamage()
        if !isStarting, !signs.isEmpty || frame.isDamaged { meetsDamage = true }
        if packet == entry { isStarting = false }
        hashes.append(shape.map { frame.pictureHash($0) } ?? 0)
        if let progress, let packet, emitted.count % 16 == 0 {
          progress(Double(packet) / Double(max(1, goal ?? analysis.packets.count)))
        }
      }
    }
  }

  /// The file gave other packets than before.
  package static var changed: VABufError {
    VABufError(
      .fileChanged, what: "the file", why: "its packets are not those that were indexed",
      remedy: "wait until it is no longer written, then open it again")
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
