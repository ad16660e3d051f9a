package import FrameModel

/// Works out from the headers of all packets which frames a decoder will emit, and in which order. Pure: packets in,
/// index out.
package struct IndexAnalysis: Sendable {
  package var packets: [PacketRecord] = []
  package var facts: [PictureFacts] = []
  /// How many pictures the decoder holds back at first (`StreamDescription.reorderDepth`).
  package var reorderDepth = 0
  /// Ticks for a frame of a stream that says nothing of time.
  package var nominalDuration: Int64 = 1
  package var timeBase = Rational(1, 1)

  /// Packets carry palettes or headers beside their bytes, which a seek would pass over: only the start is a seek point.
  package var changesDecoder = false

  package init() {}

  /// The first packet after the start from which headers can be trusted.
  package var firstLaterEntry: Int? {
    facts.indices.dropFirst().first { facts[$0].entry != .none && facts[$0].output == .frame }
  }

  /// Marks the packets that the decoder can do without where their frames are not wanted.
  ///
  /// A picture that none of its own layer is predicted from may be the reference of a higher one (ITU-T H.265, 7.4.2.2), so
  /// only those of the highest layer count; and a field is nothing without the other.
  package mutating func markDisposable() {
    // Headers that came beside the packets may say how packets are read.
    guard !changesDecoder else { return }
    let highest = facts.lazy.map(\.temporalLayer).max() ?? 0
    for number in packets.indices {
      let isWhole = number + 1 == packets.count || facts[number + 1].output == .frame
      if facts[number].isDisposable, facts[number].output == .frame, facts[number].temporalLayer == highest, isWhole {
        packets[number].flags.insert(.disposable)
      }
    }
  }

  /// The index that the headers promise, with every doubt noted.
  package func promised() -> FrameIndex {
    let (order, doubts) = promisedOrder()
    return index(outputOrder: order, proof: .demuxed, doubts: doubts)
  }

  /// The index of a stream whose start was decoded: those frames, then what the headers promise from `entry` on.
  ///
  /// - Returns: nil where what was emitted does not fit together with that: all must be decoded.
  package func proven(start emitted: [Int?], before entry: Int, hashes: [UInt64]) -> FrameIndex? {
    let known = emitted.compactMap { $0 }
    let (order, _) = promisedOrder()
    guard known.count == emitted.count, let place = order.firstIndex(of: entry) else { return nil }
    let rest = order[place...]
    guard Set(known).count == known.count, Set(known).isDisjoint(with: rest) else { return nil }
    return index(outputOrder: known + rest, proof: .demuxed, doubts: .start, hashes: hashes)
  }

  private func promisedOrder() -> (order: [Int], doubts: Doubts) {
    var doubts: Doubts = []
    for facts in facts { doubts.formUnion(facts.doubts) }
    if let first = facts.first, first.entry == .none { doubts.insert(.start) }
    var order: [Int] = []
    order.reserveCapacity(packets.count)
    var sequence: [Int] = []
    var held: Int?
    for (packet, facts) in facts.enumerated() {
      if facts.opensSequence { appendSequence(&sequence, to: &order, &doubts) }
      guard facts.output == .frame else { continue }
      switch facts.order {
      case .count: sequence.append(packet)
      case .decoding: order.append(packet)
      case .heldReference:
        if let held { order.append(held) }
        held = packet
      }
    }
    appendSequence(&sequence, to: &order, &doubts)
    if let held { order.append(held) }
    // H.264 decoders may or may not show pictures that lead the very first one; HEVC has rules for them.
    if case .count? = facts.first?.order, facts.first?.opensSequence == false, order.first != 0 {
      doubts.insert(.start)
    }
    order.removeAll { packets[$0].flags.contains(.discarded) }
    return (order, doubts)
  }

  /// The index of a linear decode that emitted frames of these packets, in this order; nil for a frame whose packet
  /// the decoder lost.
  package func proven(emitted: [Int?], hashes: [UInt64], doubts: Doubts) -> FrameIndex {
    let known = emitted.compactMap { $0 }
    let isCounted = known.count < emitted.count || Set(known).count < known.count
    guard isCounted else {
      return index(outputOrder: known, proof: .decoded, doubts: doubts, hashes: hashes)
    }
    var frames: [FrameIndex.Entry] = []
    for packet in emitted {
      let start = frames.last?.end ?? 0
      // Several frames of one packet share its time: only the first may keep it.
      let isRepeated = frames.last.map { packet.map(Int32.init) == $0.packet } ?? false
      let record = isRepeated ? nil : packet.map { packets[$0] }
      let pts = record.flatMap { $0.pts == PacketRecord.unknownTime ? nil : $0.pts } ?? start
      let duration = record.flatMap { $0.duration > 0 ? $0.duration : nil } ?? nominalDuration
      frames.append(
        FrameIndex.Entry(
          packet: packet.map(Int32.init) ?? -1, isKeyframe: record?.flags.contains(.key) ?? false, pts: pts,
          duration: duration))
    }
    return FrameIndex(
      timeBase: timeBase, packets: packets, frames: frames, seekPoints: [.init(packet: 0, firstFrame: 0)],
      proof: .counted, doubts: doubts, pictureHashes: hashes)
  }

  /// Sorts the pictures of one coded video sequence by their counts.
  private func appendSequence(_ sequence: inout [Int], to order: inout [Int], _ doubts: inout Doubts) {
    func count(_ packet: Int) -> Int64 {
      if case .count(let value) = facts[packet].order { value } else { 0 }
    }
    let sorted = sequence.sorted { (count($0), $0) < (count($1), $1) }
    for (a, b) in zip(sorted, sorted.dropFirst()) where count(a) == count(b) { doubts.insert(.order) }
    // A picture that comes out k places before where it was decoded makes the decoder hold back k pictures.
    var place: [Int: Int] = [:]
    for (rank, packet) in sequence.enumerated() { place[packet] = rank }
    for (rank, packet) in sorted.enumerated() where (place[packet] ?? 0) - rank > reorderDepth {
      doubts.insert(.reorderDepth)
    }
    order += sorted
    sequence.removeAll(keepingCapacity: true)
  }

  private func index(
    outputOrder: [Int], proof: FrameIndex.Proof, doubts: Doubts, hashes: [UInt64] = []
  ) -> FrameIndex {
    let frames = timed(outputOrder)
    var index = FrameIndex(
      timeBase: timeBase, packets: packets, frames: frames, seekPoints: seekPoints(outputOrder), proof: proof,
      doubts: doubts, pictureHashes: hashes)
    index.needsFreshDecoder = facts.contains { $0.setsHaveChanged }
    return index
  }

  /// The times of a stream that has those of decoding alone, as in AVI: its frames come out in the same rhythm.
  ///
  /// - Returns: for each frame of `outputOrder`; nil where some frame has a time of its own, or there is no rhythm.
  private func decodingTimes(_ outputOrder: [Int]) -> [(pts: Int64, duration: Int64)]? {
    guard outputOrder.allSatisfy({ packets[$0].pts == PacketRecord.unknownTime }) else { return nil }
    let times = outputOrder.sorted().map { packets[$0].dts }
    guard times.count > 1, times[0] != PacketRecord.unknownTime, zip(times, times.dropFirst()).allSatisfy({ $0 < $1 })
    else { return nil }
    let steps = zip(times, times.dropFirst()).map { $1 &- $0 }
    return Array(zip(times, steps + [steps[steps.count - 1]]))
  }

  /// Gives every frame a time: its packet's PTS; where that is missing, the end of the frame before.
  private func timed(_ outputOrder: [Int]) -> [FrameIndex.Entry] {
    if let times = decodingTimes(outputOrder) {
      return zip(outputOrder, times).map { packet, time in
        FrameIndex.Entry(
          packet: Int32(packet), isKeyframe: facts[packet].entry != .none, pts: time.pts, duration: time.duration)
      }
    }
    var frames: [FrameIndex.Entry] = []
    frames.reserveCapacity(outputOrder.count)
    for packet in outputOrder {
      let record = packets[packet]
      let duration = record.duration > 0 ? record.duration : nominalDuration
      let pts =
        record.pts != PacketRecord.unknownTime
        ? record.pts : frames.last?.end ?? 0
      frames.append(
        FrameIndex.Entry(
          packet: Int32(packet), isKeyframe: facts[packet].entry != .none, pts: pts, duration: duration))
    }
    return frames
  }

  private func seekPoints(_ outputOrder: [Int]) -> [FrameIndex.SeekPoint] {
    var number = [Int](repeating: -1, count: packets.count)
    for (rank, packet) in outputOrder.enumerated() { number[packet] = rank }
    var points = [FrameIndex.SeekPoint(packet: 0, firstFrame: 0)]
    if changesDecoder { return points }
    var last = -1  // the last frame in output order of all packets before
    for packet in packets.indices {
      if packet > 0, facts[packet].entry != .none {
        let first = max(last + 1, number[packet])
        if first < outputOrder.count { points.append(FrameIndex.SeekPoint(packet: packet, firstFrame: first)) }
      }
      last = max(last, number[packet])
    }
    return points
  }
}
