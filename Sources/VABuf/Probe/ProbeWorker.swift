internal import Decoding
internal import Dispatch
internal import FoundationEssentials
internal import FrameModel
internal import Synchronization
internal import SystemPackage

#if canImport(Glibc)
  internal import Glibc
#endif

/// Examines one device, or software decoding, in a process that can be spared: a driver may hang, leak or crash.
///
/// `Probe` starts the program that `Probe.Options.worker` names, with one more argument; that program is to call `run`
/// with it, and to end.
public enum ProbeWorker {
  /// Does what `Probe` asks for, and writes what it finds to standard output, a line of JSON for each step.
  ///
  /// - Throws: `VABufError` where the argument is none of `Probe`'s, or where nobody reads the lines.
  public static func run(_ argument: String) async throws {
    guard let job = try? JSONDecoder().decode(Job.self, from: Data(argument.utf8)) else {
      throw VABufError(
        .invalidConfiguration, what: "probe worker", why: "its argument is not one of vabuf's",
        remedy: "run `vabuf probe`, which starts it")
    }
    endWithParent()
    let lines = try WorkerOutput()
    if let device = job.device {
      try await examine(device, job, lines)
    } else {
      try await decode(nil, job, lines, claims: nil)
    }
    try lines.write(Line(isEnd: true))
  }

  /// What is to be done; the steps in `done` are not.
  struct Job: Codable, Sendable {
    /// The node; nil for software.
    var device: String?
    var done: Set<String> = []
    var decodes = true
    /// How the names of the clips begin; empty for all.
    var clips: [String] = []
    /// Only the driver is started.
    var onlyStarts = false
  }

  /// What was found out.
  struct Line: Codable, Sendable {
    /// A step begins.
    var begin: String?
    var driver: DriverReport?
    var claims: Claims?
    var exports: [Claims.Export]?
    var evidence: Evidence?
    var downloads: [DownloadRate]?
    /// The step goes on: it does not hang.
    var isAlive: Bool?
    var isEnd: Bool?
  }

  static let driverStep = "driver"
  static let claimsStep = "claims"
  static let exportStep = "export"
  static let endStep = "end"

  private static func examine(_ device: String, _ job: Job, _ lines: WorkerOutput) async throws {
    try lines.write(Line(begin: driverStep))
    let environment = HostFacts.environment
    let examiner = DriverExaminer()
    let driver = await blocking { examiner.start(device, environment: environment) }
    try lines.write(Line(driver: driver))
    guard driver.works, !job.onlyStarts else { return }
    var claims: Claims?
    if !job.done.contains(claimsStep) {
      try lines.write(Line(begin: claimsStep))
      let read = await blocking { examiner.claims() }
      claims = read
      try lines.write(Line(claims: read))
      if !job.done.contains(exportStep) {
        try lines.write(Line(begin: exportStep))
        try lines.write(Line(exports: await blocking { examiner.exports(read) }))
      }
    }
    if job.decodes { try await decode(device, job, lines, claims: claims) }
    try lines.write(Line(begin: endStep))
    await blocking { examiner.end() }
  }

  private static func decode(_ device: String?, _ job: Job, _ lines: WorkerOutput, claims: Claims?) async throws {
    var examiner = ClipExaminer(device: device)
    examiner.knownFailure = claims?.failure
    examiner.isAlive = { lines.showLife() }
    for clip in EvidenceClip.all(job.clips) where !job.done.contains(clip.name) {
      try lines.write(Line(begin: clip.name))
      let (evidence, downloads) = await examiner.examine(clip)
      try lines.write(Line(evidence: evidence, downloads: downloads))
    }
  }

  /// Ends this process when the one that started it is gone: nobody else would end a driver that hangs.
  private static func endWithParent() {
    DispatchQueue(label: "vabuf.parent").async {
      var byte: UInt8 = 0
      while read(STDIN_FILENO, &byte, 1) > 0 {}
      _exit(0)
    }
  }
}

/// Runs something that blocks on a thread that may.
func blocking<R: Sendable>(_ body: @escaping @Sendable () -> R) async -> R {
  await withCheckedContinuation { continuation in
    DispatchQueue.global().async { continuation.resume(returning: body()) }
  }
}

/// Lines for the parent, on a descriptor that no driver knows: what drivers print to standard output goes to standard
/// error.
private final class WorkerOutput: Sendable {
  private let file: FileDescriptor
  private let lastSign = Mutex(ContinuousClock.now)

  init() throws {
    file = try FileDescriptor.standardOutput.duplicate()
    _ = try FileDescriptor.standardError.duplicate(as: .standardOutput)
  }

  /// Says that the step goes on, a few times a second at most.
  func showLife() {
    let isTime = lastSign.withLock { last in
      let now = ContinuousClock.now
      guard now - last > .milliseconds(200) else { return false }
      last = now
      return true
    }
    // Where nobody reads any more, the next line says so.
    if isTime { try? write(ProbeWorker.Line(isAlive: true)) }
  }

  func write(_ line: ProbeWorker.Line) throws {
    var bytes = Array(try JSONEncoder().encode(line))
    bytes.append(UInt8(ascii: "\n"))
    try file.writeAll(bytes)
  }
}
