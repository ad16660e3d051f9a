import VABuf

/// Runs requests and notes how long each took.
struct BenchRecorder {
  private let buffer: FrameBuffer
  private let keepsFrames: Bool
  private let notesSources: Bool
  private let pace: Duration
  /// When the next frame may be asked for.
  private var due = ContinuousClock.now
  private var last: RequestCounts
  private var start = ContinuousClock.now
  private(set) var frames: [(number: Int, source: RunTrace.Source)] = []
  private(set) var latencies: [Duration] = []
  private(set) var duration = Duration.zero
  private(set) var trace: RunTrace

  /// - Parameters:
  ///   - requests: what is to be run.
  ///   - keepsFrames: note each request's frame and where it was found.
  ///   - traces: note what a report shows, too.
  ///   - pace: a frame is asked for no sooner than so long after the one before was asked for.
  init(
    _ buffer: FrameBuffer, _ requests: [Workload.Request], keepsFrames: Bool, traces: Bool, pace: Duration = .zero
  ) {
    self.buffer = buffer
    self.pace = pace
    self.keepsFrames = keepsFrames
    notesSources = keepsFrames || traces
    let frameCount = buffer.frameCount ?? 0
    let expected = requests.reduce(0) { $0 + $1.count(of: frameCount) }
    latencies.reserveCapacity(max(expected, 4096))
    if keepsFrames { frames.reserveCapacity(expected) }
    trace = RunTrace(
      requests: expected, cacheFrames: min(buffer.configuration.cacheFrames, frameCount), isOn: traces)
    last = buffer.counts
  }

  mutating func run(_ requests: [Workload.Request]) async throws {
    start = ContinuousClock.now
    due = start
    for request in requests {
      switch request {
      case .frame(let number):
        let before = try await whenDue()
        let lease = try await buffer.frame(at: number)
        note(lease, before, ContinuousClock.now)
      case .range(let range, let isOpen):
        try await read(range, isOpen: isOpen)
      }
    }
    duration = ContinuousClock.now - start
  }

  private mutating func read(_ range: FrameRange, isOpen: Bool) async throws {
    var before = try await whenDue()
    let first = latencies.count
    var iterator = buffer.frames(range.numbers, direction: range.direction).makeAsyncIterator()
    while let lease = try await iterator.next() {
      let now = ContinuousClock.now
      note(lease, before, now)
      before = now
      // What noting takes is not the next frame's; after the last one nothing is asked for.
      guard notesSources || pace > .zero else { continue }
      let wanted = Workload.Request.range(range, isOpen: isOpen).count(of: buffer.frameCount ?? .max)
      if latencies.count - first < wanted { before = try await whenDue() }
    }
    let missing = range.numbers.count - (latencies.count - first)
    if !isOpen, missing > 0 {
      // Says what is wrong with it: the stream is shorter.
      _ = try await buffer.frame(at: range.numbers.upperBound - 1)
    }
  }

  /// Waits until the next frame may be asked for.
  ///
  /// - Returns: now.
  private mutating func whenDue() async throws -> ContinuousClock.Instant {
    guard pace > .zero else { return .now }
    if due > .now { try await Task.sleep(until: due, clock: .continuous) }
    let now = ContinuousClock.now
    due = now + pace
    return now
  }

  private mutating func note(_ lease: FrameLease, _ before: ContinuousClock.Instant, _ now: ContinuousClock.Instant) {
    latencies.append(now - before)
    guard notesSources else { return }
    let counts = buffer.counts
    let source: RunTrace.Source =
      counts.surfaceHits > last.surfaceHits
      ? .gpu : counts.residentHits > last.residentHits ? .host : counts.joinedHits > last.joinedHits ? .joined : .decode
    last = counts
    if keepsFrames { frames.append((lease.number, source)) }
    trace.note(
      .init(
        number: Int32(clamping: lease.number), source: source, end: (now - start).seconds,
        latency: (now - before).seconds * 1000, decoded: Int32(clamping: counts.decodedFrames),
        delivered: Int32(clamping: counts.deliveredFrames)),
      of: buffer)
  }

  /// One JSON object a request.
  var lines: String {
    zip(frames, latencies).map { frame, time in
      JSON.object([
        ("frame", .int(frame.number)), ("ms", .rounded(time.seconds * 1000, 4)),
        ("source", .string(frame.source == .joined ? "decode" : "\(frame.source)")),
      ]).compact + "\n"
    }.joined()
  }
}

extension Workload.Request {
  /// How many frames of a stream it asks for.
  func count(of frameCount: Int) -> Int {
    switch self {
    case .frame: 1
    case .range(let range, _): range.numbers.clamped(to: 0..<frameCount).count
    }
  }

  /// The frames of a stream that it asks for, in its order.
  func numbers(of frameCount: Int) -> [Int] {
    switch self {
    case .frame(let number): return [number].filter { $0 < frameCount }
    case .range(let range, _):
      let numbers = range.numbers.clamped(to: 0..<frameCount)
      return range.direction == .forward ? Array(numbers) : numbers.reversed()
    }
  }
}
