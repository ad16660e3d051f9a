import FrameModel
import Testing
import VABuf
import VABufTestKit

/// Which way a file would go, on machines that are described.
@Suite struct FilePlanTests {
  private static let nvdec = "VA-API NVDEC driver [direct backend]"

  /// A machine whose only device claims to decode everything that the tests have.
  private static func machine(driver vendor: String, _ evidence: [Evidence] = []) -> Capabilities {
    var device = DeviceReport(path: "/dev/dri/renderD128")
    device.renderNode = device.path
    device.access = .init(mode: "0660", owner: .init(id: 0), group: .init(id: 1), isOpenable: true)
    var driver = DriverReport()
    (driver.works, driver.vendor) = (true, vendor)
    device.driver = driver
    var claims = Claims()
    claims.profiles = ["VAProfileH264High", "VAProfileVP8Version0_3", "VAProfileMPEG2Main"].map {
      var profile = Claims.Profile(profile: $0, entrypoint: "VAEntrypointVLD")
      profile.rtFormats = ["YUV420"]
      return profile
    }
    device.claims = claims
    device.evidence = evidence
    return Capabilities(version: "test", host: HostReport(), devices: [device])
  }

  private static func row(_ clip: String, _ codec: String, _ profile: String, _ verdict: Evidence.Verdict) -> Evidence {
    Evidence(clip: clip, codec: codec, profile: profile, width: 1920, height: 1080, bitDepth: 8, verdict: verdict)
  }

  @Test(arguments: [("h264-gray", "4:0:0"), ("h264-mbaff", "4:2:0"), ("vp8-alt-ref", "4:2:0"), ("mpeg2-ts", "4:2:0")])
  func whatADriverIsKnownToGetWrongGoesBySoftware(_ name: String, _ chroma: String) async throws {
    guard let path = try ClipMaker.shared.path(of: name) else { return }
    let refused = try await Probe.plan(path, on: Self.machine(driver: Self.nvdec))
    #expect(refused.backend == .software && refused.device == nil && refused.chroma == chroma)
    #expect(refused.candidates.first?.reason.contains(Self.nvdec) == true, "\(refused.reason)")
    let taken = try await Probe.plan(path, on: Self.machine(driver: "Mesa Gallium driver"))
    #expect(taken.backend == .vaapi && taken.device == "/dev/dri/renderD128", "\(taken.reason)")
  }

  @Test func whatWasExactGoesByTheDriverAllTheSame() async throws {
    func plan(_ name: String, _ vp8: Evidence.Verdict) async throws -> FilePlan? {
      let rows = [Self.row("vp8-1080p", "vp8", "vp8", vp8), Self.row("h264-high-1080p", "h264", "high", .exact)]
      guard let path = try ClipMaker.shared.path(of: name) else { return nil }
      return try await Probe.plan(path, on: Self.machine(driver: Self.nvdec, rows))
    }
    for (name, vp8, backend) in [
      ("vp8-alt-ref", Evidence.Verdict.exact, Backend.vaapi), ("vp8-alt-ref", .differs, .software),
      ("vp8-alt-ref", .notTried, .software), ("h264-pyramid", .exact, .vaapi), ("h264-gray", .exact, .software),
    ] {
      guard let plan = try await plan(name, vp8) else { continue }
      #expect(plan.backend == backend, "\(name): \(plan.reason)")
      #expect(plan.candidates.first?.verdict == (name.hasPrefix("vp8") ? vp8 : .exact))
    }
  }
}
