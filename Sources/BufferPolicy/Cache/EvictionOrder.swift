/// The order in which a tier of the cache gives up frames.
///
/// The cache tells it of every slot that it holds in its tier. A pinned slot leaves the order, so that the next victim
/// is found without passing over pinned ones, but is still known: `use` may name it.
///
/// - *unknown* -> `insert` -> *in order* -> `pin` -> *pinned* -> `unpin` -> *in order*; `remove` from either -> unknown.
///
/// All of it is O(1), amortised.
package protocol EvictionOrder: Sendable {
  init()

  /// A new slot, not pinned.
  mutating func insert(_ slot: Int)
  /// The frame of a known slot was asked for.
  mutating func use(_ slot: Int)
  /// A slot in order must not be given up.
  mutating func pin(_ slot: Int)
  /// A pinned slot is back in order, as the most recently used one of its kind.
  mutating func unpin(_ slot: Int)
  /// The slot is unknown from now on.
  mutating func remove(_ slot: Int)

  /// The slot to give up first; nil where none is in order.
  var victim: Int? { get }
  /// The slot to give up after that one, which is in order.
  func victim(after slot: Int) -> Int?
}

/// Gives up the least recently used slot first.
package struct LRUOrder: EvictionOrder {
  private var links = SlotLinks()
  private var chain = SlotChain()

  package init() {}

  package mutating func insert(_ slot: Int) { links.append(slot, to: &chain) }

  package mutating func use(_ slot: Int) {
    if links.contains(slot) { links.moveToEnd(slot, of: &chain) }
  }

  package mutating func pin(_ slot: Int) { links.remove(slot, from: &chain) }

  package mutating func unpin(_ slot: Int) { links.append(slot, to: &chain) }

  package mutating func remove(_ slot: Int) {
    if links.contains(slot) { links.remove(slot, from: &chain) }
  }

  package var victim: Int? { chain.first }

  package func victim(after slot: Int) -> Int? { links.slot(after: slot) }
}
