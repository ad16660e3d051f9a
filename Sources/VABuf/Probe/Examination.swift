internal import Decoding
internal import FoundationEssentials
internal import FrameModel

/// Has a worker process examine one device, or software decoding. A step that hangs or ends the process costs its own
/// row: the next process goes on behind it.
struct Examination {
  var onlyStarts = false
  /// What was done before this, and how much there is in all.
  var progress = (0.0, 1.0)

  private let options: Probe.Options
  private let environment: [String: String]
  private let device: String?
  private let cancel: CancelFlag
  private var done: Set<String> = []
  private var hangs = 0
  /// Why a driver that started before does so no longer.
  private var loss: StepFailure?

  /// After the first hang, steps have less time; after so many, none is tried any more.
  private static let mostHangs = 3
  private static let shortLimit = Duration.seconds(3)
  /// A step that goes on and on is given up after so many limits.
  private static let patience = 6

  init(_ options: Probe.Options, _ environment: [String: String], device: String?, _ cancel: CancelFlag) {
    self.cancel = cancel
    self.options = options
    self.environment = environment
    self.device = device
  }

  private var clips: [EvidenceClip] { EvidenceClip.all(options.clips) }
  private var what: String { device ?? "software decoding" }
  private var limit: Duration { hangs == 0 ? options.stepLimit : min(options.stepLimit, Self.shortLimit) }

  mutating func run(_ report: inout DeviceReport) {
    let steps = clips.count + 2
    // Each process that does not come to its end has at least one step done.
    for _ in 0..<steps + 2 {
      guard hangs < Self.mostHangs, !cancel.isRaised, goOn(&report) else { break }
    }
    finish(&report)
  }

  /// Runs a process as far as it comes.
  ///
  /// - Returns: whether another one is due.
  private mutating func goOn(_ report: inout DeviceReport) -> Bool {
    var job = ProbeWorker.Job(device: device, done: done)
    job.decodes = options.decodes
    job.clips = options.clips
    job.onlyStarts = onlyStarts
    var variables = environment
    // A crash is expected, and told by us.
    variables["SWIFT_BACKTRACE"] = "enable=no"
    let child: ChildProcess
    do {
      let text = String(decoding: try JSONEncoder().encode(job), as: UTF8.self)
      child = try ChildProcess(options.worker + [text], environment: variables, hidesErrors: !options.showsErrors)
    } catch {
      let why = (error as? SpawnError)?.why ?? "\(error)"
      report.obstacle = StepFailure(.failed, call: "posix_spawn", message: why)
      return false
    }
    // A hang shortens the limit of the next process, not of this one.
    let applied = limit
    var step: String?
    var start = ContinuousClock.now
    while true {
      let event = child.next(within: applied) { cancel.isRaised }
      if cancel.isRaised { return false }
      switch event {
      case .line(let text):
        guard let line = try? JSONDecoder().decode(ProbeWorker.Line.self, from: Data(text.utf8)) else { continue }
        if let begin = line.begin {
          step = begin
          start = .now
          show(begin)
        } else if line.isAlive == true, ContinuousClock.now - start > applied * Self.patience {
          return hang(child, "not done within \((applied * Self.patience).words)", step, &report)
        }
        take(line, &report)
        if line.isEnd == true { return false }
        if line.driver != nil, onlyStarts || report.driver?.works == false { return false }
      case .silent: return hang(child, "no answer within \(applied.words)", step, &report)
      case .killed(let signal):
        let name = signalName(signal)
        return note(StepFailure(.crashed, signal: name, message: "the process ended by \(name)"), step, &report)
      case .exited(let status):
        return note(StepFailure(exit: status), step, &report)
      }
    }
  }

  private mutating func hang(
    _ child: ChildProcess, _ message: String, _ step: String?, _ report: inout DeviceReport
  ) -> Bool {
    child.end()
    hangs += 1
    return note(StepFailure(.timedOut, message: message), step, &report)
  }

  private func show(_ step: String) {
    let share = Double(done.count) / Double(clips.count + 2)
    options.progress?("\(what): \(step)", (progress.0 + min(share, 1)) / progress.1)
  }

  private mutating func take(_ line: ProbeWorker.Line, _ report: inout DeviceReport) {
    if let driver = line.driver, report.driver?.works == true {
      if !driver.works { loss = driver.failure }
    } else if let driver = line.driver {
      let expected = report.driver
      report.driver = driver
      report.driver?.candidates = expected?.candidates ?? []
      // libva tried none: what it would have tried is known all the same.
      if driver.file == nil {
        report.driver?.file = expected?.file
        report.driver?.fileExists = expected?.fileExists
        report.driver?.name = driver.name ?? expected?.name
      }
    }
    if let claims = line.claims {
      report.claims = claims
      done.insert(ProbeWorker.claimsStep)
    }
    if let exports = line.exports {
      report.claims?.exports = exports
      done.insert(ProbeWorker.exportStep)
    }
    if let evidence = line.evidence {
      report.evidence.append(evidence)
      done.insert(evidence.clip)
    }
    for rate in line.downloads ?? [] {
      report.downloads.removeAll {
        $0.way == rate.way && $0.format == rate.format && $0.width == rate.width && $0.height == rate.height
      }
      report.downloads.append(rate)
    }
  }

  /// Notes what ended a process.
  ///
  /// - Returns: whether the next step may be tried.
  private mutating func note(_ failure: StepFailure, _ step: String?, _ report: inout DeviceReport) -> Bool {
    guard let step else {
      // It did not get as far as to begin anything: that says nothing of the device.
      report.obstacle = failure
      return false
    }
    switch step {
    case ProbeWorker.driverStep:
      report.driver?.works = false
      report.driver?.failure = failure
      return false
    case ProbeWorker.claimsStep:
      report.claims = report.claims ?? Claims()
      report.claims?.failure = failure
      // The next process starts behind it: what cannot be read a second time is not asked for again.
      done.insert(ProbeWorker.exportStep)
    case ProbeWorker.exportStep:
      var export = Claims.Export(format: "NV12", layers: "composed", works: false)
      export.failure = failure
      report.claims?.exports = [export]
    case ProbeWorker.endStep:
      if report.claims?.failure == nil { report.claims?.failure = failure }
      return false
    default:
      if let clip = clips.first(where: { $0.name == step }) { report.evidence.append(Evidence(clip, failure)) }
    }
    done.insert(step)
    return true
  }

  /// Gives each clip a row, and the rows the order of the clips.
  private func finish(_ report: inout DeviceReport) {
    guard options.decodes, !onlyStarts else { return }
    report.evidence = clips.map { clip in
      report.evidence.first { $0.clip == clip.name } ?? missing(clip, report)
    }
  }

  /// The row of a clip that was not reached.
  private func missing(_ clip: EvidenceClip, _ report: DeviceReport) -> Evidence {
    if let obstacle = report.obstacle ?? loss { return Evidence(clip, .notTried, reason: obstacle.message) }
    guard device != nil, let driver = report.driver, !driver.works else {
      return Evidence(clip, .notTried, reason: "it did not answer \(hangs) times before")
    }
    guard let failure = driver.failure, driver.fileExists == true else {
      return Evidence(clip, .notTried, reason: "there is no driver")
    }
    return Evidence(clip, failure)
  }
}

extension StepFailure {
  /// A process that ended by itself.
  ///
  /// - Parameter status: with which; nil where nobody can tell.
  fileprivate init(exit status: Int32?) {
    if let status {
      self.init(.crashed, status: "exit \(status)", message: "the process ended with status \(status)")
    } else {
      self.init(.crashed, message: "the process ended, nobody can tell how: whoever started vabuf ignores SIGCHLD")
    }
  }
}

extension Evidence {
  /// A row for a step that came to nothing.
  init(_ clip: EvidenceClip, _ failure: StepFailure) {
    let verdict: Verdict =
      switch failure.kind {
      case .failed: .fails
      case .timedOut: .timedOut
      case .crashed: .crashed
      }
    self.init(clip, verdict, reason: failure.message)
    (call, status, signal) = (failure.call, failure.status, failure.signal)
  }
}

extension Duration {
  /// `10 s`, `0.5 s`.
  fileprivate var words: String {
    let milliseconds = components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
    return milliseconds % 1000 == 0 ? "\(milliseconds / 1000) s" : "\(Double(milliseconds) / 1000) s"
  }
}
