extension SegmentPlan {
  /// How many sessions read a long range fastest with so many threads in all: docs/adr/0021-ranges-side-by-side.md has what
  /// was measured.
  ///
  /// A decoder that divides pictures between threads waits where one refers to another that is not ready; sessions in
  /// different groups of pictures never do: two with a thread each are faster than one with three. H.264 with short groups
  /// keeps even 16 threads at work.
  ///
  /// - Parameter codec: as libavcodec names it. What was not measured is decoded by one session.
  package static func sessions(codec: String, threads: Int) -> Int {
    switch (codec, threads) {
    case ("vp9", 2..<8): 2
    case ("vp9", 8...): 4
    case ("hevc", 4...): 2
    default: 1
    }
  }
}
