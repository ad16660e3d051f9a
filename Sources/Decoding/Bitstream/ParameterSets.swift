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

  /// Mixes bytes eight at a time (the multiply-fold of wyhash).
  static func of(_ bytes: UnsafeRawBufferPointer, seed: UInt64 = seed) -> UInt64 {
    var hash = seed ^ UInt64(bytes.count)
    var position = 0
    while position + 8 <= bytes.count {
      hash = fold(hash, bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self))
      position += 8
    }
    var tail: UInt64 = 0
    for byte in bytes[position...] { tail = tail << 8 | UInt64(byte) }
    return fold(hash, tail)
  }

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
