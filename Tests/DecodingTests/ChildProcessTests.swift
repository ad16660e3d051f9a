import Foundation
import Testing

@testable import Decoding

@Suite struct ChildProcessTests {
  private func child(_ script: String) throws -> ChildProcess {
    try ChildProcess(["/bin/sh", "-c", script], environment: ["PATH": "/usr/bin:/bin", "X": "y"], hidesErrors: true)
  }

  @Test func aChildIsHeardToItsEnd() throws {
    let child = try child("echo one; echo $X; printf three; exit 7")
    #expect(child.next(within: .seconds(5)) == .line("one"))
    #expect(child.next(within: .seconds(5)) == .line("y"))
    // A line that was not ended is none: the process may have died in it.
    #expect(child.next(within: .seconds(5)) == .exited(7))
  }

  @Test func aChildThatIsKilledSaysBySignal() throws {
    let child = try child("echo x; kill -SEGV $$")
    #expect(child.next(within: .seconds(5)) == .line("x"))
    #expect(child.next(within: .seconds(5)) == .killed(signal: 11))
    #expect(signalName(11) == "SIGSEGV" && signalName(6) == "SIGABRT")
  }

  @Test func aChildThatHangsIsEnded() throws {
    let child = try child("echo x; exec sleep 1000")
    #expect(child.next(within: .seconds(5)) == .line("x"))
    let start = ContinuousClock.now
    #expect(child.next(within: .milliseconds(50)) == .silent)
    child.end()
    #expect(ContinuousClock.now - start < .seconds(5))
  }

  @Test func aProgramThatIsNotThereIsAnError() {
    #expect(throws: SpawnError.self) {
      _ = try ChildProcess(["/nowhere/at/all"], environment: [:], hidesErrors: true)
    }
  }

  @Test func signalsThatThisProcessIgnoresOrBlocksAreNotSoInTheChild() throws {
    let before = signal(SIGUSR1, SIG_IGN)
    defer { signal(SIGUSR1, before) }
    #expect(try child("kill -USR1 $$; echo ignored").next(within: .seconds(5)) == .killed(signal: SIGUSR1))
    #expect(
      try whileBlocked(SIGUSR2) { try child("kill -USR2 $$; echo blocked") }.next(within: .seconds(5))
        == .killed(signal: SIGUSR2))
  }

  /// On this thread only.
  private func whileBlocked<R>(_ number: Int32, _ body: () throws -> R) rethrows -> R {
    var (blocked, before) = (sigset_t(), sigset_t())
    sigemptyset(&blocked)
    sigaddset(&blocked, number)
    pthread_sigmask(SIG_BLOCK, &blocked, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    return try body()
  }

  @Test func aChildThatSomebodyElseTookEndedNobodyKnowsHow() throws {
    // As where SIGCHLD is ignored.
    let child = try child("exit 7")
    #expect(waitpid(child.process, nil, 0) == child.process)
    #expect(child.next(within: .seconds(5)) == .exited(nil))
    // Its number may be another's: nothing is sent to it, and nobody waits for it.
    let start = ContinuousClock.now
    child.end()
    #expect(ContinuousClock.now - start < .milliseconds(500))
  }
}
