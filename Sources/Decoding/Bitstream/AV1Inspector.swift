/// Reads AV1 open bitstream units (AV1 bitstream specification, 5.3, 5.5 and 5.9.2).
struct AV1Inspector {
  private enum UnitType {
    static let sequenceHeader: UInt8 = 1
    static let frameHeader: UInt8 = 3
    static let metadata: UInt8 = 5
    static let frame: UInt8 = 6
  }

  private var sequence: AV1SequenceHeader?

  /// - Parameter extradata: av1C, or empty.
  init(extradata: [UInt8]) {
    // Marker and version, then three bytes of what the units say again.
    guard extradata.first == 0x81, extradata.count > 4 else { return }
    extradata.dropFirst(4).withUnsafeBytes { bytes in
      _ = Self.forEachUnit(bytes) { type, unit in
        if type == UnitType.sequenceHeader { sequence = AV1SequenceHeader(unit) }
      }
    }
  }

  mutating func inspect(_ bytes: UnsafeRawBufferPointer) -> PictureFacts {
    var facts = PictureFacts()
    var hasSequenceHeader = false
    var frames = 0
    var shown = 0
    var isNeeded = false
    let isWhole = Self.forEachUnit(bytes) { type, unit in
      switch type {
      case UnitType.sequenceHeader:
        hasSequenceHeader = true
        sequence = AV1SequenceHeader(unit)
      case UnitType.frame, UnitType.frameHeader:
        guard let first = unit.first else { return }
        // show_existing_frame, then frame_type (two bits, 0 is a key frame), show_frame.
        let flags = first >> 4
        if flags & 0b1001 != 0 { shown += 1 }
        if frames == 0, hasSequenceHeader, flags == 0b0001 { facts.entry = .exact }
        frames += 1
        // All that a frame hands on lies in the slots that it refreshes: pictures, motion vectors, probabilities (7.20).
        if sequence?.refreshFlags(of: unit) != 0 { isNeeded = true }
      // Of the light and the display: it holds until there is another.
      case UnitType.metadata: isNeeded = true
      default: break
      }
    }
    if !isWhole { facts.doubts.insert(.damage) }
    facts.output = shown == 0 ? .none : .frame
    if shown > 1 { facts.doubts.insert(.structure) }
    facts.isDisposable = isWhole && frames > 0 && !isNeeded && !hasSequenceHeader
    return facts
  }

  /// - Returns: false where the units do not fit into the bytes.
  private static func forEachUnit(
    _ bytes: UnsafeRawBufferPointer, _ body: (_ type: UInt8, Slice<UnsafeRawBufferPointer>) -> Void
  ) -> Bool {
    var position = 0
    while position < bytes.count {
      let header = bytes[position]
      position += header & 4 != 0 ? 2 : 1
      guard let size = unitSize(header, bytes, &position), size <= bytes.count - position else { return false }
      body(header >> 3 & 15, bytes[position..<position + size])
      position += size
    }
    return true
  }

  /// The payload's bytes: a leb128 number where the header has one, else the rest of the packet.
  private static func unitSize(_ header: UInt8, _ bytes: UnsafeRawBufferPointer, _ position: inout Int) -> Int? {
    guard header & 2 != 0 else { return max(0, bytes.count - position) }
    var size = 0
    for shift in stride(from: 0, to: 56, by: 7) {
      guard position < bytes.count else { return nil }
      let byte = bytes[position]
      position += 1
      size |= Int(byte & 0x7f) << shift
      if byte & 0x80 == 0 { return size }
    }
    return nil
  }
}

/// What of a sequence header decides how frame headers are read (5.5). Those with a decoder model, and of still pictures,
/// are not read.
struct AV1SequenceHeader {
  private static let selected: UInt32 = 2

  private var frameIDBits = 0
  private var orderHintBits = 0
  private var forcesScreenContentTools = selected
  private var forcesIntegerMV = selected

  init?(_ bytes: Slice<UnsafeRawBufferPointer>) {
    var reader = BitReader(raw: Array(bytes.prefix(512)))
    // seq_profile, still_picture; reduced_still_picture_header.
    guard reader.bits(4) != nil, reader.bits(1) == 0, Self.skipTiming(&reader), Self.skipOperatingPoints(&reader),
      let widthBits = reader.bits(4), let heightBits = reader.bits(4),
      // The largest size.
      reader.bits(Int(widthBits) + 1) != nil, reader.bits(Int(heightBits) + 1) != nil,
      let hasFrameIDs = reader.bits(1)
    else { return nil }
    if hasFrameIDs == 1 {
      guard let delta = reader.bits(4), let more = reader.bits(3) else { return nil }
      frameIDBits = Int(delta) + 2 + Int(more) + 1
    }
    // Superblocks of 128, filter intra, intra edge filter; inter-intra, masked and warped compound, dual filter.
    guard reader.bits(3) != nil, reader.bits(4) != nil, let hasOrderHint = reader.bits(1) else { return nil }
    // Compound by distance, motion vectors of references.
    if hasOrderHint == 1, reader.bits(2) == nil { return nil }
    guard let choosesTools = reader.bits(1) else { return nil }
    if choosesTools == 0 {
      guard let forces = reader.bits(1) else { return nil }
      forcesScreenContentTools = forces
    }
    if forcesScreenContentTools > 0 {
      guard let choosesMV = reader.bits(1) else { return nil }
      if choosesMV == 0 {
        guard let forces = reader.bits(1) else { return nil }
        forcesIntegerMV = forces
      }
    }
    if hasOrderHint == 1 {
      guard let bits = reader.bits(3) else { return nil }
      orderHintBits = Int(bits) + 1
    }
  }

  private static func skipTiming(_ reader: inout BitReader) -> Bool {
    guard let hasTiming = reader.bits(1) else { return false }
    guard hasTiming == 1 else { return true }
    // Units in a tick, the time scale.
    guard reader.bits(32) != nil, reader.bits(32) != nil, let isEqual = reader.bits(1) else { return false }
    // uvlc() is coded as ue(v) is.
    if isEqual == 1, reader.exponentialGolomb() == nil { return false }
    return reader.bits(1) == 0  // decoder_model_info_present_flag
  }

  private static func skipOperatingPoints(_ reader: inout BitReader) -> Bool {
    guard let hasDelay = reader.bits(1), let count = reader.bits(5) else { return false }
    for _ in 0...count {
      guard reader.bits(12) != nil, let level = reader.bits(5) else { return false }
      if level > 7, reader.bits(1) == nil { return false }
      guard hasDelay == 1 else { continue }
      guard let isPresent = reader.bits(1) else { return false }
      if isPresent == 1, reader.bits(4) == nil { return false }
    }
    return true
  }

  /// The slots that a frame refreshes, a bit each; nil where that is not known, as of a frame that is only shown again.
  func refreshFlags(of frame: Slice<UnsafeRawBufferPointer>) -> UInt32? {
    let (key, intraOnly, switching): (UInt32, UInt32, UInt32) = (0, 2, 3)
    var reader = BitReader(raw: Array(frame.prefix(32)))
    guard reader.bits(1) == 0, let type = reader.bits(2), let isShown = reader.bits(1) else { return nil }
    if isShown == 0, reader.bits(1) == nil { return nil }  // showable_frame
    let refreshesAll = type == switching || (type == key && isShown == 1)
    var isResilient = true
    if !refreshesAll {
      guard let flag = reader.bits(1) else { return nil }
      isResilient = flag == 1
    }
    guard reader.bits(1) != nil else { return nil }  // disable_cdf_update
    var allowsTools = forcesScreenContentTools
    if allowsTools == Self.selected {
      guard let flag = reader.bits(1) else { return nil }
      allowsTools = flag
    }
    if allowsTools == 1, forcesIntegerMV == Self.selected, reader.bits(1) == nil { return nil }
    guard reader.bits(frameIDBits) != nil else { return nil }
    if type != switching, reader.bits(1) == nil { return nil }  // frame_size_override_flag
    guard reader.bits(orderHintBits) != nil else { return nil }
    let isIntra = type == key || type == intraOnly
    if !isIntra, !isResilient, reader.bits(3) == nil { return nil }  // primary_ref_frame
    return refreshesAll ? 0xff : reader.bits(8)
  }
}
