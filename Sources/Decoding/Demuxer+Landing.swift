internal import FFmpegMedia
internal import FrameModel

/// Finding a packet by its number.
extension Demuxer {
  /// Seeks so that packet `number` is the one that was read last. Containers land where they like, so each try is checked
  /// against the index.
  ///
  /// - Returns: false where no try met it.
  mutating func land(on number: Int, records: [PacketRecord], into packet: inout Packet) throws -> Bool {
    let target = records[number]
    var tries: [FormatContext.Target] = []
    for time in [target.pts, target.dts] where time != PacketRecord.unknownTime {
      tries.append(.time(time, stream: stream.index))
    }
    let secondsEarlier: [Int64] = [2, 15]
    for seconds in secondsEarlier where target.dts != PacketRecord.unknownTime {
      let ticks = seconds * Int64(stream.timeBase.denominator) / Int64(max(1, stream.timeBase.numerator))
      tries.append(.time(target.dts &- ticks, stream: stream.index))
    }
    // Parsers need the end of the picture before, to see where the next one begins.
    if tries.isEmpty, number > 0, records[number - 1].position >= 0 {
      tries.append(.byte(records[number - 1].position))
    }
    for attempt in tries {
      // What refuses one target may take another.
      guard (try? seek(to: attempt)) != nil else { continue }
      if try arrive(at: number, records: records, into: &packet) { return true }
    }
    return false
  }

  /// Reads on to packet `number`.
  ///
  /// - Returns: false when that lies behind, or is not met within as many packets as lie between it and the start.
  private mutating func arrive(at number: Int, records: [PacketRecord], into packet: inout Packet) throws -> Bool {
    let target = records[number]
    let isUnique = alikePackets(target, records) == 1
    for _ in 0...number {
      guard try read(into: &packet) else { return false }
      let isThere = isUnique || (target.position >= 0 && target.position == packet.position)
      if isThere, target.matches(packet) { return true }
      if target.position >= 0, packet.position > target.position &+ Self.interleavingBytes { return false }
      if target.dts != PacketRecord.unknownTime, let dts = packet.dts, dts > target.dts { return false }
    }
    return false
  }

  /// How many packets have the same bytes as far as their hashes tell; counted up to two.
  private func alikePackets(_ target: PacketRecord, _ records: [PacketRecord]) -> Int {
    var count = 0
    for record in records where record.isAlike(target) {
      count += 1
      if count > 1 { break }
    }
    return count
  }

  /// How far in a file the packets of one stream may stand out of order.
  private static let interleavingBytes: Int64 = 1 << 22
}
