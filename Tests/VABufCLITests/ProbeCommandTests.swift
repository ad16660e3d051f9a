import Foundation
import Testing
import VABufTestKit

@testable import VABufCLI

/// `vabuf probe` on machines that are folders.
@Suite struct ProbeCommandTests {
  /// A machine without any device.
  private static let bare: String = {
    let root = Program.scratch("bare-machine")
    for folder in ["/etc", "/proc/sys/kernel", "/sys", "/dev"] {
      try? FileManager.default.createDirectory(atPath: root + folder, withIntermediateDirectories: true)
    }
    try? Data("6.1.0-test\n".utf8).write(to: URL(fileURLWithPath: root + "/proc/sys/kernel/osrelease"))
    try? Data("ID=debian\nPRETTY_NAME=\"Debian\"\n".utf8).write(to: URL(fileURLWithPath: root + "/etc/os-release"))
    return root
  }()

  private func probe(_ arguments: String..., environment: [String: String] = [:]) throws -> Program {
    let all = ["probe", "-q", "--root", Self.bare, "--clips", "h264-high-1080p"] + arguments
    return try Program.run(
      Program.path, all, environment: ["VABUF_CACHE_DIR": Program.cache].merging(environment) { $1 })
  }

  private func codes(_ json: [String: Any]) -> [String] {
    (json["findings"] as? [[String: Any]] ?? []).compactMap { $0["code"] as? String }
  }

  @Test func withoutDevicesThereIsAFindingAndSoftware() throws {
    let run = try probe("--json")
    #expect(run.status == 0)
    let json = try run.json()
    #expect(codes(json) == ["no-render-node"])
    let software = try #require((json["software"] as? [String: Any])?["evidence"] as? [[String: Any]])
    #expect(software.map { $0["verdict"] as? String } == ["exact"])
    #expect((software.first?["frames_per_second"] as? Double ?? 0) > 0)
    #expect(run.text.hasPrefix("{\n  \"schema\": 1,"))
  }

  @Test func requirementsDecideTheStatus() throws {
    let hardware = try probe("--require", "h264")
    #expect(hardware.status == 2)
    #expect(hardware.complaints == ["vabuf: --require h264: not met: there is no render node"])
    let software = try probe("--require", "h264", "--allow-software")
    #expect(software.status == 0 && software.complaints.isEmpty)
    #expect(software.text.contains("met      h264: software: h264-high-1080p is exact"))
    let both = try probe("--require", "h264@1920x1080p1", "--require", "hevc:main10@3840x2160p60", "--allow-software")
    #expect(
      both.status == 2 && both.complaints.count == 1 && both.complaints[0].contains("hevc main10 was not decoded"))
  }

  @Test func wrongUsageIsSaid() throws {
    #expect(try probe("--require", "theora").status == 64)
    #expect(try probe("--json", "--format", "nfd").status == 64)
    #expect(try probe("--stream", "1").status == 64)
    #expect(try probe("--quiet", "--verbose").status == 64)
  }

  @Test func colourIsForTerminalsOnly() throws { #expect(try !probe().text.contains("\u{1b}")) }

  @Test func theFeatureFileHasLabelsOnly() throws {
    let run = try probe("--format", "nfd")
    let line = /vabuf-[A-Za-z0-9]([-A-Za-z0-9_.]{0,55}[A-Za-z0-9])?=[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?/
    for text in run.lines where !text.hasPrefix("#") { #expect(text.wholeMatch(of: line) != nil, "\(text)") }
    #expect(run.lines.contains("vabuf-hardware=false") && run.lines.contains("vabuf-sw.h264-high.1080p=true"))
  }

  @Test func thePrometheusFileIsWellFormed() throws {
    let run = try probe("--format", "prometheus")
    let sample = /vabuf_[a-z_]+(\{([a-z_]+="([^"\\\n]|\\[\\"n])*",?)*\})? [0-9.]+/
    var types: Set<Substring> = []
    var seen: Set<String> = []
    for text in run.lines {
      if text.hasPrefix("# HELP ") { continue }
      if text.hasPrefix("# TYPE ") {
        #expect(types.insert(text.split(separator: " ")[2]).inserted && text.hasSuffix(" gauge"))
        continue
      }
      #expect(text.wholeMatch(of: sample) != nil, "\(text)")
      let name = text.prefix { $0 != "{" && $0 != " " }
      #expect(types.contains(name), "\(name) has no type")
      #expect(seen.insert(String(text.prefix { $0 != "}" })).inserted, "twice: \(text)")
    }
    #expect(run.lines.contains(#"vabuf_finding{code="no-render-node",severity="error",device=""} 1"#))
    guard let promtool = ["/usr/bin/promtool", "/usr/local/bin/promtool"].first(where: FileManager.default.fileExists)
    else { return print("skipped: no promtool here") }
    let check = try Program.run("/bin/sh", ["-c", "printf '%s\\n' \"$0\" | \(promtool) check metrics", run.text])
    #expect(check.status == 0, "\(check.errors)")
  }

  @Test func theAnswersFitTheSchema() throws {
    let schema =
      URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().path + "/docs/probe.schema.json"
    guard FileManager.default.fileExists(atPath: schema) else { return print("skipped: no \(schema)") }
    let clip = Program.scratch("schema") + "/clip.mkv"
    _ = try Program.ffmpeg(["-f", "lavfi", "-i", "testsrc=s=64x64:d=0.2", "-c:v", "mpeg2video", clip])
    let script = "import json, sys, jsonschema; jsonschema.validate(json.load(sys.stdin), json.load(open(sys.argv[1])))"
    for arguments in [[], ["--require", "h264"], [clip]] {
      let all = ["probe", "-q", "--json", "--root", Self.bare, "--clips", "h264-high-1080p"] + arguments
      let output = Program.scratch("schema") + "/out.json"
      _ = try Program.run(Program.path, all, output: output)
      let check = try Program.run("/bin/sh", ["-c", "python3 -c \"$0\" \"$1\" <\"$2\"", script, schema, output])
      if check.errors.contains("No module named") || check.status == 127 {
        return print("skipped: no python3 with jsonschema here")
      }
      #expect(check.status == 0, "\(check.errors.suffix(800))")
    }
  }

  @Test func aFileIsToldItsWay() throws {
    let clip = Program.scratch("plan") + "/clip.mkv"
    _ = try Program.ffmpeg(["-f", "lavfi", "-i", "testsrc=s=320x240:d=0.2", "-c:v", "mpeg2video", clip])
    let run = try probe(clip, "--json")
    let plan = try #require(try run.json()["file"] as? [String: Any])
    #expect(plan["codec"] as? String == "mpeg2video" && plan["backend"] as? String == "software")
    #expect(plan["width"] as? Int == 320 && plan["chroma"] as? String == "4:2:0" && plan["bit_depth"] as? Int == 8)
    #expect((plan["presets"] as? [[String: Any]])?.count == 4 && (plan["surfaces_most"] as? Int ?? 0) > 0)
    #expect(try probe(clip).text.contains("goes by"))
    // What cannot be opened is said before anything is decoded.
    let nothing = try Program.vabuf(
      "probe", "/nowhere.mp4", "--root", Self.bare, environment: ["VABUF_CACHE_DIR": Program.scratch("cold")])
    #expect(nothing.status == 1 && nothing.complaints.count == 1 && nothing.seconds < 3)
  }

  @Test func theEnvironmentDecidesAndIsSaid() throws {
    let clip = Program.scratch("environment") + "/clip.mkv"
    _ = try Program.ffmpeg(["-f", "lavfi", "-i", "testsrc=s=64x64:d=0.2", "-c:v", "mpeg2video", clip])
    let vaapi = try probe(clip, "--json", environment: ["VABUF_BACKEND": "vaapi"])
    #expect((try vaapi.json()["file"] as? [String: Any])?["backend"] is NSNull)
    #expect(codes(try vaapi.json()).contains("changed-by-environment"))
    let nonsense = try probe(environment: ["VABUF_BACKEND": "nonsense"])
    #expect(nonsense.status == 64 && nonsense.errors.contains("VABUF_BACKEND is 'nonsense'"))
    func cause(_ run: Program) throws -> String? {
      (try run.json()["findings"] as? [[String: Any]])?.first { $0["code"] as? String == "no-render-node" }?["cause"]
        as? String
    }
    let variable = try probe("--json", environment: ["VABUF_DEVICE": "/dev/dri/renderD199"])
    #expect(try cause(variable) == "there is no /dev/dri/renderD199, which VABUF_DEVICE names")
    #expect(
      try cause(probe("--json", "--device", "renderD128")) == "there is no renderD128, which --device names")
  }

  @Test func namesOfFilesAreNotObeyed() throws {
    let clip = Program.scratch("names") + "/a\u{1b}[31mb\u{7f}.mkv"
    _ = try Program.ffmpeg(["-f", "lavfi", "-i", "testsrc=s=64x64:d=0.2", "-c:v", "mpeg2video", clip])
    let run = try probe(clip)
    #expect(run.status == 0 && !run.text.contains("\u{1b}") && run.text.contains("/a?[31mb?.mkv"))
  }

  @Test func aWorkerThatDoesNotRunSaysNothingOfTheMachine() throws {
    let loader = "/lib64/ld-linux-x86-64.so.2"
    guard FileManager.default.fileExists(atPath: loader) else { return print("skipped: no \(loader) here") }
    let cache = Program.scratch("no-worker")
    // The program that runs is then the loader, which knows no `probe-worker`.
    let run = try Program.run(
      loader, [Program.path, "probe", "-q", "--json", "--root", Self.bare], environment: ["VABUF_CACHE_DIR": cache])
    let software = try #require(try run.json()["software"] as? [String: Any])
    let verdicts = (software["evidence"] as? [[String: Any]] ?? []).compactMap { $0["verdict"] as? String }
    #expect(Set(verdicts) == ["not_tried"] && (software["obstacle"] as? [String: Any])?["message"] != nil)
    #expect(codes(try run.json()).contains("not-examined"))
    let kept = try FileManager.default.contentsOfDirectory(atPath: cache)
    #expect(kept.filter { $0.hasPrefix("probe-") }.isEmpty)
  }

  @Test func aMachineWithTwoGPUsAndNoDriversIsDescribed() throws {
    let root = Program.scratch("two-gpus")
    func write(_ path: String, _ text: String) throws {
      let url = URL(fileURLWithPath: root + path)
      try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(text.utf8).write(to: url)
    }
    for (number, vendor, address) in [(128, "0x8086", "0000:00:02.0"), (129, "0x1002", "0000:03:00.0")] {
      let folder = "/sys/class/drm/renderD\(number)/device"
      try write(folder + "/vendor", vendor)
      try write(folder + "/device", "0x1234")
      try write(folder + "/uevent", "PCI_SLOT_NAME=\(address)\n")
      try? FileManager.default.createSymbolicLink(
        atPath: root + folder + "/subsystem", withDestinationPath: "/bus/pci")
      try? FileManager.default.createSymbolicLink(
        atPath: root + folder + "/driver", withDestinationPath: number == 128 ? "/drivers/i915" : "/drivers/amdgpu")
      try write("/dev/dri/renderD\(number)", "")
    }
    try write("/etc/os-release", "ID=arch\n")
    let run = try Program.vabuf("probe", "-q", "--json", "--root", root, "--clips", "vp8-1080p")
    let json = try run.json()
    let devices = try #require(json["devices"] as? [[String: Any]])
    #expect(devices.map { $0["vendor"] as? String } == ["Intel", "AMD"])
    #expect(devices.map { $0["address"] as? String } == ["0000:00:02.0", "0000:03:00.0"])
    #expect(devices.map { ($0["driver"] as? [String: Any])?["name"] as? String } == ["iHD", "radeonsi"])
    #expect(codes(json) == ["driver-missing", "driver-missing"])
    let text = try Program.vabuf("probe", "-q", "--root", root, "--clips", "vp8-1080p").text
    #expect(text.contains("sudo pacman -S intel-media-driver") && text.contains("sudo pacman -S mesa"))
  }

  @Test func answersAreRemembered() throws {
    // All clips once, then none.
    let cache = ["VABUF_CACHE_DIR": Program.scratch("remembered")]
    let first = try Program.vabuf("probe", "-q", "--json", "--root", Self.bare, environment: cache)
    let second = try Program.vabuf("probe", "-q", "--json", "--root", Self.bare, environment: cache)
    func software(_ run: Program) throws -> [String: Any] { try run.json()["software"] as? [String: Any] ?? [:] }
    #expect(try software(first)["remembered"] as? Bool == false && software(second)["remembered"] as? Bool == true)
    let rows = try #require(try software(first)["evidence"] as? [[String: Any]])
    #expect(rows.count > 20 && rows.allSatisfy { $0["verdict"] as? String == "exact" })
    #expect(second.seconds < first.seconds)
    let claims = try Program.vabuf(
      "probe", "-q", "--json", "--root", Self.bare, "--no-decode",
      environment: ["VABUF_CACHE_DIR": Program.scratch("nothing-remembered")])
    #expect((try software(claims)["evidence"] as? [Any])?.isEmpty == true && claims.seconds < 5)
  }
}
