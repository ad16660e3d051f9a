import VABuf

/// What happened in a run, request by request. Its memory is there before the run, and a request adds a few numbers.
struct RunTrace {
  /// Where a request found its frame.
  enum Source: UInt8, CaseIterable {
    case gpu, host, joined, decode

    /// What is said of it.
    var title: String {
      switch self {
      case .gpu: "in a surface"
      case .host: "in host memory"
      case .joined: "already being decoded"
      case .decode: "decoded for it"
      }
    }
  }

  /// One request that was answered.
  struct Sample: Equatable {
    var number: Int32
    var source: Source
    /// Seconds since the start of the run when the frame was there.
    var end: Double
    /// Milliseconds from the request to its frame.
    var latency: Double
    /// Frames that the decoder had emitted by then.
    var decoded: Int32
    /// Frames that had come to the buffer by then.
    var delivered: Int32
  }

  /// What was cached when so many requests were answered: a part of `resident`.
  struct Snapshot: Equatable {
    var requests: Int
    var part: Range<Int>
  }

  private(set) var samples: [Sample] = []
  private(set) var snapshots: [Snapshot] = []
  private(set) var resident: [ResidentFrame] = []
  /// What looking at the cache took, in all.
  private(set) var lookingTime = Duration.zero
  private let interval: Int
  private let isOn: Bool

  /// About how many looks at the cache a run has.
  static let looks = 96

  /// - Parameters:
  ///   - requests: how many are expected.
  ///   - cacheFrames: the most frames that a look can find.
  ///   - isOn: false notes nothing.
  init(requests: Int, cacheFrames: Int, isOn: Bool) {
    self.isOn = isOn
    interval = max(1, (requests + Self.looks - 1) / Self.looks)
    guard isOn else { return }
    samples.reserveCapacity(requests)
    snapshots.reserveCapacity(Self.looks + 1)
    resident.reserveCapacity((Self.looks + 1) * cacheFrames)
  }

  /// Notes a request, after its time was taken.
  mutating func note(_ sample: Sample, of buffer: FrameBuffer) {
    guard isOn else { return }
    samples.append(sample)
    if samples.count % interval == 0 { look(at: buffer) }
  }

  private mutating func look(at buffer: FrameBuffer) {
    let start = ContinuousClock.now
    let first = resident.count
    buffer.appendResident(to: &resident)
    snapshots.append(Snapshot(requests: samples.count, part: first..<resident.count))
    lookingTime += ContinuousClock.now - start
  }
}
