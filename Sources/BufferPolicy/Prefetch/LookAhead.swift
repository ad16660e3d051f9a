/// How far ahead of a reader frames have to be there, so that it does not wait: from its pace and the decoder's.
package struct LookAhead: Sendable {
  /// Nanoseconds that the reader takes for a frame, its waits not counted.
  private let readerPeriod: UInt64
  /// Nanoseconds that decoding a frame takes.
  private let decodePeriod: UInt64
  private let seekPoints: SeekPoints
  /// About how many frames the cache has room for.
  private let cacheFrames: Int

  /// So long ahead of a slow reader is enough, in nanoseconds: more would be decoded in vain when it turns.
  private static let enough: UInt64 = 500_000_000
  /// Or so many frames' decoding, where that takes longer.
  private static let enoughFrames: UInt64 = 8
  /// The next frames may take longer than the last ones did: twice was measured, where memory is fresh or other work
  /// comes in between.
  private static let margin = 2.0

  package init(readerPeriod: UInt64, decodePeriod: UInt64, seekPoints: SeekPoints, cacheFrames: Int) {
    self.readerPeriod = max(1, readerPeriod)
    self.decodePeriod = max(1, decodePeriod)
    self.seekPoints = seekPoints
    self.cacheFrames = cacheFrames
  }

  /// The same counted in frames, of a reader that goes on by several of them with each request.
  package func perFrame(framesARequest: Int) -> LookAhead {
    LookAhead(
      readerPeriod: readerPeriod / UInt64(max(1, framesARequest)), decodePeriod: decodePeriod, seekPoints: seekPoints,
      cacheFrames: cacheFrames)
  }

  /// How many frames to look ahead, from 2 to `most`.
  package func depth(upTo most: Int) -> Int {
    let (time, overflow) = decodePeriod.multipliedReportingOverflow(by: Self.enoughFrames)
    let frames = (overflow ? .max : max(Self.enough, time)) / readerPeriod
    return min(most, max(2, Int(clamping: frames)))
  }

  /// The most that `lead` gives.
  package func longestLead(_ step: Int) -> Int {
    isSlow(step) ? Int(min(Double(half(step)), requests(for: seekPoints.longestRun, step: step))) : 0
  }

  /// How many requests before its own the decoding of a frame must begin, where it begins at a seek point.
  ///
  /// What is to be there by then lies in the cache, where the frames that come also want to be: half of it is the most.
  /// 0 where the reader waits with any lead, because it is faster than the decoder or the run is longer than the cache:
  /// then the cache is of better use to the run, which spares others.
  package func lead(to frame: Int, step: Int) -> Int {
    guard isSlow(step), let start = seekPoints.last(atOrBefore: frame) else { return 0 }
    let requests = requests(for: frame - start + 1, step: step)
    guard requests * Double(step.magnitude) <= Double(cacheFrames) else { return 0 }
    return min(Int(requests), half(step))
  }

  /// The reader waits for the decoder, whatever is decoded ahead.
  package func keepsWaiting(_ step: Int) -> Bool { !isSlow(step) }

  /// The decoder can keep up with the reader.
  private func isSlow(_ step: Int) -> Bool {
    Double(readerPeriod) >= Double(decodePeriod) * Double(step.magnitude)
  }

  /// How many requests come while a run of so many frames is decoded.
  private func requests(for frames: Int, step: Int) -> Double {
    (Double(frames) * Double(decodePeriod) * Self.margin / Double(readerPeriod)).rounded(.up)
  }

  private func half(_ step: Int) -> Int { cacheFrames / 2 / Int(clamping: step.magnitude) }
}
