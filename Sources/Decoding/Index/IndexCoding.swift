internal import FrameModel

/// The bytes of a kept index: a header, arrays of fixed-size records, and a hash of everything before it.
///
/// Little-endian, as all machines that vabuf runs on; another byte order fails the magic number.
enum IndexCoding {
  private static let magic: UInt64 = 0x3930_7864_6975_6176  // "vauidx09"

  static func encode(_ index: FrameIndex, identity: FileIdentity) -> [UInt8] {
    var writer = Writer()
    writer.put(magic)
    for word in identity.words { writer.put(word) }
    writer.put(index.timeBase.numerator)
    writer.put(index.timeBase.denominator)
    writer.put(index.proof.rawValue)
    writer.put(index.doubts.rawValue)
    writer.put(UInt8(index.isRepeatable ? 1 : 0))
    writer.put(UInt8(index.needsFreshDecoder ? 1 : 0))
    for count in [index.packets.count, index.frames.count, index.seekPoints.count, index.pictureHashes.count] {
      writer.put(UInt64(count))
    }
    for packet in index.packets {
      writer.put(packet.pts)
      writer.put(packet.dts)
      writer.put(packet.duration)
      writer.put(packet.position)
      writer.put(packet.byteCount)
      writer.put(packet.fingerprint)
      writer.put(packet.flags.rawValue)
    }
    for frame in index.frames {
      writer.put(frame.packet)
      writer.put(UInt8((frame.isKeyframe ? 1 : 0) | (frame.isDamaged ? 2 : 0)))
      writer.put(frame.pts)
      writer.put(frame.duration)
    }
    for point in index.seekPoints {
      writer.put(Int64(point.packet))
      writer.put(Int64(point.firstFrame))
    }
    for hash in index.pictureHashes { writer.put(hash) }
    writer.put(writer.bytes.withUnsafeBytes { Fingerprint.of($0) })
    return writer.bytes
  }

  /// - Returns: nil for bytes that are not a whole index of this file.
  static func decode(_ bytes: [UInt8], identity: FileIdentity) -> FrameIndex? {
    guard bytes.count > 8 else { return nil }
    let hash = bytes.withUnsafeBytes {
      Fingerprint.of(UnsafeRawBufferPointer(rebasing: $0.dropLast(8)))
    }
    var reader = Reader(bytes: bytes)
    guard reader.take(UInt64.self) == magic, bytes.suffix(8).elementsEqual(Writer.bytes(of: hash)) else { return nil }
    for word in identity.words { guard reader.take(UInt64.self) == word else { return nil } }
    guard let numerator = reader.take(Int32.self), let denominator = reader.take(Int32.self),
      let proof = reader.take(UInt8.self).flatMap(FrameIndex.Proof.init), let doubts = reader.take(UInt16.self),
      let isRepeatable = reader.take(UInt8.self), let needsFreshDecoder = reader.take(UInt8.self)
    else { return nil }
    let counts = (0..<4).compactMap { _ in reader.take(UInt64.self).flatMap { Int(exactly: $0) } }
    guard counts.count == 4, counts.allSatisfy({ $0 <= bytes.count }) else { return nil }
    guard
      let packets = reader.list(
        counts[0],
        { (reader: inout Reader) -> PacketRecord? in
          guard let pts = reader.take(Int64.self), let dts = reader.take(Int64.self),
            let duration = reader.take(Int64.self), let position = reader.take(Int64.self),
            let byteCount = reader.take(Int32.self), let fingerprint = reader.take(UInt32.self),
            let flags = reader.take(UInt8.self)
          else { return nil }
          return PacketRecord(
            pts: pts, dts: dts, duration: duration, position: position, byteCount: byteCount, fingerprint: fingerprint,
            flags: PacketRecord.Flags(rawValue: flags))
        }),
      let frames = reader.list(
        counts[1],
        { (reader: inout Reader) -> FrameIndex.Entry? in
          // A counted frame's packet may be unknown.
          guard let packet = reader.take(Int32.self), packet >= (proof == .counted ? -1 : 0), packet < packets.count,
            let signs = reader.take(UInt8.self), let pts = reader.take(Int64.self),
            let duration = reader.take(Int64.self)
          else { return nil }
          return FrameIndex.Entry(
            packet: packet, isKeyframe: signs & 1 != 0, isDamaged: signs & 2 != 0, pts: pts, duration: duration)
        }),
      let points = reader.list(
        counts[2],
        { (reader: inout Reader) -> FrameIndex.SeekPoint? in
          guard let packet = reader.take(Int64.self), (0..<Int64(packets.count)).contains(packet),
            let first = reader.take(Int64.self)
          else { return nil }
          return FrameIndex.SeekPoint(packet: Int(packet), firstFrame: Int(first))
        }),
      let hashes = reader.list(counts[3], { (reader: inout Reader) in reader.take(UInt64.self) })
    else { return nil }
    // The hash is no signature: whatever the engine relies on is checked.
    guard let start = points.first, start.packet == 0, start.firstFrame == 0, hashes.count <= frames.count,
      zip(points, points.dropFirst()).allSatisfy({ $0.packet < $1.packet && $0.firstFrame <= $1.firstFrame }),
      points.dropFirst().allSatisfy({ frames.indices.contains($0.firstFrame) })
    else { return nil }
    var index = FrameIndex(
      timeBase: Rational(numerator, denominator), packets: packets, frames: frames, seekPoints: points, proof: proof,
      doubts: Doubts(rawValue: doubts), pictureHashes: hashes)
    index.isRepeatable = isRepeatable != 0
    index.needsFreshDecoder = needsFreshDecoder != 0
    return index
  }

  private struct Writer {
    var bytes: [UInt8] = []

    mutating func put(_ value: some FixedWidthInteger) {
      withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    static func bytes<T: FixedWidthInteger>(of value: T) -> [UInt8] {
      withUnsafeBytes(of: value.littleEndian) { Array($0) }
    }
  }

  private struct Reader {
    let bytes: [UInt8]
    var position = 0

    mutating func take<T: FixedWidthInteger>(_ type: T.Type) -> T? {
      let size = MemoryLayout<T>.size
      guard position + size <= bytes.count else { return nil }
      defer { position += size }
      return bytes.withUnsafeBytes { T(littleEndian: $0.loadUnaligned(fromByteOffset: position, as: T.self)) }
    }

    mutating func list<T>(_ count: Int, _ element: (inout Reader) -> T?) -> [T]? {
      var list: [T] = []
      // A count may be any number; every element takes eight bytes at least.
      list.reserveCapacity(min(count, (bytes.count - position) / 8))
      for _ in 0..<count {
        guard let value = element(&self) else { return nil }
        list.append(value)
      }
      return list
    }
  }
}
