/// Follows the parameter sets of a stream, to know where a decoder that starts in the middle would have the wrong
/// ones.
struct ParameterSets {
  private var known: [UInt32: UInt64] = [:]
  /// Some set was sent again with another content: a start then needs all its sets in its own packet.
  private(set) var haveChanged = false

  /// Takes note of a set.
  ///
  /// - Parameter key: the NAL unit type and the set's id.
  mutating func see(_ unit: UnsafeRawBufferPointer, key: UInt32) {
    let content = Fingerprint.of(unit)
    if let old = known.updateValue(content, forKey: key), old != content { haveChanged = true }
  }
}

/// Hashes that stay the same from run to run, to recognise packets and pictures.
enum Fingerprint {
  static let seed: UInt64 = 0xcbf2_9ce4_8422_2325

  /// Mixes bytes eight at a time (the multiply-fold of wyhash), in four lanes as far as there are 32: one alone waits for
  /// each of its products.
  static func of(_ bytes: UnsafeRawBufferPointer, seed: UInt64 = seed) -> UInt64 {
    var hash = seed ^ UInt64(bytes.count)
    var position = 0
    if bytes.count >= 32 {
      func word(_ lane: Int) -> UInt64 { bytes.loadUnaligned(fromByteOffset: position + 8 * lane, as: UInt64.self) }
      var (a, b, c, d) = (hash ^ lanes.0, hash ^ lanes.1, hash ^ lanes.2, hash ^ lanes.3)
      while position + 32 <= bytes.count {
        (a, b, c, d) = (fold(a, word(0)), fold(b, word(1)), fold(c, word(2)), fold(d, word(3)))
        position += 32
      }
      hash = fold(fold(fold(a, b), c), d)
    }
    while position + 8 <= bytes.count {
      hash = fold(hash, bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self))
      position += 8
    }
    var tail: UInt64 = 0
    for byte in bytes[position...] { tail = tail << 8 | UInt64(byte) }
    return fold(hash, tail)
  }

  /// Makes lanes differ that read the same.
  private static let lanes: (UInt64, UInt64, UInt64, UInt64) = (
    0xa076_1d64_78bd_642f, 0xe703_7ed1_a0b4_28db, 0x8ebc_6af0_9c88_c6e3, 0x5899_65cc_7537_4cc3
  )

  /// Of all bytes of a packet.
  static func ofPacket(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
    let hash = of(bytes)
    return UInt32(truncatingIfNeeded: hash ^ hash >> 32)
  }

  private static func fold(_ hash: UInt64, _ word: UInt64) -> UInt64 {
    let product = (hash ^ word).multipliedFullWidth(by: 0x9fb2_1c65_1e98_df25)
    return (product.high ^ product.low) &+ 0x9e37_79b9_7f4a_7c15
  }
}
