internal import FFmpegMedia

/// Reads HEVC packets: NAL unit types and the first bits of slice headers (ITU-T H.265, 7.3.1 and 7.4.2.2).
struct HEVCInspector {
  private let framing: NALFraming
  private var parameterSets = ParameterSets()
  private var afterEndOfSequence = true
  private var hasPictures = false
  /// The pictures that lead the last random access point are not decodable: nothing was decoded before it.
  private var skipsLeading = false
  private var hidesPictures = false

  private enum UnitType {
    static let skippedLeading = 8...9  // RASL_N, RASL_R
    static let subLayerNonReference = 14
    static let brokenLink = 16...18
    static let instantRefresh = 19...20
    static let cleanRandomAccess = 21
    static let randomAccess = 16...23
    static let slices = 0...31
    static let parameterSets = 32...34
    static let pictureSet = 34
    static let endOfSequence = 36
    static let endOfBitstream = 37
  }

  init(extradata: [UInt8]) {
    framing = .hevc(extradata: extradata)
    extradata.withUnsafeBytes { bytes in
      bytes.forEachParameterSet(hvcC: framing) { unit in
        guard let first = unit.first else { return }
        let type = Int(first >> 1 & 63)
        if UnitType.parameterSets.contains(type) { note(parameterSet: unit, type: type) }
      }
    }
  }

  private mutating func note(parameterSet unit: UnsafeRawBufferPointer, type: Int) {
    // The ids stand at different places; a set with another id and the same type is rare and only costs starts.
    parameterSets.see(unit, key: UInt32(type))
    // A PPS with output_flag_present_flag (7.3.2.3.1): its pictures may be hidden, which stands deep in slice headers.
    guard type == UnitType.pictureSet else { return }
    var reader = BitReader(unescaping: unit.dropFirst(2), limit: 16)
    if reader.exponentialGolomb() != nil, reader.exponentialGolomb() != nil, reader.bits(1) != nil, reader.bits(1) == 1
    {
      hidesPictures = true
    }
  }

  mutating func inspect(_ bytes: UnsafeRawBufferPointer, parsed: ParsedPicture?) -> PictureFacts {
    var facts = PictureFacts()
    var pictures = 0
    var type = -1
    var layer = 0
    var ends = false
    var sets: Set<Int> = []
    let isWhole = bytes.forEachNALUnit(framing) { unit in
      guard unit.count >= 2 else { return }
      if unit[0] & 0x80 != 0 { facts.doubts.insert(.damage) }
      // Other layers (depth, scalability) are not decoded.
      guard (unit[0] & 1) == 0, unit[1] >> 3 == 0 else { return }
      let unitType = Int(unit[0] >> 1 & 63)
      switch unitType {
      case UnitType.slices:
        type = unitType
        layer = max(0, Int(unit[1] & 7) - 1)
        guard unit.count >= 3, unit[2] & 0x80 != 0 else { return }
        pictures += 1
        if UnitType.randomAccess.contains(unitType), unit[2] & 0x40 != 0 { facts.doubts.insert(.droppedOutput) }
      case UnitType.parameterSets:
        sets.insert(unitType)
        note(parameterSet: unit, type: unitType)
      case UnitType.endOfSequence, UnitType.endOfBitstream:
        ends = true
      default: break
      }
    }
    if !isWhole { facts.doubts.insert(.damage) }
    facts.setsHaveChanged = parameterSets.haveChanged
    defer { if ends { afterEndOfSequence = true } }
    guard type >= 0 else {
      facts.output = .none
      return facts
    }
    // A sequence that begins after the end of another may drop pictures of that one which were not shown yet.
    if afterEndOfSequence, hasPictures { facts.doubts.insert(.droppedOutput) }
    hasPictures = true
    if hidesPictures { facts.doubts.insert(.droppedOutput) }
    if pictures != 1 { facts.doubts.insert(pictures == 0 ? .damage : .structure) }
    facts.order = .count(Int64(parsed?.outputNumber ?? 0))
    facts.isDisposable = type <= UnitType.subLayerNonReference && type % 2 == 0 && sets.isEmpty && !ends
    facts.temporalLayer = layer
    switch type {
    case UnitType.instantRefresh:
      facts.entry = .exact
      facts.opensSequence = true
      skipsLeading = false
    case UnitType.brokenLink, UnitType.cleanRandomAccess:
      facts.entry = .leading
      skipsLeading = afterEndOfSequence || type != UnitType.cleanRandomAccess
      facts.opensSequence = skipsLeading
    case UnitType.skippedLeading where skipsLeading:
      facts.output = .none
    default: break
    }
    if parameterSets.haveChanged, !sets.isSuperset(of: UnitType.parameterSets) { facts.entry = .none }
    afterEndOfSequence = false
    return facts
  }
}
