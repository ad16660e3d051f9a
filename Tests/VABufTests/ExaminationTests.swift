import FrameModel
import Testing
import VABuf

/// What the parent makes of a worker that does as a script says: `/dev/null` stands for a device, software for itself.
@Suite struct ExaminationTests {
  private func probe(
    _ worker: [String], device: String = "/dev/null", limit: Duration = .milliseconds(500)
  ) async throws -> Capabilities {
    var options = Probe.Options()
    options.worker = worker
    options.device = device
    options.clips = ["vp8-1080p"]
    options.stepLimit = limit
    options.remembers = false
    return try await Probe.run(options)
  }

  private func script(_ lines: String) -> [String] { ["/bin/sh", "-c", lines] }

  /// A worker that decodes in software, and does this at the first clip; the next one ends.
  private func atTheClip(_ lines: String, limit: Duration) async throws -> Evidence? {
    let next = "case $0 in *'\"done\":[\"vp8'*) echo '{\"isEnd\":true}'; exit;; esac; "
    let worker = script(next + "echo '{\"begin\":\"vp8-1080p\"}'; " + lines)
    return try await probe(worker, device: "/nowhere", limit: limit).software.evidence.first
  }

  private func codes(_ capabilities: Capabilities) -> [String] { capabilities.findings.map(\.code.rawValue) }

  @Test(arguments: [["/nowhere/at/all"], ["/bin/sh", "-c", "exit 127"], ["/bin/sh", "-c", "kill -KILL $$"]])
  func aWorkerThatBeginsNothingSaysNothingOfTheDevice(worker: [String]) async throws {
    let found = try await probe(worker)
    let device = try #require(found.devices.first)
    #expect(device.obstacle != nil && device.driver?.failure == nil && device.claims == nil)
    #expect(device.evidence.map(\.verdict) == [.notTried])
    #expect(found.software.obstacle != nil && found.software.evidence.map(\.verdict) == [.notTried])
    #expect(codes(found).count { $0 == "not-examined" } == 2)
  }

  @Test func aDriverThatHangsIsTheDriversDoing() async throws {
    let found = try await probe(script("echo '{\"begin\":\"driver\"}'; exec sleep 100"))
    let device = try #require(found.devices.first)
    #expect(device.obstacle == nil && device.driver?.failure?.kind == .timedOut)
    #expect(device.driver?.failure?.message == "no answer within 0.5 s")
  }

  @Test func aStepThatGoesOnAndOnIsNotSilent() async throws {
    let row = try await atTheClip("while :; do echo '{\"isAlive\":true}'; sleep 0.05; done", limit: .milliseconds(500))
    #expect(row?.verdict == .timedOut && row?.reason == "not done within 3 s")
  }

  @Test func theLimitThatIsNamedIsTheOneThatWas() async throws {
    // The next step would have three seconds.
    let row = try await atTheClip("exec sleep 100", limit: .milliseconds(3200))
    #expect(row?.verdict == .timedOut && row?.reason == "no answer within 3.2 s")
  }
}
