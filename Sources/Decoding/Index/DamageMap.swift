/// Where a linear decode met damage, and which frames may show it.
///
/// Where samples of a picture were lost: its own, and unless nothing is predicted from it, all that come after it in decoding
/// order, up to where decoding could begin anew. Where a whole one was: all that come after that, whatever comes next. Where a
/// picture refers to one that is not there, that may have been lost anywhere before: all since decoding could begin.
///
/// A value without decoder or file. Which pictures are predicted from a damaged one is not asked: this says more rather
/// than less.
struct DamageMap: Hashable {
  /// The packets of which samples were lost.
  private var lossy: Set<Int> = []
  /// The packets in which or right before which something is gone.
  private var gaps: Set<Int> = []
  /// The packets before which something is gone.
  private var orphaned: Set<Int> = []
  /// The first frame after which something was met; counted frames know no packet.
  private var firstFrame: Int?

  /// Samples were lost.
  ///
  /// - Parameters:
  ///   - packet: whose; nil where that is not known.
  ///   - frame: the number of the frame that came out then.
  mutating func met(in packet: Int?, by frame: Int) {
    if let packet { lossy.insert(packet) }
    firstFrame = min(firstFrame ?? frame, frame)
  }

  /// Something is gone there.
  mutating func lost(at packet: Int, by frame: Int) {
    gaps.insert(packet)
    firstFrame = min(firstFrame ?? frame, frame)
  }

  /// Something that a packet's picture refers to is not there.
  mutating func missed(by packet: Int, by frame: Int) {
    orphaned.insert(packet)
    firstFrame = min(firstFrame ?? frame, frame)
  }

  /// Marks the frames of an index that may show it.
  func mark(_ index: inout FrameIndex) {
    guard let firstFrame else { return }
    if index.proof == .counted {
      for number in index.frames.indices where number >= firstFrame { index.frames[number].isDamaged = true }
      return
    }
    let missing = gaps.union(orphaned)
    let own = lossy.union(missing)
    // What gives no frame is not what its headers say.
    var places = lossy.filter { !index.packets[$0].flags.contains(.disposable) || index.frameOfPacket[$0] < 0 }
    places.formUnion(missing)
    for packet in orphaned { places.insert(start(of: packet, index)) }
    let sorted = places.sorted()
    for number in index.frames.indices {
      let packet = Int(index.frames[number].packet)
      let start = index.seekPoint(for: number).packet
      // The last one at or before the frame's own packet.
      let next = sorted.partitioningIndex { $0 > packet }
      if own.contains(packet) || next > 0 && sorted[next - 1] >= start { index.frames[number].isDamaged = true }
    }
  }

  /// The packet from which a packet's picture is decoded.
  private func start(of packet: Int, _ index: FrameIndex) -> Int {
    let number = Int(index.frameOfPacket[packet])
    if number >= 0 { return index.seekPoint(for: number).packet }
    return index.seekPoints.last { $0.packet <= packet }?.packet ?? 0
  }
}
