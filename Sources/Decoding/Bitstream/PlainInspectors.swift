/// Reads VP8 frame tags (RFC 6386, 9.1).
///
/// Which buffers a frame refreshes does not tell whether others do without it: probabilities go from frame to frame.
enum VP8Inspector {
  static func inspect(_ bytes: UnsafeRawBufferPointer) -> PictureFacts {
    var facts = PictureFacts()
    guard let tag = bytes.first else {
      facts.output = .none
      facts.doubts.insert(.damage)
      return facts
    }
    if tag & 1 == 0 { facts.entry = .exact }
    if tag >> 4 & 1 == 0 { facts.output = .none }
    return facts
  }
}

/// Reads VP9 superframes and uncompressed headers (VP9 bitstream specification, 6.2 and annex B).
///
/// A frame that refreshes no buffer is not one that others do without: they may use its motion vectors, its segmentation
/// map and the probabilities that it leaves behind (7.2).
enum VP9Inspector {
  static func inspect(_ bytes: UnsafeRawBufferPointer) -> PictureFacts {
    var facts = PictureFacts()
    var shown = 0
    var position = 0
    var isFirst = true
    for size in frameSizes(bytes) {
      guard size <= bytes.count - position, let frame = Header(bytes[position..<position + size]) else {
        facts.doubts.insert(.damage)
        break
      }
      if isFirst, frame.isKey { facts.entry = .exact }
      if frame.isShown { shown += 1 }
      isFirst = false
      position += size
    }
    facts.output = shown == 0 ? .none : .frame
    if shown > 1 { facts.doubts.insert(.structure) }
    return facts
  }

  private struct Header {
    var isKey = false
    var isShown = true

    init?(_ bytes: Slice<UnsafeRawBufferPointer>) {
      var reader = BitReader(raw: Array(bytes.prefix(4)))
      guard reader.bits(2) == 2, let low = reader.bits(1), let high = reader.bits(1) else { return nil }
      if high << 1 | low == 3 { _ = reader.bits(1) }
      guard let showsExisting = reader.bits(1) else { return nil }
      if showsExisting == 1 { return }
      guard let isInter = reader.bits(1), let isShown = reader.bits(1) else { return nil }
      self.isKey = isInter == 0
      self.isShown = isShown == 1
    }
  }

  /// The sizes of the frames in a superframe; one for a plain frame.
  private static func frameSizes(_ bytes: UnsafeRawBufferPointer) -> [Int] {
    guard let marker = bytes.last, marker & 0xe0 == 0xc0 else { return [bytes.count] }
    let frames = Int(marker & 7) + 1
    let width = Int(marker >> 3 & 3) + 1
    let indexSize = 2 + frames * width
    guard bytes.count >= indexSize, bytes[bytes.count - indexSize] == marker else { return [bytes.count] }
    let first = bytes.count - indexSize + 1
    return (0..<frames).map { frame in
      (0..<width).reduce(0) { $0 | Int(bytes[first + frame * width + $1]) << (8 * $1) }
    }
  }
}

/// Reads MPEG-1 and MPEG-2 picture headers (ISO/IEC 13818-2, 6.2).
struct MPEG2Inspector {
  private var references = 0
  private var openField: UInt8?
  private var size: [UInt8] = []

  mutating func inspect(_ bytes: UnsafeRawBufferPointer) -> PictureFacts {
    var facts = PictureFacts()
    var types: [UInt8] = []
    var structures: [UInt8] = []
    var hasSequenceHeader = false
    var hasParameters = false
    _ = bytes.forEachNALUnit(.startCodes) { unit in
      switch unit[0] {
      case 0x00 where unit.count >= 3: types.append(unit[2] >> 3 & 7)
      case 0xb3 where unit.count >= 4:
        hasSequenceHeader = true
        // Width and height, twelve bits each. Where they change, the decoder loses the picture that it holds.
        let newSize = Array(unit[1...3])
        if !size.isEmpty, size != newSize { facts.doubts.insert(.droppedOutput) }
        size = newSize
      case 0xb5 where unit.count >= 4 && unit[1] >> 4 == 8: structures.append(unit[3] & 3)
      case 0xb5 where unit.count >= 2 && unit[1] >> 4 == 3: hasParameters = true  // other quantiser matrices
      case 0xb8: hasParameters = true  // a group of pictures begins
      default: break
      }
    }
    guard let type = types.first else {
      facts.output = .none
      return facts
    }
    if types.count > 2 || (types.count == 2 && structures.first == 3) { facts.doubts.insert(.structure) }
    if types.count == 1, let structure = structures.first, structure != 3 {
      if let first = openField, first != structure {
        openField = nil
        facts.output = .none
        return facts
      }
      openField = structure
    } else {
      openField = nil
    }
    switch type {
    case 1, 2:
      facts.order = .heldReference
      references += 1
      if type == 1, hasSequenceHeader { facts.entry = .leading }
    case 3:
      facts.isDisposable = !hasSequenceHeader && !hasParameters
      // Pictures that lead the first I picture are dropped or not, as the decoder sees fit.
      if references < 2 { facts.doubts.insert(.start) }
    default: facts.doubts.insert(.damage)
    }
    return facts
  }
}
