package import FrameModel

/// Which frame of a stream is which: frame N is the N-th that a linear decode emits.
package struct FrameIndex: Hashable, Sendable {
  /// One frame, in output order.
  package struct Entry: Hashable, Sendable {
    /// The packet that it is decoded from, by number in demuxing order.
    package var packet: Int32
    package var isKeyframe: Bool
    /// The frame may show damage (`DamageMap`), as far as a linear decode met it, or the demuxer did.
    package var isDamaged: Bool
    /// Presentation time in ticks of the time base.
    package var pts: Int64
    /// Ticks.
    package var duration: Int64

    package init(packet: Int32, isKeyframe: Bool, isDamaged: Bool = false, pts: Int64, duration: Int64) {
      self.packet = packet
      self.isKeyframe = isKeyframe
      self.isDamaged = isDamaged
      self.pts = pts
      self.duration = duration
    }

    /// When the frame is over. Files may claim any time, so sums wrap instead of trapping.
    var end: Int64 { pts &+ max(duration, 1) }
  }

  /// A packet from which decoding can start.
  package struct SeekPoint: Hashable, Sendable {
    package var packet: Int
    /// From this frame on, pictures decoded from here are the true ones; earlier ones that come out are dropped.
    package var firstFrame: Int
  }

  /// What proves the numbering.
  package enum Proof: UInt8, Sendable {
    /// The headers of the packets; nothing was decoded.
    case demuxed
    /// One linear decode, because the headers were not proof enough.
    case decoded
    /// One linear decode that could not tell which packet a frame came from: frames are known by counting from the
    /// start only.
    case counted
  }

  package var timeBase: Rational
  package var packets: [PacketRecord]
  package var frames: [Entry]
  /// Ascending by packet and by first frame. The first packet is always one.
  package var seekPoints: [SeekPoint]
  package var proof: Proof
  /// Why demuxing alone was no proof.
  package var doubts: Doubts
  /// Hashes of the samples of the first frames: of all where a linear decode made the index, of those before the first
  /// sure seek point where only the start was decoded, else none.
  package var pictureHashes: [UInt64]
  /// The first packet may be sought as that of any seek point. What comes beside the first packet only, as a palette, does
  /// not come again after a seek: streams with such things have no other seek point.
  package var startIsSeekable: Bool { proof == .demuxed && doubts.isEmpty && seekPoints.count > 1 }
  /// Headers tell all of the stream.
  package var isPlain: Bool { proof == .demuxed && doubts.isEmpty && !isRepeatable }
  /// Parameter sets change within the stream: a decoder that is flushed only would keep those of another part.
  package var needsFreshDecoder = false
  /// The hashes hold for one thread and cleared buffers only: with others, damage comes out differently each time.
  package var isRepeatable = false
  /// The number of the frame that each packet gives; -1 for none.
  package private(set) var frameOfPacket: [Int32]
  /// Greatest PTS up to each frame: makes a search by time possible where timestamps go back.
  private var latestPTS: [Int64]

  package init(
    timeBase: Rational, packets: [PacketRecord], frames: [Entry], seekPoints: [SeekPoint], proof: Proof,
    doubts: Doubts = [], pictureHashes: [UInt64] = []
  ) {
    self.timeBase = timeBase
    self.packets = packets
    self.frames = frames
    self.seekPoints = seekPoints
    self.proof = proof
    self.doubts = doubts
    self.pictureHashes = pictureHashes
    frameOfPacket = [Int32](repeating: -1, count: packets.count)
    latestPTS = []
    latestPTS.reserveCapacity(frames.count)
    var latest = Int64.min
    for (number, frame) in frames.enumerated() {
      if frame.packet >= 0 { frameOfPacket[Int(frame.packet)] = Int32(number) }
      latest = max(latest, frame.pts)
      latestPTS.append(latest)
    }
  }

  /// Its frames are those of another index, whatever is known of damage.
  package func hasFrames(of other: FrameIndex) -> Bool {
    frames.count == other.frames.count
      && zip(frames, other.frames).allSatisfy { mine, other in
        var mine = mine
        mine.isDamaged = other.isDamaged
        return mine == other
      }
  }

  /// The last packet of the picture that a packet begins: a second field may be a packet of its own, which gives no frame.
  package func lastPacket(of packet: Int) -> Int {
    (frameOfPacket[packet...].dropFirst().firstIndex { $0 >= 0 } ?? frameOfPacket.count) - 1
  }

  /// The last seek point that gives frame `number`, skipping those in `excluded` (by packet).
  package func seekPoint(for number: Int, excluding excluded: Set<Int> = []) -> SeekPoint {
    var place = seekPoints.partitioningIndex { $0.firstFrame > number }
    while place > 0 {
      place -= 1
      if !excluded.contains(seekPoints[place].packet) { return seekPoints[place] }
    }
    return SeekPoint(packet: 0, firstFrame: 0)
  }

  /// Pictures that come after a seek point's packet are shown before its first frame: they need the run before.
  package func hasLeadingPictures(_ point: SeekPoint) -> Bool {
    let following = frameOfPacket[point.packet...].dropFirst().prefix(Self.mostLeadingPictures)
    return following.contains { 0 <= $0 && $0 < point.firstFrame }
  }

  /// How far after a seek point its leading pictures may come.
  private static let mostLeadingPictures = 64

  /// The last frame that is shown at or before `ticks`; nil before the first.
  package func frame(atOrBefore ticks: Int64) -> Int? {
    let next = latestPTS.partitioningIndex { $0 > ticks }
    return next == 0 ? nil : next - 1
  }

  /// The frame whose time is nearest to `ticks`, the earlier one of two; nil for a stream without frames.
  package func frame(nearest ticks: Int64) -> Int? {
    guard !frames.isEmpty else { return nil }
    guard let before = frame(atOrBefore: ticks) else { return 0 }
    guard before + 1 < frames.count else { return before }
    let (past, coming) = (frames[before].pts, frames[before + 1].pts)
    return coming &- ticks < ticks &- past ? before + 1 : before
  }

  /// When the last frame ends, less when the first begins, in ticks.
  package var duration: Int64 {
    guard let first = frames.first, let last = frames.indices.max(by: { frames[$0].pts < frames[$1].pts }) else {
      return 0
    }
    return frames[last].pts &+ frames[last].duration &- first.pts
  }

  /// What the container says of it. Where that is nothing, or twice what the times of the frames come to, because it counts
  /// fields or packets without a frame: what they come to.
  package func averageFrameRate(said: Rational) -> Rational {
    guard let last = frames.last, let first = frames.first else { return said }
    // The last duration may be a field's, too.
    let rate = Double(frames.count - 1) / (Double(last.pts &- first.pts) * timeBase.value)
    // Files may claim any times.
    guard (1e-3...1e6).contains(rate) else { return said }
    if said.value > 0, !(1.8...2.2).contains(said.value / rate) { return said }
    for parts in 1...4 where abs((rate * Double(parts)).rounded() / (rate * Double(parts)) - 1) < 1e-4 {
      return Rational(Int32((rate * Double(parts)).rounded()), Int32(parts))
    }
    return Rational(Int32((rate * 1000).rounded()), 1000)
  }

  /// Whether the time between frames changes by more than a tick of rounding.
  package var hasVariableRate: Bool {
    guard frames.count > 2 else { return false }
    var least = Int64.max
    var most = Int64.min
    for number in 1..<frames.count {
      let step = frames[number].pts &- frames[number - 1].pts
      least = min(least, step)
      most = max(most, step)
    }
    return most &- least > 1
  }

  /// The numbers of the frames at which decoding can start, or that the container calls keyframes.
  package var keyframeNumbers: [Int] { frames.indices.filter { frames[$0].isKeyframe } }
}

extension Array {
  /// The first index from which on all elements fulfil a condition, where none does before one that does.
  func partitioningIndex(where isAfter: (Element) -> Bool) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if isAfter(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
