/// Where a linear decode met damage, and which frames may show it: those of the packets in which it was met, and, unless
/// nothing is predicted from those, all that come after them in decoding order, up to where decoding could begin anew.
///
/// A value without decoder or file. Which of them are predicted from a damaged one is not asked: this says more rather
/// than less.
struct DamageMap: Hashable {
  /// The packets in which it was met.
  private var packets: Set<Int> = []
  /// The first frame after which something was met; counted frames know no packet.
  private var firstFrame: Int?

  var isEmpty: Bool { packets.isEmpty && firstFrame == nil }

  /// - Parameters:
  ///   - packets: those that may be to blame; none: nothing was met.
  ///   - frame: the number of the frame that came out then.
  mutating func met(_ packets: some Collection<Int>, by frame: Int) {
    if packets.isEmpty { return }
    self.packets.formUnion(packets)
    firstFrame = min(firstFrame ?? frame, frame)
  }

  /// Marks the frames of an index that may show it.
  func mark(_ index: inout FrameIndex) {
    if isEmpty { return }
    let places = packets.filter { !index.packets[$0].flags.contains(.disposable) }.sorted()
    for number in index.frames.indices {
      let packet = Int(index.frames[number].packet)
      guard index.proof != .counted, packet >= 0 else {
        index.frames[number].isDamaged = number >= firstFrame ?? .max
        continue
      }
      let start = index.seekPoint(for: number).packet
      // The last one at or before the frame's own packet.
      let next = places.partitioningIndex { $0 > packet }
      index.frames[number].isDamaged = packets.contains(packet) || next > 0 && places[next - 1] >= start
    }
  }
}

extension [Int] {
  /// The first index from which on all elements, which are sorted, fulfil a condition.
  fileprivate func partitioningIndex(where isAfter: (Int) -> Bool) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if isAfter(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
