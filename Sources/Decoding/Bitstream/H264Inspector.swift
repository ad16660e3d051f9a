internal import FFmpegMedia

/// Reads H.264 packets: NAL unit types, slice types, recovery points, field pairs (ITU-T H.264, 7.3 and D.1).
struct H264Inspector {
  private let framing: NALFraming
  private var parameterSets = ParameterSets()
  private var openField: PictureStructure?

  enum UnitType {
    static let slice = 1
    static let partitionA = 2
    static let idrSlice = 5
    static let sei = 6
    static let sequenceSet = 7
    static let pictureSet = 8
  }

  init(extradata: [UInt8]) {
    framing = .h264(extradata: extradata)
    extradata.withUnsafeBytes { bytes in
      bytes.forEachParameterSet(avcC: framing) { unit in
        guard let type = unit.first.map({ Int($0 & 31) }) else { return }
        if type == UnitType.sequenceSet || type == UnitType.pictureSet { note(parameterSet: unit, type: type) }
      }
    }
  }

  private mutating func note(parameterSet unit: UnsafeRawBufferPointer, type: Int) {
    var reader = BitReader(unescaping: unit.dropFirst(type == UnitType.sequenceSet ? 4 : 1), limit: 8)
    parameterSets.see(unit, key: UInt32(type) << 16 | (reader.exponentialGolomb() ?? 0xffff))
  }

  mutating func inspect(_ bytes: UnsafeRawBufferPointer, parsed: ParsedPicture?) -> PictureFacts {
    var facts = PictureFacts()
    var pictures = 0
    var slices = 0
    var allIntra = true
    var isIDR = false
    var isReference = false
    var recoversAtOnce = false
    var hasSequenceSet = false
    var hasPictureSet = false
    let isWhole = bytes.forEachNALUnit(framing) { unit in
      let header = unit[0]
      if header & 0x80 != 0 { facts.doubts.insert(.damage) }
      switch Int(header & 31) {
      case UnitType.slice, UnitType.idrSlice:
        var reader = BitReader(unescaping: unit.dropFirst(), limit: 16)
        guard let firstMacroblock = reader.exponentialGolomb(), let type = reader.exponentialGolomb(), type <= 9 else {
          facts.doubts.insert(.damage)
          return
        }
        slices += 1
        if firstMacroblock == 0 { pictures += 1 }
        if type % 5 != 2 { allIntra = false }
        if Int(header & 31) == UnitType.idrSlice { isIDR = true }
        if header >> 5 & 3 != 0 { isReference = true }
      case UnitType.partitionA:
        facts.doubts.insert(.structure)
      case UnitType.sei:
        if Self.recoveryFrameCount(unit) == 0 { recoversAtOnce = true }
      case UnitType.sequenceSet:
        hasSequenceSet = true
        note(parameterSet: unit, type: UnitType.sequenceSet)
      case UnitType.pictureSet:
        hasPictureSet = true
        note(parameterSet: unit, type: UnitType.pictureSet)
      default: break
      }
    }
    if !isWhole { facts.doubts.insert(.damage) }
    facts.setsHaveChanged = parameterSets.haveChanged
    guard slices > 0 else {
      facts.output = .none
      return facts
    }
    facts.isDisposable = !isReference && !hasSequenceSet && !hasPictureSet
    facts.order = .count(Int64(parsed?.outputNumber ?? 0))
    pair(&facts, structure: parsed?.structure ?? .unknown, pictures: pictures)
    if facts.output == .frame {
      facts.opensSequence = isIDR
      if isIDR {
        facts.entry = .exact
      } else if allIntra, recoversAtOnce {
        facts.entry = .leading
      }
      if parameterSets.haveChanged, !(hasSequenceSet && hasPictureSet) { facts.entry = .none }
    }
    return facts
  }

  /// Whether all slices of a packet are those of an IDR picture (Rec. H.264, 7.4.1.2.4).
  static func isIDR(_ bytes: UnsafeRawBufferPointer, _ framing: NALFraming) -> Bool {
    var (slices, others) = (0, 0)
    let isWhole = bytes.forEachNALUnit(framing) { unit in
      switch Int(unit[0] & 31) {
      case UnitType.idrSlice: slices += 1
      case UnitType.slice, UnitType.partitionA: others += 1
      default: break
      }
    }
    return isWhole && slices > 0 && others == 0
  }

  /// Two fields of opposite parity make one frame, whether they come in one packet or in two.
  private mutating func pair(_ facts: inout PictureFacts, structure: PictureStructure, pictures: Int) {
    switch (structure, pictures) {
    case (.topField, 1), (.bottomField, 1):
      if let first = openField, first != structure {
        openField = nil
        facts.output = .none
      } else {
        if openField != nil { facts.doubts.insert(.structure) }
        openField = structure
      }
    case (.topField, 2), (.bottomField, 2), (.frame, 1):
      if openField != nil { facts.doubts.insert(.structure) }
      openField = nil
    default:
      facts.doubts.insert(pictures == 0 ? .damage : .structure)
      openField = nil
    }
  }

  /// `recovery_frame_cnt` of a recovery point SEI that promises exact pictures; nil without one.
  private static func recoveryFrameCount(_ unit: UnsafeRawBufferPointer) -> UInt32? {
    var position = 1
    func number() -> Int? {
      var value = 0
      while position < unit.count {
        let byte = unit[position]
        position += 1
        value += Int(byte)
        if byte != 0xff { return value }
      }
      return nil
    }
    while position + 1 < unit.count, unit[position] != 0x80 {
      guard let type = number(), let size = number(), position + size <= unit.count else { return nil }
      if type == 6 {
        var reader = BitReader(unescaping: unit[position...], limit: 12)
        guard let count = reader.exponentialGolomb(), let isExact = reader.bits(1) else { return nil }
        return isExact == 1 ? count : nil
      }
      position += size
    }
    return nil
  }
}
