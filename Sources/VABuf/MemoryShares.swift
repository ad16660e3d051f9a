internal import BufferPolicy
internal import Decoding

/// How a buffer's memory is divided between its decoders and its cache.
struct MemoryShares {
  /// Of the decoder that is always there.
  let threads: Int
  /// What the cache leaves for it.
  let reserve: Int
  /// How many decoders may be open: the one at work, and others that wait where they stopped.
  let decoders: Int
  /// How many of them have room for their pictures in host memory: fewer may be open in software.
  let decodersInMemory: Int
  /// How a long range may be divided between sessions; nil where it is not.
  let segments: SegmentPlan.Limits?

  /// More parked decoders save little: docs/adr/0017-parked-decoders.md.
  static let mostDecoders = 4
  /// A segment has so many times the frames that fill a decoder's pipeline of threads, which runs empty with each.
  private static let fillings = 12

  /// - Parameters:
  ///   - capacity: bytes of the pool.
  ///   - isShared: other buffers have the pool, too. They would take from each other what is for decoders that are not
  ///     always there, and never give it back: there is one decoder.
  ///   - cacheFrames: the most frames in the cache.
  ///   - rangeSessions: nil takes what pays.
  init(
    _ opened: DecodeSession.Opened, frameBytes: Int, capacity: Int, isShared: Bool, cacheFrames: Int, threads: Int,
    rangeSessions: Int?
  ) {
    let threads = threads > 0 ? threads : SoftwareDecoders.usualThreads
    self.threads = threads
    // What a decoder keeps for itself: references, reordering, a picture a thread, and one on each end.
    func bytes(_ threads: Int) -> Int { max(1, (opened.stream.reorderDepth + 6 + threads) * frameBytes) }
    reserve = min(capacity / 2, bytes(threads))
    decoders = isShared ? 1 : Self.mostDecoders
    // Those that wait have a third of the memory, which is the cache's while there are none.
    decodersInMemory = 1 + capacity / 3 / bytes(threads)
    let parked = (min(decoders, decodersInMemory) - 1) * bytes(threads)
    // On one processor nothing is side by side, however many threads there are.
    let paying = SegmentPlan.sessions(codec: opened.stream.codec, threads: threads)
    let most = rangeSessions ?? (SoftwareDecoders.usualThreads > 1 ? paying : 1)
    func beside(_ sessions: Int) -> Int { parked + sessions * bytes(threads / sessions) }
    let fitting = stride(from: min(most, threads), to: 1, by: -1).first { beside($0) <= capacity / 2 }
    guard let sessions = fitting, !isShared else {
      segments = nil
      return
    }
    // While a frame waits for its reader, the cache sees as many frames come and as many read: those that were used last
    // stay only where there is room for both, and a little for others.
    let frames = min(cacheFrames, (capacity - reserve - beside(sessions)) / max(1, frameBytes))
    segments = SegmentPlan.Limits(
      sessions: sessions, ahead: frames * 9 / 20, shortest: Self.fillings * (threads / sessions),
      dividesAll: rangeSessions != nil)
  }
}
