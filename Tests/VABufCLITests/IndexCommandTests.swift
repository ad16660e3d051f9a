import Foundation
import Testing
import VABufTestKit

@Suite struct IndexTests {
  @Test func keys() throws {
    guard let clip = try pyramid() else { return }
    let run = try Program.vabuf("index", clip, "--json")
    #expect(run.status == 0, "\(run.errors)")
    let index = try run.json()
    for key in [
      "schema", "file", "stream", "frames", "keyframes", "duration", "time_base", "variable_rate", "codec", "profile",
      "decoder", "width", "height", "pixel_format", "frame_rate", "rotation", "sample_aspect_ratio", "doubts",
      "damaged",
    ] { #expect(index[key] != nil, "no \(key)") }
    #expect(run.lines[1] == "  \"schema\": 1,")
    #expect(index["frames"] as? Int == 60)
    #expect((index["keyframes"] as? [Int])?.first == 0)
    #expect(index["duration"] as? Double == 2.4)
    #expect(index["codec"] as? String == "h264")
    #expect(index["variable_rate"] as? Bool == false)
    #expect(index["list"] == nil)
  }

  @Test func list() throws {
    guard let clip = try pyramid() else { return }
    let list = try #require(try Program.vabuf("index", clip, "--list", "--json").json()["list"] as? [[String: Any]])
    #expect(list.map { $0["number"] as? Int } == Array(0..<60))
    #expect(list[0]["keyframe"] as? Bool == true)
    let times = try Reference(parsing: Program.vabuf("framemd5", clip).text).lines
    #expect(list.map { $0["pts"] as? Int64 } == times.map(\.pts))
    #expect(list.map { $0["duration"] as? Int64 } == times.map(\.duration))
    let text = try Program.vabuf("index", clip, "--list").lines
    #expect(text.contains { $0.hasPrefix("frames ") && $0.hasSuffix(" 60") })
    #expect(text.count > 60)
  }

  @Test func verifyingTellsWhichFramesAreDamaged() throws {
    guard let clip = try pyramid() else { return }
    var bytes = try Data(contentsOf: URL(fileURLWithPath: clip))
    for position in bytes.count / 2..<bytes.count / 2 + 300 { bytes[position] = 0xff }
    let path = Program.scratch("damaged") + "/damaged.mp4"
    try bytes.write(to: URL(fileURLWithPath: path))
    let run = try Program.vabuf("index", path, "--verify", "--list", "--json").json()
    let damaged = try #require(run["damaged"] as? [Int])
    #expect((1..<60).contains(damaged.count), "\(damaged)")
    let list = try #require(run["list"] as? [[String: Any]])
    #expect(list.filter { $0["damaged"] as? Bool == true }.compactMap { $0["number"] as? Int } == damaged)
    let text = try Program.vabuf("index", path, "--list").lines
    #expect(text.contains { $0.hasPrefix("damaged ") && $0.contains("\(damaged.count): \(damaged[0])") })
    #expect(text.count { $0.hasSuffix("  damaged") } == damaged.count)
    #expect(try !Program.vabuf("index", clip).text.contains("damaged"))
  }
}

@Suite struct ErrorTests {
  private func file(_ name: String, _ bytes: Data) throws -> String {
    let path = Program.scratch("errors") + "/" + name
    try bytes.write(to: URL(fileURLWithPath: path))
    return path
  }

  /// Each is one line `vabuf: what: why: what to do` within seconds, and status 1.
  @Test(arguments: ["index", "framemd5", "frame", "bench", "play"])
  func files(_ command: String) throws {
    let audio = Program.scratch("errors") + "/audio-\(command).m4a"
    _ = try Program.ffmpeg(["-f", "lavfi", "-i", "sine=d=1", audio])
    var files = [
      (Program.scratch("errors"), "Is a directory"), ("/nowhere/x.mp4", "No such file or directory"),
      (try file("empty-\(command).mp4", Data()), "Invalid data"),
      (try file("text-\(command).mp4", Data("This is no video.\n".utf8)), "Invalid data"), (audio, "no video stream"),
    ]
    if let clip = try pyramid() {
      // The index of an MP4 comes last: without it there is nothing to read.
      let whole = try Data(contentsOf: URL(fileURLWithPath: clip))
      files.append((try file("cut-\(command).mp4", whole.prefix(whole.count / 2)), "Invalid data"))
    }
    let options = command == "frame" ? ["--all"] : command == "play" ? ["--headless"] : []
    for (path, why) in files {
      let run = try Program.run(Program.path, [command, path] + options)
      #expect(run.status == 1, "\(path)")
      #expect(run.seconds < 5)
      #expect(run.output.isEmpty)
      #expect(run.complaints.count == 1, "\(run.errors)")
      #expect(run.errors.hasPrefix("vabuf: \(path): "), "\(run.errors)")
      #expect(run.errors.contains(why), "\(run.errors)")
    }
  }

  @Test func unreadable() throws {
    guard getuid() != 0 else { return print("skipped: root may read everything") }
    let path = try file("closed.mp4", Data())
    chmod(path, 0)
    let run = try Program.vabuf("index", path)
    #expect(run.status == 1 && run.errors.contains("Permission denied"))
  }

  @Test func standardOutput() throws {
    guard let clip = try pyramid() else { return }
    let full = try Program.vabuf("framemd5", clip, output: "/dev/full")
    #expect(full.status == 1)
    #expect(full.complaints.count == 1 && full.errors.contains("No space left on device"))
    let pipe = try Program.run(
      "/bin/bash", ["-c", "\"$0\" framemd5 \"$1\" | head -n 1; echo \"${PIPESTATUS[0]}\"", Program.path, clip])
    #expect(pipe.lines == ["#format: frame checksums", "1"])
    #expect(pipe.errors.isEmpty)
    let closed = try Program.run("/bin/bash", ["-c", "\"$0\" framemd5 \"$1\" >&-", Program.path, clip])
    #expect(closed.status == 1 && closed.complaints.count == 1)
  }

  @Test(arguments: [
    ["index", "x", "--host-memory", "12Q"], ["index", "x", "--host-memory", "0"], ["index", "x", "--threads", "-1"],
    ["index", "x", "--stream", "-1"], ["index", "x", "--gpu-surfaces", "0"], ["index", "x", "--backend", "gpu"],
    ["bench", "x", "--workload", "idle"], ["bench", "x", "--count", "0"],
    ["bench", "x", "--requests", "y", "--count", "3"], ["bench", "x", "--pace", "-1"],
    ["bench", "x", "--pace", "nan"], ["play", "x", "--speed", "0"],
    ["play", "x", "--loop", "-1"], ["play", "x", "--gpu-api", "metal"], ["nothing"], ["index", "x", "--nothing"],
    ["index"],
  ])
  func wrongUsage(_ arguments: [String]) throws {
    let run = try Program.run(Program.path, arguments)
    #expect(run.status == 64)
    #expect(run.output.isEmpty && !run.errors.isEmpty)
  }

  @Test func backends() throws {
    guard let clip = try pyramid() else { return }
    #expect(try Program.vabuf("index", clip, environment: ["VABUF_BACKEND": "software"]).status == 0)
    #expect(try Program.vabuf("index", clip, environment: ["VABUF_BACKEND": "gpu"]).status == 64)
    #expect(try Program.vabuf("index", clip, "--backend", "software", "--device", "/dev/nothing").status == 0)
    let refused = try Program.vabuf("index", clip, "--backend", "vaapi", "--device", "/dev/nothing")
    #expect(refused.status == 1 && refused.complaints.count == 1)
    let stream = try Program.vabuf("index", clip, "--stream", "5")
    #expect(stream.status == 1 && stream.complaints.count == 1)
  }

  @Test func versionAndHelp() throws {
    let version = try Program.vabuf("--version")
    #expect(version.status == 0)
    #expect(version.lines.first == "vabuf 0.1.0")
    #expect(version.lines.contains { $0.hasPrefix("libavcodec ") })
    #expect(version.lines.last?.hasPrefix("VA-API 1.") == true)
    #expect(try Program.vabuf("--help").text.contains("framemd5"))
    for command in ["index", "framemd5", "frame", "bench", "play"] {
      #expect(try Program.vabuf(command, "--help").text.contains("--host-memory"))
    }
  }

  @Test func verboseLogsAndQuietDoesNot() throws {
    guard let clip = try pyramid() else { return }
    let verbose = try Program.vabuf("frame", clip, "3", "--verbose")
    #expect(verbose.status == 0)
    #expect(verbose.complaints.allSatisfy { $0.hasPrefix("vabuf: ") })
    #expect(!verbose.complaints.isEmpty)
    #expect(try Program.vabuf("frame", clip, "3").errors.isEmpty)
    #expect(try Program.vabuf("frame", clip, "3", "--quiet").errors.isEmpty)
  }
}
