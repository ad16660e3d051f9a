/// One doubly linked list over slot numbers: its two ends. The links are in a `SlotLinks`, so that many chains share
/// one array, as long as a slot is in one of them at a time.
package struct SlotChain: Sendable {
  fileprivate var head: Int32 = SlotLinks.none
  fileprivate var tail: Int32 = SlotLinks.none
  package fileprivate(set) var count = 0

  package init() {}

  package var first: Int? { head < 0 ? nil : Int(head) }
  package var last: Int? { tail < 0 ? nil : Int(tail) }
  package var isEmpty: Bool { head < 0 }
}

/// The links of chains over slot numbers. Every operation is O(1) and allocates nothing once the arrays have grown to
/// the highest slot.
package struct SlotLinks: Sendable {
  fileprivate static let none: Int32 = -1
  private static let unlinked: Int32 = -2

  private var links: [Link] = []

  private struct Link: Sendable {
    var previous: Int32
    var next: Int32
  }

  package init() {}

  /// Whether the slot is in a chain.
  package func contains(_ slot: Int) -> Bool {
    slot < links.count && links[slot].next != Self.unlinked
  }

  package func slot(after slot: Int) -> Int? {
    let next = links[slot].next
    return next < 0 ? nil : Int(next)
  }

  /// Puts a slot that is in no chain at the end of one.
  package mutating func append(_ slot: Int, to chain: inout SlotChain) {
    while links.count <= slot { links.append(Link(previous: Self.unlinked, next: Self.unlinked)) }
    precondition(links[slot].next == Self.unlinked, "slot \(slot) is in a chain already")
    let index = Int32(slot)
    links[slot] = Link(previous: chain.tail, next: Self.none)
    if chain.tail >= 0 { links[Int(chain.tail)].next = index } else { chain.head = index }
    chain.tail = index
    chain.count += 1
  }

  /// Takes a slot out of the chain that it is in.
  package mutating func remove(_ slot: Int, from chain: inout SlotChain) {
    let link = links[slot]
    precondition(link.next != Self.unlinked, "slot \(slot) is in no chain")
    if link.previous >= 0 { links[Int(link.previous)].next = link.next } else { chain.head = link.next }
    if link.next >= 0 { links[Int(link.next)].previous = link.previous } else { chain.tail = link.previous }
    links[slot] = Link(previous: Self.unlinked, next: Self.unlinked)
    chain.count -= 1
  }

  /// Makes a slot the last of the chain that it is in.
  package mutating func moveToEnd(_ slot: Int, of chain: inout SlotChain) {
    if links[slot].next == Self.none { return }
    remove(slot, from: &chain)
    append(slot, to: &chain)
  }
}
