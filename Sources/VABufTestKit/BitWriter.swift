/// Writes bits, the most significant first.
public struct BitWriter: Sendable {
  /// What was written, the last byte filled with zeros.
  public private(set) var bytes: [UInt8] = []
  private var free = 0

  /// Has written nothing yet.
  public init() {}

  /// Writes the lowest bits of a number.
  public mutating func write(_ value: Int, _ count: Int) {
    for shift in (0..<count).reversed() {
      if free == 0 {
        bytes.append(0)
        free = 8
      }
      free -= 1
      bytes[bytes.count - 1] |= UInt8((value >> shift) & 1) << UInt8(free)
    }
  }

  /// An unsigned Exp-Golomb code.
  public mutating func exponential(_ value: Int) {
    let length = Int.bitWidth - (value + 1).leadingZeroBitCount
    write(0, length - 1)
    write(value + 1, length)
  }

  /// Goes on at the next byte.
  public mutating func align() { free = 0 }

  /// Ends a unit: a one, and zeros up to the next byte.
  public mutating func stop() {
    write(1, 1)
    align()
  }
}
