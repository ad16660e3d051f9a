import ArgumentParser
import VABuf

/// `vabuf probe`.
struct ProbeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "probe",
    abstract: "Find out what this machine really decodes, and what is in the way.",
    discussion: """
      Reads what the system and the drivers say, decodes small clips on each device and compares the pictures, and names \
      the cause and the cure of each failure. Answers are remembered in the user's cache folder. With FILE, says which \
      way that file takes, and why.

      A REQUIREMENT is codec[:profile][@WIDTHxHEIGHT[pRATE]], as h264, hevc:main10 or hevc:main10@3840x2160p60. Codecs: \
      h264, hevc, av1, vp9, vp8, mpeg2, jpeg; without a profile the usual one is meant (h264 high, the others main or \
      profile0).

      Exit status: 0 done, 1 failed, 2 a requirement is not met, 64 wrong usage, 130 interrupted.
      """)

  /// How the answer is printed.
  enum Format: String, ExpressibleByArgument, CaseIterable {
    case text, json, nfd, prometheus
  }

  @Argument(help: "A video: which way it takes, and why.", completion: .file())
  var file: String?

  @Option(parsing: .unconditional, help: ArgumentHelp("The stream's number in the file.", valueName: "n"))
  var stream: Int?

  @Option(help: ArgumentHelp("Only this render node, as /dev/dri/renderD128 (VABUF_DEVICE).", valueName: "path"))
  var device: String?

  @Option(
    help: ArgumentHelp(
      "Something that must be decoded, in hardware unless --allow-software; may be given several times.",
      valueName: "requirement"), transform: Self.requirement)
  var require: [Requirement] = []

  @Flag(help: "Software decoding meets a requirement too.")
  var allowSoftware = false

  @Flag(help: "Measure again what is remembered.")
  var refresh = false

  @Flag(inversion: .prefixedNo, help: "Decode the clips; else claims are read, and what is remembered.")
  var decode = true

  @Option(
    help: ArgumentHelp(
      "text; json; nfd, a feature file for Kubernetes Node Feature Discovery; prometheus, a textfile for node_exporter.",
      valueName: "format"))
  var format: Format?

  @Flag(help: "The same as --format json.")
  var json = false

  @Flag(name: .shortAndLong, help: "No progress.")
  var quiet = false

  @Flag(name: .shortAndLong, help: "Everything that is known, and what drivers write to standard error.")
  var verbose = false

  @Option(help: .hidden)
  var root: String = "/"

  @Option(parsing: .unconditional, help: .hidden)
  var stepLimit: Double = 10

  @Option(help: .hidden)
  var clips: String = ""

  private static func requirement(_ text: String) throws -> Requirement {
    guard let requirement = Requirement(text) else {
      let known = Requirement.profiles.map { "\($0.codec) (\($0.profiles.joined(separator: ", ")))" }
      throw ValidationError(
        "'\(text)' is no requirement: give codec[:profile][@WIDTHxHEIGHT[pRATE]], of " + known.joined(separator: ", "))
    }
    return requirement
  }

  func validate() throws {
    if let stream, stream < 0 { throw ValidationError("--stream \(stream): streams are numbered from 0.") }
    if quiet, verbose { throw ValidationError("--quiet and --verbose: give one of them.") }
    if stream != nil, file == nil { throw ValidationError("--stream: give a file too.") }
    _ = try BufferOptions.chosenBackend(nil)
    guard stepLimit >= 0.1, stepLimit < 1e6 else { throw ValidationError("--step-limit \(stepLimit): give seconds.") }
    guard json, let format, format != .json else { return }
    throw ValidationError("--json and --format \(format.rawValue): give one of them.")
  }

  private var chosenFormat: Format { json ? .json : format ?? .text }

  func run() async throws {
    FFmpegLogging.silence()
    let backend = try BufferOptions.chosenBackend(nil).preference
    // What cannot be opened needs no look at the devices.
    let head: Probe.FileStream?
    if let file { head = try await Probe.stream(of: file, stream) } else { head = nil }
    let capabilities = try await look()
    let plan = head.map { Probe.plan($0, on: capabilities, backend: backend) }
    let answers = require.map { capabilities.answer($0, allowsSoftware: allowSoftware) }
    let output = Output()
    try output.write(try text(capabilities, plan, answers))
    try output.flush()
    let missing = answers.filter { !$0.isMet }
    for answer in missing { Terminal.say("--require \(answer.requirement): not met: \(answer.reason)") }
    if !missing.isEmpty { throw ExitCode(2) }
  }

  private func look() async throws -> Capabilities {
    var options = Probe.Options()
    // The file that runs, also where another one has its name by now.
    options.worker = ["/proc/self/exe", "probe-worker"]
    options.device = device ?? BufferOptions.variable("VABUF_DEVICE")
    options.deviceOrigin = device == nil ? "VABUF_DEVICE" : "--device"
    options.decodes = decode
    options.refreshes = refresh
    options.root = root
    options.clips = clips.split(separator: ",").map(String.init)
    options.stepLimit = .seconds(stepLimit)
    options.showsErrors = verbose
    let status = StatusLine(isOn: !quiet && !verbose, delay: .milliseconds(500), interval: .milliseconds(100))
    options.progress = { step, done in
      status.update { "probing \(Text.left(Text.fixed(done * 100, 0), 3)) %  \(step)" }
    }
    defer { status.end() }
    return try await Probe.run(options)
  }

  private func text(
    _ capabilities: Capabilities, _ plan: FilePlan?, _ answers: [Requirement.Answer]
  ) throws -> String {
    switch chosenFormat {
    case .json:
      guard case .object(var members) = try JSON(encoding: capabilities) else { return "" }
      if let plan { members.append(("file", try JSON(encoding: plan))) }
      if !answers.isEmpty { members.append(("requirements", try JSON(encoding: answers))) }
      return JSON.object(members).tree + "\n"
    case .nfd: return FeatureFile(capabilities).text
    case .prometheus: return PrometheusFile(capabilities).text
    case .text:
      let screen = ProbeScreen(try Text.harmless(capabilities), style: ScreenStyle.ofOutput, isVerbose: verbose)
      return screen.text(try plan.map { try Text.harmless($0) }, try Text.harmless(answers))
    }
  }
}
