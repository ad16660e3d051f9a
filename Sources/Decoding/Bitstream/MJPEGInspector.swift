/// Reads the frame headers of JPEG pictures (ITU-T T.81, B.2.2): every packet is a picture of its own.
struct MJPEGInspector {
  private var frameHeader: [UInt8] = []

  mutating func inspect(_ bytes: UnsafeRawBufferPointer) -> PictureFacts {
    var facts = PictureFacts()
    facts.entry = .exact
    guard let header = Self.frameHeader(bytes) else { return facts }
    // At a change of size libavcodec may take pictures for fields, by the height of those before: what comes out then
    // depends on where decoding began.
    if !frameHeader.isEmpty, frameHeader != header { facts.doubts.insert(.structure) }
    frameHeader = header
    return facts
  }

  /// Precision, height, width and components of the picture; nil where there is no header within reach.
  private static func frameHeader(_ bytes: UnsafeRawBufferPointer) -> [UInt8]? {
    var position = 2
    while position + 4 <= bytes.count, bytes[position] == 0xff {
      let marker = bytes[position + 1]
      let length = Int(bytes[position + 2]) << 8 | Int(bytes[position + 3])
      let isFrameHeader = 0xc0...0xcf ~= marker && ![0xc4, 0xc8, 0xcc].contains(marker)
      let end = position + 2 + length
      guard length >= 2, end <= bytes.count else { return nil }
      if isFrameHeader { return Array(bytes[position + 4..<end]) }
      position = end
    }
    return nil
  }
}
