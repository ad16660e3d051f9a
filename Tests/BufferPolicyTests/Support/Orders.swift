import BufferPolicy

/// Gives up the oldest slot first, whether it was used or not.
struct FIFOOrder: EvictionOrder {
  private var order: [Int] = []
  private var pinned: Set<Int> = []

  mutating func insert(_ slot: Int) { order.append(slot) }
  mutating func use(_ slot: Int) {}
  mutating func pin(_ slot: Int) { pinned.insert(slot) }
  mutating func unpin(_ slot: Int) { pinned.remove(slot) }

  mutating func remove(_ slot: Int) {
    pinned.remove(slot)
    order.removeAll { $0 == slot }
  }

  var victim: Int? { order.first { !pinned.contains($0) } }

  func victim(after slot: Int) -> Int? {
    guard let index = order.firstIndex(of: slot) else { return nil }
    return order[(index + 1)...].first { !pinned.contains($0) }
  }
}

/// Segmented LRU: a slot that was used once more is protected until enough others are.
struct SLRUOrder: EvictionOrder {
  private static let mostProtected = 8
  private var probation: [Int] = []
  private var protected: [Int] = []
  private var pinned: Set<Int> = []

  mutating func insert(_ slot: Int) { probation.append(slot) }

  mutating func use(_ slot: Int) {
    probation.removeAll { $0 == slot }
    protected.removeAll { $0 == slot }
    protected.append(slot)
    if protected.count > Self.mostProtected { probation.append(protected.removeFirst()) }
  }

  mutating func pin(_ slot: Int) { pinned.insert(slot) }
  mutating func unpin(_ slot: Int) { pinned.remove(slot) }

  mutating func remove(_ slot: Int) {
    pinned.remove(slot)
    probation.removeAll { $0 == slot }
    protected.removeAll { $0 == slot }
  }

  private var inOrder: [Int] { (probation + protected).filter { !pinned.contains($0) } }

  var victim: Int? { pinned.isEmpty ? probation.first ?? protected.first : inOrder.first }

  func victim(after slot: Int) -> Int? {
    let order = inOrder
    guard let index = order.firstIndex(of: slot), index + 1 < order.count else { return nil }
    return order[index + 1]
  }
}
