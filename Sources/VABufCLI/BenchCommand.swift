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

  @Option(parsing: .unconditional, help: ArgumentHelp("N of the workload.", valueName: "n"))
  var count: Int?

  @Option(parsing: .unconditional, help: ArgumentHelp("Another seed asks for other frames.", valueName: "s"))
  var seed: UInt64 = 1

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Ask for a frame no sooner than so long after the one before was asked for, as a hand or a player does: what is "
        + "decoded ahead has the time between.", valueName: "ms"))
  var pace: Double = 0

  @Option(
    help: ArgumentHelp(
      #"Write {"frame", "ms", "source"} for each request, a line each."#, valueName: "file"), completion: .file())
  var framesOut: String?

  @Option(
    help: ArgumentHelp("Write a page with charts of the run, for a browser.", valueName: "out.html"),
    completion: .file(extensions: ["html"]))
  var report: String?

  @Option(help: "How much the buffer holds and how far it looks ahead.")
  var preset: Preset = .automatic

  @OptionGroup var options: BufferOptions

  func validate() throws {
    for (option, path) in outputs where path.isEmpty || path == "-" {
      throw ValidationError("\(option) '\(path)': give the name of a file.")
    }
    if let report, report == framesOut { throw ValidationError("--report and --frames-out: give two files.") }
    guard pace >= 0, pace <= 60_000 else {
      throw ValidationError("--pace \(pace): give milliseconds from 0 to 60000.")
    }
    if requests != nil, count != nil { throw ValidationError("--count: the file of --requests says how many.") }
    if let count, !(1...Workload.mostRequests).contains(count) {
      throw ValidationError("--count \(count): give a number from 1 to \(Workload.mostRequests).")
    }
  }

  /// The files to be written, with their options.
  private var outputs: [(option: String, path: String)] {
    [("--frames-out", framesOut), ("--report", report)].compactMap { option, path in path.map { (option, $0) } }
  }

  func run() async throws {
    let trace = try requests.map { try Workload.trace($0) }
    // Told before the work is done, not after.
    for (_, path) in outputs {
      try Output.refuse(path, as: file)
      if let requests { try Output.refuse(path, as: requests, "the list of requests") }
      try Output.checkWritable(path)
    }
    if let report, let framesOut { try Output.refuse(report, as: framesOut, "the file of --frames-out, too") }
    let begin = ContinuousClock.now
    let result = try await options.withBuffer(.init(file), configuration: preset.configuration) { buffer in
      let openSeconds = (ContinuousClock.now - begin).seconds
      let chosen = workload ?? .sequential
      let list = trace ?? chosen.requests(count: count, frames: buffer.frameCount ?? 0, seed: seed)
      var recorder = BenchRecorder(
        buffer, list, keepsFrames: framesOut != nil, traces: report != nil, pace: .milliseconds(pace))
      try await recorder.run(list)
      guard let stream = buffer.stream else { throw CancellationError() }
      if let framesOut { try Output.writeFile(framesOut, Array(recorder.lines.utf8)) }
      var result = RunReport(
        workload: workload?.rawValue ?? (trace == nil ? chosen.rawValue : "trace"), file: file, stream: stream,
        frames: recorder.latencies.count, seconds: recorder.duration.seconds, openSeconds: openSeconds,
        latencies: recorder.latencies, metrics: buffer.metrics)
      // A reader of the whole file has nothing to choose.
      if chosen != .sequential || trace != nil {
        result.offlineBound = buffer.offlineBound(of: list.flatMap { $0.numbers(of: stream.frameCount) })
      }
      return (run: result, document: result.members(), trace: recorder.trace)
    }
    if let report {
      let page = BenchPage(
        report: result.run, document: result.document, trace: result.trace, command: CommandLine.arguments,
        machine: BenchPage.machine(result.run.stream))
      try Output.writeFile(report, Array(page.html.utf8))
    }
    let output = Output()
    try output.write(options.json ? result.document.document : text(result.run))
    try output.flush()
  }

  private func text(_ report: RunReport) -> String {
    """
    \(report.workload): \(Text.count(report.frames, "frame")) of \(Text.harmless(file)) in \(Text.fixed(report.seconds, 3)) s, \
    \(Text.fixed(report.framesPerSecond, 1)) a second


    """ + Text.table(report.rows + [("opened in", "\(Text.fixed(report.openSeconds, 3)) s")])
  }
}
