import ArgumentParser
import VABuf

/// `vabuf probe-worker`: what `vabuf probe` starts for each device, so that a driver can hang or crash by itself.
struct ProbeWorkerCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "probe-worker", abstract: "Examine one device, for vabuf probe.", shouldDisplay: false)

  @Argument(help: "What to examine, as vabuf probe says it.")
  var job: String

  func run() async throws { try await ProbeWorker.run(job) }
}
