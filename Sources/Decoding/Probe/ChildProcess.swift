internal import CVABufShims
internal import Dispatch
internal import Glibc

/// A program that is run for its lines of output, and may be ended at any time.
///
/// Used by one thread, which may block. `deinit` ends the program.
package final class ChildProcess {
  /// What came next.
  package enum Event: Hashable, Sendable {
    case line(String)
    /// It ended with a status; nil where nobody can tell: this process ignores SIGCHLD, or others wait for its children.
    case exited(Int32?)
    /// It ended by a signal.
    case killed(signal: Int32)
    /// Nothing came in time.
    case silent
  }

  /// The number of the process, as long as that is ours.
  let process: pid_t
  private let output: Int32
  private var input: Int32
  private var buffer: [UInt8] = []
  /// The number of the process is no longer ours.
  private var isReaped = false
  private var isAtEnd = false

  /// Starts a program. No signal is blocked or ignored in it, whatever this process does.
  ///
  /// - Parameters:
  ///   - command: its path and arguments.
  ///   - environment: all of its variables.
  ///   - hidesErrors: what it writes to standard error is dropped.
  /// - Throws: an errno.
  package init(_ command: [String], environment: [String: String], hidesErrors: Bool) throws(SpawnError) {
    var (input, output): ([Int32], [Int32]) = ([-1, -1], [-1, -1])
    guard vabuf_pipe(&input) == 0 else { throw SpawnError(number: errno) }
    guard vabuf_pipe(&output) == 0 else {
      let number = errno
      for descriptor in input { close(descriptor) }
      throw SpawnError(number: number)
    }
    var process: pid_t = 0
    let result = Self.spawn(&process, command, environment, input[0], output[1], hidesErrors)
    close(input[0])
    close(output[1])
    guard result == 0 else {
      close(input[1])
      close(output[0])
      throw SpawnError(number: result)
    }
    self.process = process
    self.input = input[1]
    self.output = output[0]
  }

  private static func spawn(
    _ process: inout pid_t, _ command: [String], _ environment: [String: String], _ input: Int32, _ output: Int32,
    _ hidesErrors: Bool
  ) -> Int32 {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO)
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
    if hidesErrors { posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0) }
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var (all, none) = (sigset_t(), sigset_t())
    sigfillset(&all)
    sigemptyset(&none)
    posix_spawnattr_setsigdefault(&attributes, &all)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))
    var arguments = command.map { strdup($0) } + [nil]
    var variables = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for text in arguments + variables { free(text) } }
    return posix_spawn(&process, command.first ?? "", &actions, &attributes, &arguments, &variables)
  }

  deinit {
    end()
    close(output)
    close(input)
  }

  /// Waits for a line, or for the end.
  ///
  /// - Parameters:
  ///   - limit: how long.
  ///   - isAbandoned: nobody needs it any more: then nothing came.
  package func next(within limit: Duration, unless isAbandoned: () -> Bool = { false }) -> Event {
    let deadline = ContinuousClock.now + limit
    while true {
      if let line = takeLine() { return .line(line) }
      if isAtEnd { return waitForEnd(until: deadline) ?? .silent }
      let rest = ContinuousClock.now.duration(to: deadline)
      guard rest > .zero, !isAbandoned() else { return .silent }
      var poll = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
      let milliseconds = rest.components.seconds * 1000 + rest.components.attoseconds / 1_000_000_000_000_000
      guard Glibc.poll(&poll, 1, Int32(clamping: min(milliseconds + 1, 100))) > 0 else { continue }
      var isInterrupted = false
      let part = [UInt8](unsafeUninitializedCapacity: 1 << 16) { buffer, count in
        let result = read(output, buffer.baseAddress, buffer.count)
        isInterrupted = result < 0 && errno == EINTR
        count = max(0, result)
      }
      buffer += part
      isAtEnd = part.isEmpty && !isInterrupted
    }
  }

  private func takeLine() -> String? {
    guard let end = buffer.firstIndex(of: UInt8(ascii: "\n")) else { return nil }
    defer { buffer.removeSubrange(...end) }
    return String(decoding: buffer[..<end], as: UTF8.self)
  }

  private func waitForEnd(until deadline: ContinuousClock.Instant) -> Event? {
    repeat {
      if let event = reap() { return event }
      usleep(500)
    } while ContinuousClock.now < deadline
    return nil
  }

  /// How it ended; nil where it runs.
  private func reap() -> Event? {
    var status: Int32 = 0
    let ended = waitpid(process, &status, WNOHANG)
    if ended == process {
      isReaped = true
      let signal = status & 0x7f
      return signal == 0 ? .exited(status >> 8 & 0xff) : .killed(signal: signal)
    }
    guard ended < 0, errno == ECHILD else { return nil }
    // The kernel, or somebody else, took it: its number may be another's by now.
    isReaped = true
    return .exited(nil)
  }

  /// Ends the program. One that is stuck in the kernel is waited for by others.
  package func end() {
    guard !isReaped, reap() == nil else { return }
    kill(process, SIGKILL)
    guard waitForEnd(until: .now + .seconds(1)) == nil else { return }
    isReaped = true
    let process = process
    DispatchQueue.global(qos: .background).async {
      while waitpid(process, nil, 0) < 0, errno == EINTR {}
    }
  }
}

/// A program could not be started.
package struct SpawnError: Error, Hashable, Sendable {
  /// The errno.
  package var number: Int32
  package var why: String { String(cString: strerror(number)) }
}

/// The name of a signal, as `SIGSEGV`.
package func signalName(_ number: Int32) -> String {
  vabuf_signal_name(number).map { "SIG" + String(cString: $0) } ?? "signal \(number)"
}
