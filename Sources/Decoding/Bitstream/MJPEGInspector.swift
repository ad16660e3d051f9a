/// Reads the frame headers of JPEG pictures (ITU-T T.81, B.2.2): every packet is a picture of its own.
struct MJPEGInspector {
  /// Rows of the stream's pictures.
  let height: Int
  private var frameHeader: [UInt8] = []

  init(height: Int) { self.height = height }

  mutating func inspect(_ bytes: UnsafeRawBufferPointer) -> PictureFacts {
    var facts = PictureFacts()
    facts.entry = .exact
    guard let header = Self.frameHeader(bytes) else { return facts }
    // libavcodec takes pictures for fields by the height of those before, which is the stream's at first: then what comes out
    // depends on where decoding began, and a field may be a packet.
    let rows = Int(header[1]) << 8 | Int(header[2])
    if frameHeader.isEmpty ? rows != height : frameHeader != header { facts.doubts.insert(.structure) }
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
      if isFrameHeader { return end - position >= 10 ? Array(bytes[position + 4..<end]) : nil }
      position = end
    }
    return nil
  }
}
