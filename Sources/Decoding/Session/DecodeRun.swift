internal import FFmpegMedia

/// How far a decoder has come since it was started at a seek point.
struct DecodeRun {
  var start: FrameIndex.SeekPoint
  /// The number that the next frame must have.
  var expected: Int
  /// The decoder had not decoded anything before.
  var isReopened: Bool
  /// Frames that the decoder was spared (`DecodeEngine.omits`). Those that would have come by now are taken out.
  var omitted: Set<Int> = []
  var hasOmitted = false
  /// The last frame that the decoder gives: it is drained there. Nil for a run that goes on as long as it is asked to.
  var last: Int?
  /// What the decoder met before the first true frame came out.
  var earlySigns = DamageSigns()
  var isLinear: Bool { start.packet == 0 }

  /// Goes past frames that do not come.
  mutating func passOmitted() { while omitted.remove(expected) != nil { expected += 1 } }

  /// What is wrong with a frame that headers alone promised, or with one that is on its way after it.
  ///
  /// - Returns: nil for a frame that is whole. Where decoding began in the middle, a missing reference is no proof: the
  ///   seek point may lie.
  func damage(_ signs: DamageSigns, _ frame: borrowing Frame, _ number: Int, _ index: FrameIndex) -> (
    why: String, isProven: Bool
  )? {
    // Frames that were decoded once are known by their hashes.
    guard index.proof == .demuxed, number >= index.pictureHashes.count else { return nil }
    let isFirst = !isLinear && number == start.firstFrame
    // H.264 counts its references: for those before a seek point that is no IDR, FFmpeg takes memory, lets go of it
    // unwritten and refers to a grey picture instead, all under the seek point's packet. The picture of that packet itself
    // is looked at when it comes out.
    let unwritten = signs.unwritten.contains { packet in
      !leads(Int(packet), index) && !(isFirst && Int(packet) <= start.packet)
    }
    // A decoder that was flushed only may miss what a new one does not.
    if frame.isDamaged || signs.losesSamples || unwritten { return ("the decoder met damage", isReopened) }
    // The pictures that lead a seek point refer to some before it.
    guard signs.missesReferences, !(isFirst && index.hasLeadingPictures(start)) else { return nil }
    return ("the decoder misses a reference", isLinear && isReopened)
  }

  /// The packet's picture leads the seek point.
  private func leads(_ packet: Int, _ index: FrameIndex) -> Bool {
    !isLinear && index.frameOfPacket.indices.contains(packet)
      && 0..<start.firstFrame ~= Int(index.frameOfPacket[packet])
  }
}

extension DecodeEngine {
  /// Where a run ends: the decoder is drained after a frame, instead of being sent the next packets so that it gives this
  /// one. Who wants more after all gets it from the seek point before.
  package enum RunEnd: Hashable, Sendable {
    /// Nothing after the frame will be asked for before the next `seek`, nor from where the decoder then is.
    case at(Int)
    /// Perhaps: the frame is wanted alone. Where it is within so many frames of a seek point, no decoder is near, and nobody
    /// came for more the last time (`DrainPolicy`), the run ends at it.
    case alone(within: Int)
  }
}

/// A decoder that waits where its run stopped.
final class ParkedDecoder {
  private var decoder: StreamDecoder?
  private(set) var run: DecodeRun?
  private(set) var lastUse: UInt64 = 0
  private(set) var servesDemand = false

  init(_ decoder: consuming StreamDecoder) { self.decoder = consume decoder }

  /// Gives its decoder and run for those of another one.
  func exchange(_ other: inout StreamDecoder, _ run: inout DecodeRun?, lastUse: UInt64, servesDemand: Bool) {
    guard var mine = decoder.take() else { preconditionFailure("a decoder that was closed is asked for") }
    swap(&mine, &other)
    decoder = consume mine
    swap(&self.run, &run)
    self.lastUse = lastUse
    self.servesDemand = servesDemand
  }

  /// Closes it, which calls its driver.
  func close() {
    let hardware = decoder?.hardware
    hardware?.enter()
    // Its pictures may be cached, or about to be read.
    hardware?.settle()
    decoder = nil
    hardware?.leave()
  }
}
