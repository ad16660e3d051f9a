package import FrameModel

/// Which slot each frame of a cache has: a hash table whose look-ups cost a few instructions, because every request makes
/// some. `Dictionary` takes three hundred for a `FrameKey`, most of them to be safe from keys that an attacker chooses; these
/// are numbers of frames that a decoder delivered.
///
/// Open addressing: an entry lies at its key's place, or after it with no empty place in between.
package struct SlotTable: Sendable {
  private struct Entry: Sendable {
    var key: FrameKey
    /// `empty` in a place without an entry.
    var slot: Int32
  }

  private static let empty: Int32 = -1
  private static let smallest = 16
  private static let nowhere = Entry(key: FrameKey(stream: 0, number: 0), slot: empty)

  /// A power of two of them, at most half of which are taken.
  private var places = [Entry](repeating: nowhere, count: smallest)
  package private(set) var count = 0
  /// How many places `forEach` looks at.
  var placeCount: Int { places.count }

  package init() {}

  /// The slot of a frame; nil where it has none.
  package subscript(key: FrameKey) -> Int? {
    get {
      let slot = places[place(of: key)].slot
      return slot == Self.empty ? nil : Int(slot)
    }
    set {
      if let newValue { insert(key, newValue) } else { remove(key) }
    }
  }

  /// Calls `body` for each frame, in no order.
  package func forEach(_ body: (FrameKey, Int) -> Void) {
    for entry in places where entry.slot != Self.empty { body(entry.key, Int(entry.slot)) }
  }

  // MARK: - Places

  /// Where a key would lie if it were alone.
  private func home(of key: FrameKey) -> Int {
    // Fibonacci hashing, Knuth, The Art of Computer Programming, volume 3, 6.4: frames that follow each other lie far apart.
    let mixed = (UInt64(bitPattern: Int64(key.number)) ^ UInt64(key.stream) << 40) &* 0x9E37_79B9_7F4A_7C15
    return Int(mixed >> UInt64(64 - places.count.trailingZeroBitCount))
  }

  /// Where it lies, or the empty place where it would.
  private func place(of key: FrameKey) -> Int {
    var place = home(of: key)
    while places[place].slot != Self.empty, places[place].key != key { place = next(place) }
    return place
  }

  private func next(_ place: Int) -> Int { (place + 1) & (places.count - 1) }

  private mutating func insert(_ key: FrameKey, _ slot: Int) {
    let place = place(of: key)
    if places[place].slot == Self.empty {
      count += 1
      if 2 * count > places.count {
        grow()
        return places[self.place(of: key)] = Entry(key: key, slot: Int32(slot))
      }
    }
    places[place] = Entry(key: key, slot: Int32(slot))
  }

  private mutating func grow() {
    let old = places
    places = [Entry](repeating: Self.nowhere, count: 2 * old.count)
    for entry in old where entry.slot != Self.empty { places[place(of: entry.key)] = entry }
  }

  private mutating func remove(_ key: FrameKey) {
    var hole = place(of: key)
    guard places[hole].slot != Self.empty else { return }
    count -= 1
    // What comes after the hole moves into it, unless its home lies behind the hole.
    var other = next(hole)
    while places[other].slot != Self.empty {
      let fromHome = (other - home(of: places[other].key)) & (places.count - 1)
      if fromHome >= (other - hole) & (places.count - 1) {
        places[hole] = places[other]
        hole = other
      }
      other = next(other)
    }
    places[hole] = Self.nowhere
  }
}
