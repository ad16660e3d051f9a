import Foundation
import Testing
import VABufTestKit

/// `vabuf probe` on the software VA driver, also where that fails, hangs, crashes and lies.
@Suite(.enabled(if: SoftwareDriver.isUsable, "\(SoftwareDriver.reason)"), .serialized)
struct ProbeDriverTests {
  private typealias Object = [String: Any]

  private func run(
    _ arguments: [String] = [], clips: String = "h264-high-1080p,vp9-profile0-1080p",
    _ environment: [String: String] = [:]
  ) throws -> Program {
    let all = [Program.path, "probe", "-q", "--json", "--device", SoftwareDriver.device, "--clips", clips] + arguments
    return try Program.run(
      SoftwareDriver.launcher, all, environment: SoftwareDriver.launcherEnvironment.merging(environment) { $1 })
  }

  private func device(_ run: Program) throws -> Object {
    #expect(run.status == 0, "\(run.errors)")
    return try #require((try run.json()["devices"] as? [Object])?.first)
  }

  private func rows(_ device: Object) -> [Object] { device["evidence"] as? [Object] ?? [] }
  private func verdicts(_ device: Object) -> [String] { rows(device).compactMap { $0["verdict"] as? String } }
  private func codes(_ run: Program) throws -> [String] {
    (try run.json()["findings"] as? [Object] ?? []).compactMap { $0["code"] as? String }
  }

  @Test func theProfilesAreThoseOfVainfo() throws {
    let vainfo = try Program.run(
      SoftwareDriver.launcher, ["vainfo", "--display", "drm", "--device", SoftwareDriver.device],
      environment: SoftwareDriver.launcherEnvironment)
    guard vainfo.status == 0 else { return print("skipped: no vainfo here") }
    let theirs = vainfo.lines.filter { $0.contains("VAProfile") && $0.contains("VAEntrypoint") }.map { line in
      line.split(separator: ":").map { $0.trimmingCharacters(in: .whitespaces) }.joined(separator: "/")
    }
    let claims = try #require(try device(run(["--no-decode"]))["claims"] as? Object)
    let ours = (claims["profiles"] as? [Object] ?? []).map { "\($0["profile"] ?? "")/\($0["entrypoint"] ?? "")" }
    #expect(!ours.isEmpty && ours == theirs)
    let exports = claims["exports"] as? [Object] ?? []
    #expect(exports.count == 4 && exports.allSatisfy { $0["works"] as? Bool == true })
  }

  @Test func everyCodecIsExact() throws {
    let clips =
      "h264-constrained-baseline-1080p,h264-main-1080p,h264-high-1080p,h264-high-interlaced,hevc-main-1080p,"
      + "hevc-main10-1080p,vp8-1080p,vp9-profile0-1080p,vp9-profile2-1080p,av1-main-1080p,av1-main10-1080p,mpeg2,jpeg"
    let device = try device(run(clips: clips))
    #expect(rows(device).count >= 13)
    for row in rows(device) {
      #expect(row["verdict"] as? String == "exact", "\(row)")
      #expect((row["frames_per_second"] as? Double ?? 0) > 0)
    }
    let downloads = device["downloads"] as? [Object] ?? []
    #expect(downloads.contains { $0["best"] as? Bool == true && $0["format"] as? String == "NV12" })
    #expect(device["chosen"] as? Bool == true)
  }

  @Test func wrongPicturesAreFound() throws {
    let run = try run(["--refresh"], ["SOFTVA_CORRUPT": "3"])
    let device = try device(run)
    #expect(verdicts(device) == ["differs", "exact"])
    let row = try #require(rows(device).first)
    #expect(row["wrong_frames"] as? Int == 1 && (row["psnr"] as? Double ?? 0) > 1)
    #expect(try codes(run).first == "wrong-pictures")
  }

  @Test(arguments: [
    ("vaEndPicture", "DECODING_ERROR"), ("vaBeginPicture", "OPERATION_FAILED"), ("vaRenderPicture", "INVALID_BUFFER"),
    ("vaCreateBuffer", "ALLOCATION_FAILED"), ("vaCreateContext", "RESOLUTION_NOT_SUPPORTED"),
    ("vaCreateSurfaces", "OPERATION_FAILED"), ("vaSyncSurface", "HW_BUSY"),
  ])
  func failuresNameTheCallAndItsStatus(call: String, status: String) throws {
    let device = try device(run(clips: "vp9-profile0-1080p", ["SOFTVA_FAIL": "\(call):status=\(status)"]))
    let row = try #require(rows(device).first)
    #expect(row["verdict"] as? String == "fails" && row["call"] as? String == call, "\(row)")
    #expect(row["status"] as? String == "VA_STATUS_ERROR_\(status)", "\(row)")
  }

  @Test(arguments: ["vaInitialize", "vaQueryConfigProfiles", "vaQueryConfigEntrypoints", "vaCreateConfig"])
  func failuresBeforeDecodingAreNamedToo(call: String) throws {
    let device = try device(run(clips: "vp8-1080p", ["SOFTVA_FAIL": "\(call):status=ALLOCATION_FAILED"]))
    let row = try #require(rows(device).first)
    #expect(row["verdict"] as? String == "fails" && row["call"] as? String == call, "\(row)")
    #expect(row["status"] as? String == "VA_STATUS_ERROR_ALLOCATION_FAILED")
  }

  @Test func aHangCostsItsRows() throws {
    let run = try run(["--step-limit", "4"], ["SOFTVA_HANG": "vaEndPicture:after=40"])
    let device = try device(run)
    // Each process counts by itself: 24 frames of the first clip, twice over, are more than 40.
    #expect(verdicts(device).contains("timed_out"))
    #expect(verdicts(device).count == 2)
    #expect((device["claims"] as? Object)?["profiles"] != nil)
    #expect(try codes(run).contains("driver-hangs"))
    // The limit that it had, not the shorter one of the next step.
    let hung = rows(device).first { $0["verdict"] as? String == "timed_out" }
    #expect(hung?["reason"] as? String == "no answer within 4 s")
    let software = try #require((try run.json()["software"] as? Object)?["evidence"] as? [Object])
    #expect(software.allSatisfy { $0["verdict"] as? String == "exact" })
  }

  @Test func aCrashCostsItsRows() throws {
    let run = try run([], ["SOFTVA_CRASH": "vaEndPicture"])
    let device = try device(run)
    #expect(verdicts(device) == ["crashed", "crashed"])
    #expect(rows(device).allSatisfy { $0["signal"] as? String == "SIGABRT" })
    #expect(try codes(run).contains("driver-crashes"))
    #expect(((device["claims"] as? Object)?["profiles"] as? [Object])?.isEmpty == false)
  }

  @Test func theSignalIsKnownWhereSIGCHLDWasIgnored() throws {
    let all = [
      "/bin/sh", "-c", "trap '' CHLD; exec \"$0\" \"$@\"", Program.path, "probe", "-q", "--json", "--device",
      SoftwareDriver.device, "--clips", "vp8-1080p",
    ]
    let run = try Program.run(
      SoftwareDriver.launcher, all,
      environment: SoftwareDriver.launcherEnvironment.merging(["SOFTVA_CRASH": "vaEndPicture"]) { $1 })
    #expect(rows(try device(run)).map { $0["signal"] as? String } == ["SIGABRT"])
  }

  @Test func oneProfileThatFailsCostsNoOther() throws {
    func claims(_ status: String) throws -> (Object, Program) {
      let run = try run(
        ["--no-decode"], ["SOFTVA_FAIL": "vaQueryConfigEntrypoints:after=2:count=1:status=\(status)"])
      return (try #require(try device(run)["claims"] as? Object), run)
    }
    let all = (try #require(try device(run(["--no-decode"]))["claims"] as? Object))["profiles"] as? [Object] ?? []
    let (unsupported, quiet) = try claims("UNSUPPORTED_PROFILE")
    #expect((unsupported["profiles"] as? [Object])?.count == all.count - 1)
    #expect((unsupported["image_formats"] as? [String])?.isEmpty == false)
    #expect(try !codes(quiet).contains("claims-incomplete"))
    let (failed, loud) = try claims("ALLOCATION_FAILED")
    let rows = failed["profiles"] as? [Object] ?? []
    #expect(rows.count == all.count && rows.filter { $0["entrypoint"] as? String == "" }.count == 1)
    #expect(try codes(loud).contains("claims-incomplete"))
  }

  @Test func aCrashAtTheStartIsOfTheDriver() throws {
    let run = try run([], ["SOFTVA_CRASH": "vaInitialize"])
    let device = try device(run)
    let failure = (device["driver"] as? Object)?["failure"] as? Object
    #expect(failure?["kind"] as? String == "crashed" && failure?["signal"] as? String == "SIGABRT")
    #expect(verdicts(device) == ["crashed", "crashed"])
  }

  @Test func whatIsNotAdvertisedIsNotOffered() throws {
    let device = try device(run([], ["SOFTVA_CODECS": "h264"]))
    #expect(verdicts(device) == ["exact", "not_offered"])
  }

  @Test func theEnvironmentIsBlamedForWhatItBreaks() throws {
    // The launcher names the driver; `env` names another one behind it.
    let all = [
      "env", "LIBVA_DRIVER_NAME=nonsense", Program.path, "probe", "-q", "--json", "--device", SoftwareDriver.device,
      "--clips", "vp8-1080p",
    ]
    let run = try Program.run(SoftwareDriver.launcher, all, environment: SoftwareDriver.launcherEnvironment)
    #expect(try codes(run).contains("driver-missing-by-environment"))
    let driver = try #require(try device(run)["driver"] as? Object)
    #expect(driver["name"] as? String == "nonsense" && driver["file_exists"] as? Bool == false)
    let plain = try #require(driver["without_environment"] as? Object)
    #expect(plain["works"] as? Bool == false && (plain["failure"] as? Object)?["message"] != nil)
    #expect(verdicts(try device(run)) == ["not_tried"])
  }

  @Test func aRequirementIsMetInHardware() throws {
    let met = try run(["--require", "h264@1920x1080p1", "--require", "vp9"])
    #expect(met.status == 0)
    #expect(
      (try met.json()["requirements"] as? [Object])?.map { $0["device"] as? String } == ["/dev/null", "/dev/null"])
    let broken = try run(["--require", "h264"], ["SOFTVA_CRASH": "vaEndPicture"])
    #expect(broken.status == 2 && broken.errors.contains("h264-high-1080p crashed"))
  }

  @Test func aFileGoesToTheDevice() throws {
    let clip = Program.scratch("plan-driver") + "/clip.mp4"
    _ = try Program.ffmpeg([
      "-f", "lavfi", "-i", "testsrc=s=320x240:d=0.2", "-pix_fmt", "yuv420p", "-c:v", "libx264", clip,
    ])
    let plan = try #require(try run([clip]).json()["file"] as? Object)
    #expect(plan["backend"] as? String == "vaapi" && plan["device"] as? String == "/dev/null")
    let off = try run([clip], ["VABUF_BACKEND": "software"])
    let refused = try #require(try off.json()["file"] as? Object)
    #expect(refused["backend"] as? String == "software" && refused["device"] is NSNull)
    #expect(try codes(off).contains("changed-by-environment"))
    let deep = Program.scratch("plan-driver") + "/deep.mp4"
    _ = try Program.ffmpeg(
      ["-f", "lavfi", "-i", "testsrc=s=320x240:d=0.2", "-pix_fmt", "yuv422p", "-c:v", "libx264", deep])
    let other = try #require(try run([deep]).json()["file"] as? Object)
    #expect(other["backend"] as? String == "software" && (other["reason"] as? String)?.contains("4:2:2") == true)
  }
}
