import ArgumentParser
import VABuf

/// `vabuf bench`.
struct BenchCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Measure how fast frames come, for a workload or a trace of requests.",
    discussion: """
      sequential  all frames once, read as a sequence
      random      N different frames in random order (100)
      scrub       N frames as a hand on a time line asks for them: runs of small steps, and jumps (300)
      reverse     the last N frames, backward (250)
      range       N ranges of 16 frames (20)
      loop        N frames from the middle, four times over (60)

      The same seed asks for the same frames. Times are from the first request to the last result, opening not \
      included.
      """)

  /// How much the buffer holds.
  enum Preset: String, ExpressibleByArgument, CaseIterable {
    case automatic, small, hd, uhd

    var configuration: Configuration? {
      switch self {
      case .automatic: nil
      case .small: .small
      case .hd: .hd
      case .uhd: .uhd
      }
    }
  }

  @Argument(help: "The video.", completion: .file())
  var file: String

  @Option(help: "What to ask for.")
  var workload: Workload?

  @Option(
    help: ArgumentHelp(
      "A file with the requests: a frame number, or a-b for a range, a line. The workload is then a name only.",
      valueName: "trace"), completion: .file())
  var requests: String?

  @Option(help: ArgumentHelp("N of the workload.", valueName: "n"))
  var count: Int?

  @Option(help: ArgumentHelp("Another seed asks for other frames.", valueName: "s"))
  var seed: UInt64 = 1

  @Option(
    help: ArgumentHelp(
      #"Write {"frame", "ms", "source"} for each request, a line each."#, valueName: "file"), completion: .file())
  var framesOut: String?

  @Option(help: "How much the buffer holds and how far it looks ahead.")
  var preset: Preset = .automatic

  @OptionGroup var options: BufferOptions

  func validate() throws {
    if let count, count < 1 { throw ValidationError("--count \(count): give at least 1.") }
  }

  func run() async throws {
    let trace = try requests.map { try Workload.trace($0) }
    // The file is made before the work is done, not after.
    if let framesOut { try Output.writeFile(framesOut, []) }
    let begin = ContinuousClock.now
    let report = try await options.withBuffer(.init(file), configuration: preset.configuration) { buffer in
      let openSeconds = (ContinuousClock.now - begin).seconds
      let chosen = workload ?? .sequential
      let list = trace ?? chosen.requests(count: count, frames: buffer.frameCount ?? 0, seed: seed)
      var recorder = BenchRecorder(buffer, keepsFrames: framesOut != nil)
      try await recorder.run(list)
      guard let stream = buffer.stream else { throw CancellationError() }
      if let framesOut { try Output.writeFile(framesOut, Array(recorder.lines.utf8)) }
      return RunReport(
        workload: workload?.rawValue ?? (trace == nil ? chosen.rawValue : "trace"), file: file, stream: stream,
        frames: recorder.latencies.count, seconds: recorder.duration.seconds, openSeconds: openSeconds,
        latencies: recorder.latencies, metrics: buffer.metrics)
    }
    let output = Output()
    try output.write(options.json ? report.members().document : text(report))
    try output.flush()
  }

  private func text(_ report: RunReport) -> String {
    """
    \(report.workload): \(Text.count(report.frames, "frame")) of \(file) in \(Text.fixed(report.seconds, 3)) s, \
    \(Text.fixed(report.framesPerSecond, 1)) a second


    """ + Text.table(report.rows + [("opened in", "\(Text.fixed(report.openSeconds, 3)) s")])
  }
}

/// Runs requests and notes how long each took.
struct BenchRecorder {
  private let buffer: FrameBuffer
  private let keepsFrames: Bool
  private var frames: [(number: Int, source: String)] = []
  private var hits = 0
  private var surfaceHits = 0
  private(set) var latencies: [Duration] = []
  private(set) var duration = Duration.zero

  init(_ buffer: FrameBuffer, keepsFrames: Bool) {
    self.buffer = buffer
    self.keepsFrames = keepsFrames
    latencies.reserveCapacity(max(buffer.frameCount ?? 0, 4096))
  }

  mutating func run(_ requests: [Workload.Request]) async throws {
    let start = ContinuousClock.now
    for request in requests {
      switch request {
      case .frame(let number):
        let before = ContinuousClock.now
        let lease = try await buffer.frame(at: number)
        note(lease, ContinuousClock.now - before)
      case .range(let range, let isOpen):
        try await read(range, isOpen: isOpen)
      }
    }
    duration = ContinuousClock.now - start
  }

  private mutating func read(_ range: FrameRange, isOpen: Bool) async throws {
    var before = ContinuousClock.now
    let first = latencies.count
    var iterator = buffer.frames(range.numbers, direction: range.direction).makeAsyncIterator()
    while let lease = try await iterator.next() {
      let now = ContinuousClock.now
      note(lease, now - before)
      before = now
    }
    let missing = range.numbers.count - (latencies.count - first)
    if !isOpen, missing > 0 {
      // Says what is wrong with it: the stream is shorter.
      _ = try await buffer.frame(at: range.numbers.upperBound - 1)
    }
  }

  private mutating func note(_ lease: FrameLease, _ time: Duration) {
    latencies.append(time)
    guard keepsFrames else { return }
    let metrics = buffer.metrics
    let source = metrics.residentSurfaceHits > surfaceHits ? "gpu" : metrics.residentHits > hits ? "host" : "decode"
    frames.append((lease.number, source))
    (hits, surfaceHits) = (metrics.residentHits, metrics.residentSurfaceHits)
  }

  /// One JSON object a request.
  var lines: String {
    zip(frames, latencies).map { frame, time in
      JSON.object([
        ("frame", .int(frame.number)), ("ms", .rounded(time.seconds * 1000, 4)),
        ("source", .string(frame.source)),
      ]).compact + "\n"
    }.joined()
  }
}
