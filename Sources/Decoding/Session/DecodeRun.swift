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
