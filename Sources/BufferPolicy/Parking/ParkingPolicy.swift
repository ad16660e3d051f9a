/// Which of several decoders of one stream serves a request, and which of them is given up for it.
///
/// A decoder that stopped somewhere is worth what it would take to get there again: frames from the seek point before it,
/// or from another decoder that stands between the two. The one that is worth least for how long nobody used it goes first
/// (docs/adr/0017-parked-decoders.md has what else was tried).
package struct ParkingPolicy: Sendable {
  /// A decoder that is open.
  package struct Station: Equatable, Sendable {
    /// The next frame that it emits; nil where it has to seek anyway.
    package var position: Int?
    /// The first frame that its position can be reached from without it: that of the last seek point up to there.
    package var seekPoint: Int
    /// Whether it gives the wanted frame if it goes on: it was not spared it.
    package var reaches = true
    /// When it was used last: rises with each request.
    package var lastUse: UInt64
    /// Somebody waited for what it was used for last.
    package var servesDemand: Bool

    package init(position: Int?, seekPoint: Int, reaches: Bool = true, lastUse: UInt64, servesDemand: Bool) {
      self.position = position
      self.seekPoint = seekPoint
      self.reaches = reaches
      self.lastUse = lastUse
      self.servesDemand = servesDemand
    }
  }

  /// Who serves, by its number.
  package enum Choice: Equatable, Sendable {
    /// It goes on from where it is.
    case resume(Int)
    /// It leaves where it is, and starts at the seek point.
    case start(Int)
    /// One more is opened, and starts at the seek point.
    case open

    package var isResumption: Bool { if case .resume = self { true } else { false } }
  }

  /// How many decoders may be open.
  package let most: Int
  /// Going on over so many frames is cheaper than flushing a pipeline of threads and filling it again.
  package let seekCost: Int

  package init(most: Int, seekCost: Int = 4) {
    precondition(most >= 1 && seekCost >= 0, "there is a decoder, and seeking costs something")
    self.most = most
    self.seekCost = seekCost
  }

  /// - Parameters:
  ///   - frame: the wanted one.
  ///   - seekPoint: the first frame of the last seek point up to it.
  ///   - stations: the decoders; the first is the one that was used last.
  ///   - now: greater than any `lastUse`.
  ///   - isDemand: somebody waits. What nobody waits for yet does not take the decoder of those who do.
  ///   - parks: the place that the first one leaves is worth something: not to those who go backward, for whom every
  ///     decoder stands too far ahead.
  package func choose(
    for frame: Int, seekPoint: Int, among stations: [Station], now: UInt64, isDemand: Bool, parks: Bool = true
  ) -> Choice {
    if let nearest = nearest(to: frame, stations), let position = stations[nearest].position,
      seekPoint <= position + seekCost
    {
      return .resume(nearest)
    }
    if let idle = stations.firstIndex(where: { $0.position == nil }) { return .start(idle) }
    if !parks || worth(of: 0, stations) <= seekCost { return .start(0) }
    if stations.count < most { return .open }
    let reserved = isDemand || stations.count == 1 ? nil : lastDemanded(stations)
    let victim = stations.indices.filter { $0 != reserved }.min {
      let (a, b) = (stations[$0], stations[$1])
      // worth / age, without dividing.
      let left = UInt64(worth(of: $0, stations)) * (now - b.lastUse)
      let right = UInt64(worth(of: $1, stations)) * (now - a.lastUse)
      return left != right ? left < right : a.lastUse < b.lastUse
    }
    return .start(victim ?? 0)
  }

  /// The decoder that has the fewest frames to go.
  private func nearest(to frame: Int, _ stations: [Station]) -> Int? {
    var best: (index: Int, position: Int)?
    for (index, station) in stations.enumerated() {
      guard let position = station.position, position <= frame, station.reaches else { continue }
      if position > best?.position ?? -1 { best = (index, position) }
    }
    return best?.index
  }

  /// How many frames must be decoded to have a decoder there again.
  private func worth(of index: Int, _ stations: [Station]) -> Int {
    guard let position = stations[index].position else { return 0 }
    var start = stations[index].seekPoint
    for (other, station) in stations.enumerated() where other != index {
      guard let there = station.position, there <= position else { continue }
      // Of two at one place, the later one is worth nothing.
      if there == position, other > index { continue }
      start = max(start, there)
    }
    return max(0, position - start)
  }

  private func lastDemanded(_ stations: [Station]) -> Int? {
    stations.indices.filter { stations[$0].servesDemand }.max { stations[$0].lastUse < stations[$1].lastUse }
  }
}
