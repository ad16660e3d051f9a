import ArgumentParser
import Dispatch
import VABuf

#if canImport(Glibc)
  import Glibc
#endif

/// The program: the work runs in a task, and the process's main thread does what must be done there (`MainThread`).
@main
enum Program {
  static func main() {
    // Not on the main actor, which nobody serves: its thread is kept.
    Task.detached { await VABufCommand.runAndExit() }
    MainThread.serve()
  }
}

/// The command itself: parses, runs a subcommand, and turns what came of it into an exit status.
struct VABufCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "vabuf",
    abstract: "The frames of a video by number, fast and exactly.",
    discussion: """
      Frame N is the N-th frame that a linear decode of the stream gives, counted from 0; every way to it gives the same \
      bytes. Human text on a terminal, --json for programs. Errors go to standard error as "vabuf: what: why: what to \
      do".

      Exit status: 0 done, 1 failed, 2 a requirement is not met, 64 wrong usage, 130 interrupted.
      """,
    version: version,
    subcommands: [
      ProbeCommand.self, PlayCommand.self, FrameCommand.self, FrameMD5Command.self, IndexCommand.self,
      BenchCommand.self, SheetCommand.self, ProbeWorkerCommand.self,
    ])

  private static var version: String {
    var lines = ["vabuf \(VABufVersions.vabuf)", "FFmpeg \(VABufVersions.ffmpeg)"]
    lines += VABufVersions.ffmpegLibraries
    lines.append("VA-API \(VABufVersions.vaapi)")
    return lines.joined(separator: "\n")
  }

  @concurrent
  static func runAndExit() async {
    do {
      Standard.occupy()
      // A closed pipe is then an error of the write, not a death.
      signal(SIGPIPE, SIG_IGN)
      // Whoever ignores it in us, as some supervisors do, hides how our own children end.
      signal(SIGCHLD, SIG_DFL)
      let work = Task { try await parseAndRun() }
      let signals = Interruption.onSignal { work.cancel() }
      let result = await work.result
      signals.forEach { $0.cancel() }
      // Whatever else came of it.
      if work.isCancelled, case .failure = result { throw CancellationError() }
      try result.get()
      Glibc.exit(0)
    } catch is CancellationError {
      Glibc.exit(130)
    } catch let error as OutputError {
      // A reader that went away wants no more, and no message.
      if let line = error.line { Terminal.say(line) }
      Glibc.exit(1)
    } catch let error as VABufError {
      Terminal.say(OptionNames.ofCommandLine(error.description))
      Glibc.exit(1)
    } catch {
      let code = exitCode(for: error)
      // Help and version are no errors.
      guard code != .success else { exit(withError: error) }
      let text = fullMessage(for: error)
      let lines = text.dropFirst(text.hasPrefix(errorPrefix) ? errorPrefix.count : 0).split(
        omittingEmptySubsequences: false, whereSeparator: \.isNewline)
      // Empty where the command has said everything.
      if !text.isEmpty {
        Terminal.write("vabuf: \(lines.map { Text.harmless(String($0)) }.joined(separator: "\n"))\n")
      }
      Glibc.exit(code.rawValue)
    }
  }

  /// What the parser begins its messages with.
  private static let errorPrefix = "Error: "

  /// Swift's arguments are UTF-8, and what is not is replaced: another file would be read or written.
  private static func checkEncoding() throws {
    for (number, argument) in zip(1..., CommandLine.arguments.dropFirst()) {
      guard argument.contains("\u{fffd}"), let bytes = CommandLine.unsafeArgv[number],
        String(validatingCString: bytes) == nil
      else { continue }
      throw ValidationError("'\(argument)' is not UTF-8: rename the file, or name a link to it.")
    }
  }

  @concurrent
  private static func parseAndRun() async throws {
    try checkEncoding()
    var command = try parseAsRoot()
    if var asynchronous = command as? any AsyncParsableCommand {
      try await asynchronous.run()
    } else {
      try command.run()
    }
  }
}
