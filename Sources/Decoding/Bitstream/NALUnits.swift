/// How the NAL units of H.264 and HEVC are told apart in a packet.
enum NALFraming: Hashable, Sendable {
  /// Start codes (Annex B).
  case startCodes
  /// A big-endian length of so many bytes before each unit (avcC, hvcC).
  case lengths(Int)

  /// From the codec's extradata, by the rules of libavcodec's decoders.
  static func h264(extradata: [UInt8]) -> NALFraming {
    guard extradata.count >= 7, extradata[0] == 1 else { return .startCodes }
    return .lengths(Int(extradata[4] & 3) + 1)
  }

  static func hevc(extradata: [UInt8]) -> NALFraming {
    guard extradata.count >= 23, extradata[0] != 0 || extradata[1] != 0 || extradata[2] > 1 else { return .startCodes }
    return .lengths(Int(extradata[21] & 3) + 1)
  }
}

extension UnsafeRawBufferPointer {
  /// Calls `body` with each NAL unit, header included.
  ///
  /// - Returns: false where a length points beyond the packet: the packet is damaged.
  func forEachNALUnit(_ framing: NALFraming, _ body: (UnsafeRawBufferPointer) -> Void) -> Bool {
    switch framing {
    case .lengths(let size):
      var position = 0
      while position + size <= count {
        var length = 0
        for byte in self[position..<position + size] { length = length << 8 | Int(byte) }
        position += size
        guard length <= count - position else { return false }
        if length > 0 { body(UnsafeRawBufferPointer(rebasing: self[position..<position + length])) }
        position += length
      }
      return position == count
    case .startCodes:
      var start = nextStartCode(from: 0)
      guard start != nil else { return count == 0 }
      while let unit = start {
        let next = nextStartCode(from: unit)
        var end = next.map { $0 - 3 } ?? count
        while end > unit, self[end - 1] == 0 { end -= 1 }
        if end > unit { body(UnsafeRawBufferPointer(rebasing: self[unit..<end])) }
        start = next
      }
      return true
    }
  }

  /// The byte after the next 00 00 01.
  private func nextStartCode(from first: Int) -> Int? {
    var position = first + 2
    while position < count {
      switch self[position] {
      case 1 where self[position - 1] == 0 && self[position - 2] == 0: return position + 1
      case 0: position += 1
      default: position += 3
      }
    }
    return nil
  }
}

extension UnsafeRawBufferPointer {
  /// Calls `body` with each parameter set of H.264 extradata: Annex B, or avcC (ISO/IEC 14496-15, 5.3.3.1.2).
  func forEachParameterSet(avcC framing: NALFraming, _ body: (UnsafeRawBufferPointer) -> Void) {
    guard case .lengths = framing else {
      _ = forEachNALUnit(.startCodes, body)
      return
    }
    var position = 5
    for mask: UInt8 in [0x1f, 0xff] {
      guard position < count else { return }
      let sets = self[position] & mask
      position += 1
      guard forEachSized(Int(sets), &position, body) else { return }
    }
  }

  /// Calls `body` with each parameter set of HEVC extradata: Annex B, or hvcC (ISO/IEC 14496-15, 8.3.3.1.2).
  func forEachParameterSet(hvcC framing: NALFraming, _ body: (UnsafeRawBufferPointer) -> Void) {
    guard case .lengths = framing else {
      _ = forEachNALUnit(.startCodes, body)
      return
    }
    guard count > 22 else { return }
    var position = 23
    for _ in 0..<self[22] {
      guard position + 3 <= count else { return }
      let sets = Int(self[position + 1]) << 8 | Int(self[position + 2])
      position += 3
      guard forEachSized(sets, &position, body) else { return }
    }
  }

  /// Units with a length of two bytes before each.
  private func forEachSized(_ units: Int, _ position: inout Int, _ body: (UnsafeRawBufferPointer) -> Void) -> Bool {
    for _ in 0..<units {
      guard position + 2 <= count else { return false }
      let length = Int(self[position]) << 8 | Int(self[position + 1])
      position += 2
      guard length <= count - position else { return false }
      if length > 0 { body(UnsafeRawBufferPointer(rebasing: self[position..<position + length])) }
      position += length
    }
    return true
  }
}

/// Reads bits and Exp-Golomb codes from the start of a NAL unit's payload, emulation prevention bytes removed.
struct BitReader {
  private var bytes: [UInt8] = []
  private var position = 0

  /// For codecs that have no emulation prevention.
  init(raw bytes: [UInt8]) { self.bytes = bytes }

  /// - Parameter limit: how many bytes at most are looked at; headers are short.
  init(unescaping unit: some Collection<UInt8>, limit: Int = 64) {
    var zeros = 0
    for byte in unit.prefix(limit) {
      if zeros >= 2, byte == 3 {
        zeros = 0
        continue
      }
      zeros = byte == 0 ? zeros + 1 : 0
      bytes.append(byte)
    }
  }

  /// The next bits as a number; nil beyond the end.
  mutating func bits(_ count: Int) -> UInt32? {
    var value: UInt32 = 0
    for _ in 0..<count {
      guard position >> 3 < bytes.count else { return nil }
      value = value << 1 | UInt32(bytes[position >> 3] >> UInt8(7 - position & 7) & 1)
      position += 1
    }
    return value
  }

  /// An unsigned Exp-Golomb code, ue(v).
  mutating func exponentialGolomb() -> UInt32? {
    var zeros = 0
    while let bit = bits(1) {
      if bit == 1 { return bits(zeros).map { (1 << UInt32(zeros)) - 1 + $0 } }
      zeros += 1
      guard zeros < 32 else { return nil }
    }
    return nil
  }
}
