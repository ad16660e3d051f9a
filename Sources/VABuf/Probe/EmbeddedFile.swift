/// Files within the program's text. Both functions trap on text that they cannot read: it is our own.
package enum EmbeddedFile {
  /// The bytes that a text in base64 stands for.
  package static func bytes(base64: StaticString) -> [UInt8] {
    base64.withUTF8Buffer { text in
      var bytes: [UInt8] = []
      bytes.reserveCapacity(text.count / 4 * 3)
      var bits: UInt32 = 0
      var count = 0
      for character in text {
        let value: UInt8
        switch character {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): value = character - UInt8(ascii: "A")
        case UInt8(ascii: "a")...UInt8(ascii: "z"): value = character - UInt8(ascii: "a") + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): value = character - UInt8(ascii: "0") + 52
        case UInt8(ascii: "+"): value = 62
        case UInt8(ascii: "/"): value = 63
        default: continue  // the end of a line, or the padding at the end of the text
        }
        bits = bits << 6 | UInt32(value)
        count += 6
        if count >= 8 {
          count -= 8
          bytes.append(UInt8(truncatingIfNeeded: bits >> count))
        }
      }
      return bytes
    }
  }

  /// The bytes that were deflated (RFC 1951, without the header of gzip or zlib).
  package static func inflated(_ packed: [UInt8], byteCount: Int) -> [UInt8] {
    var inflater = Inflater(input: packed, byteCount: byteCount)
    inflater.run()
    precondition(inflater.output.count == byteCount, "an embedded file has another size than was noted")
    return inflater.output
  }
}

/// The decoder of RFC 1951; numbers in parentheses are its sections.
private struct Inflater {
  let input: [UInt8]
  var output: [UInt8] = []
  private var position = 0
  private var bitsLeft: UInt32 = 0
  private var bitCount: UInt32 = 0

  init(input: [UInt8], byteCount: Int) {
    self.input = input
    output.reserveCapacity(byteCount)
  }

  mutating func run() {
    var isLast = false
    while !isLast {
      isLast = bits(1) == 1
      switch bits(2) {
      case 0: stored()
      case 1: coded(Code.fixedLengths, Code.fixedDistances)
      case 2:
        let (lengths, distances) = dynamicCodes()
        coded(lengths, distances)
      default: preconditionFailure("an embedded file is no deflate stream")
      }
    }
  }

  /// The next bits, the first one lowest.
  private mutating func bits(_ count: UInt32) -> Int {
    while bitCount < count {
      bitsLeft |= UInt32(input[position]) << bitCount
      position += 1
      bitCount += 8
    }
    defer {
      bitsLeft >>= count
      bitCount -= count
    }
    return Int(bitsLeft & (1 << count - 1))
  }

  /// Bytes as they are (3.2.4).
  private mutating func stored() {
    bitsLeft = 0
    bitCount = 0
    let count = Int(input[position]) | Int(input[position + 1]) << 8
    position += 4
    output += input[position..<position + count]
    position += count
  }

  /// Bytes, and repetitions of what went before (3.2.3, 3.2.5).
  private mutating func coded(_ lengths: Code, _ distances: Code) {
    while true {
      let symbol = self.symbol(lengths)
      if symbol < 256 {
        output.append(UInt8(symbol))
        continue
      }
      if symbol == 256 { return }
      let (length, lengthBits) = Self.lengths[symbol - 257]
      let count = length + bits(lengthBits)
      let (distance, distanceBits) = Self.distances[self.symbol(distances)]
      let start = output.count - distance - bits(distanceBits)
      // One by one: the source may overlap what is being written.
      for index in start..<start + count { output.append(output[index]) }
    }
  }

  /// The codes of a block, which are coded themselves (3.2.7).
  private mutating func dynamicCodes() -> (Code, Code) {
    let lengthCount = bits(5) + 257
    let distanceCount = bits(5) + 1
    let codeCount = bits(4) + 4
    var codeLengths = [UInt8](repeating: 0, count: 19)
    for index in [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15].prefix(codeCount) {
      codeLengths[index] = UInt8(bits(3))
    }
    let code = Code(lengths: codeLengths)
    var lengths: [UInt8] = []
    while lengths.count < lengthCount + distanceCount {
      switch symbol(code) {
      case 16: lengths += Array(repeating: lengths[lengths.count - 1], count: 3 + bits(2))
      case 17: lengths += Array(repeating: 0, count: 3 + bits(3))
      case 18: lengths += Array(repeating: 0, count: 11 + bits(7))
      case let length: lengths.append(UInt8(length))
      }
    }
    return (Code(lengths: Array(lengths[..<lengthCount])), Code(lengths: Array(lengths[lengthCount...])))
  }

  /// The next symbol: its bits come highest first, and codes of one length follow one another (3.2.2).
  private mutating func symbol(_ code: Code) -> Int {
    var value = 0
    var first = 0
    var index = 0
    for count in code.counts.dropFirst() {
      value |= bits(1)
      if value - first < count { return code.symbols[index + value - first] }
      index += count
      first = (first + count) << 1
      value <<= 1
    }
    preconditionFailure("an embedded file is no deflate stream")
  }

  /// A prefix code, made from the lengths of its symbols' codes.
  private struct Code {
    /// How many symbols have codes of each length.
    var counts = [Int](repeating: 0, count: 16)
    /// The symbols in the order of their codes.
    var symbols: [Int] = []

    init(lengths: [UInt8]) {
      for length in 1..<16 {
        let found = lengths.indices.filter { lengths[$0] == length }
        counts[length] = found.count
        symbols += found
      }
    }

    static let fixedLengths = Code(
      lengths: (0..<288).map { $0 < 144 ? 8 : $0 < 256 ? 9 : $0 < 280 ? 7 : 8 })
    static let fixedDistances = Code(lengths: Array(repeating: 5, count: 30))
  }

  /// What a symbol means: the least value, and how many bits add to it.
  private typealias Range = (least: Int, bits: UInt32)

  /// Of symbols from 257 on, lengths: four ranges of each size, eight of size 1.
  private static let lengths: [Range] = ranges(count: 28, ofEachSize: 4, from: 3) + [Range(258, 0)]

  /// Of distances: two ranges of each size, four of size 1.
  private static let distances: [Range] = ranges(count: 30, ofEachSize: 2, from: 1)

  private static func ranges(count: Int, ofEachSize each: Int, from least: Int) -> [Range] {
    var ranges: [Range] = []
    var next = least
    for index in 0..<count {
      let bits = max(index / each - 1, 0)
      ranges.append(Range(next, UInt32(bits)))
      next += 1 << bits
    }
    return ranges
  }
}
