import Foundation
import Testing
import VABufTestKit

/// The keys that `bench` and `play` share.
private let reportKeys = [
  "schema", "workload", "backend", "requests", "frames", "seconds", "frames_per_second", "latency_ms", "waited_seconds",
  "decoded_frames", "hit_rate", "prefetch", "pool", "surfaces", "downloads", "uploads", "demotions", "demoted",
  "evictions", "fallbacks", "decoders", "segments", "offline_bound", "peak_rss_bytes", "beside_pool_bytes",
]

private let nestedKeys = [
  "latency_ms": ["p50", "p95", "p99", "max"], "hit_rate": ["overall", "resident", "gpu", "host"],
  "prefetch": ["issued", "used", "wasted"], "pool": ["leases", "reuses", "reuse_rate", "high_water_bytes"],
  "surfaces": ["leases", "reuses", "high_water", "wait_ms"],
]

private func checkKeys(_ report: [String: Any]) {
  for key in reportKeys { #expect(report[key] != nil, "no \(key)") }
  for (key, names) in nestedKeys {
    let object = report[key] as? [String: Any] ?? [:]
    for name in names { #expect(object[name] is NSNumber, "no \(key).\(name)") }
  }
}

@Suite struct BenchTests {
  @Test(arguments: [("sequential", 60), ("random", 60), ("scrub", 300), ("reverse", 60), ("range", 320), ("loop", 240)])
  func workloads(_ workload: String, _ frames: Int) throws {
    guard let clip = try pyramid() else { return }
    let run = try Program.vabuf("bench", clip, "--workload", workload, "--json")
    #expect(run.status == 0, "\(run.errors)")
    let report = try run.json()
    checkKeys(report)
    #expect(run.lines[1] == "  \"schema\": 1,")
    #expect(report["workload"] as? String == workload)
    #expect(report["frames"] as? Int == frames)
    #expect(report["requests"] as? Int ?? 0 >= frames)
    let bound = report["offline_bound"] as? Int
    switch workload {
    case "sequential": #expect(bound == nil)
    // Each frame of the clip once; the cache holds them all.
    case "random", "reverse", "loop": #expect(bound == 60)
    default: #expect((1...60).contains(bound ?? 0))
    }
    #expect(report["decoders"] as? Int ?? 0 >= 1)
    let (peak, beside) = (report["peak_rss_bytes"] as? Int ?? 0, report["beside_pool_bytes"] as? Int ?? 0)
    #expect(beside > 0 && beside < peak)
    #expect(try Program.vabuf("bench", clip, "--workload", workload).text.hasPrefix("\(workload): "))
  }

  @Test func seedsAreRepeatable() throws {
    guard let clip = try pyramid() else { return }
    func frames(_ seed: String) throws -> [Int] {
      let path = Program.scratch("bench") + "/frames-\(seed).jsonl"
      let run = try Program.vabuf(
        "bench", clip, "--workload", "random", "--count", "30", "--seed", seed, "--frames-out", path)
      #expect(run.status == 0, "\(run.errors)")
      return try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map { line in
        let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        #expect(object["ms"] is NSNumber)
        #expect(["host", "decode"].contains(object["source"] as? String))
        return try #require(object["frame"] as? Int)
      }
    }
    let one = try frames("1")
    #expect(one.count == 30 && Set(one).count == 30)
    #expect(try frames("1") == one)
    #expect(try frames("2") != one)
  }

  /// Requests come so long after each other at least; what is waited for a frame is not what is waited for the next turn.
  @Test func paces() throws {
    guard let clip = try pyramid() else { return }
    let trace = Program.scratch("bench") + "/paced"
    try "7\n3-5\n5-3\n".write(toFile: trace, atomically: true, encoding: .utf8)
    let run = try Program.vabuf("bench", clip, "--requests", trace, "--pace", "50", "--json")
    #expect(run.status == 0, "\(run.errors)")
    let report = try run.json()
    let seconds = try #require(report["seconds"] as? Double)
    let waited = try #require(report["waited_seconds"] as? Double)
    #expect(report["frames"] as? Int == 7)
    #expect(seconds >= 6 * 0.05 && waited > 0 && waited <= seconds)
  }

  @Test func traces() throws {
    guard let clip = try pyramid() else { return }
    let trace = Program.scratch("bench") + "/trace"
    let out = Program.scratch("bench") + "/trace.jsonl"
    try "# a comment\n7\n3-5\n\n5-3\n".write(toFile: trace, atomically: true, encoding: .utf8)
    let run = try Program.vabuf("bench", clip, "--requests", trace, "--frames-out", out, "--json")
    #expect(run.status == 0, "\(run.errors)")
    #expect(try run.json()["workload"] as? String == "trace")
    let frames = try String(contentsOfFile: out, encoding: .utf8).split(separator: "\n").map { $0.prefix(12) }
    #expect(frames == [7, 3, 4, 5, 5, 4, 3].map { "{\"frame\": \($0)," })
    try "7\nx\n".write(toFile: trace, atomically: true, encoding: .utf8)
    let bad = try Program.vabuf("bench", clip, "--requests", trace)
    #expect(bad.status == 1)
    #expect(bad.errors.hasPrefix("vabuf: \(trace), line 2: 'x' is no request"))
    try "58-61\n".write(toFile: trace, atomically: true, encoding: .utf8)
    #expect(try Program.vabuf("bench", clip, "--requests", trace).status == 1)
    try "5\r\n6-8\r\n".write(toFile: trace, atomically: true, encoding: .utf8)
    #expect(try Program.vabuf("bench", clip, "--requests", trace, "--json").json()["frames"] as? Int == 4)
  }

  /// What is read is not written over, and what was written before stays until there is something better.
  @Test func destroysNothing() throws {
    guard let clip = try pyramid() else { return }
    let folder = Program.scratch("bench-kept")
    let (trace, old) = (folder + "/trace", folder + "/old.html")
    for path in [trace, old] { try "7\n".write(toFile: path, atomically: true, encoding: .utf8) }
    let link = folder + "/link"
    try? FileManager.default.removeItem(atPath: link)
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: trace)
    for option in ["--frames-out", "--report"] {
      let run = try Program.vabuf("bench", clip, "--requests", trace, option, link)
      #expect(run.status == 1)
      #expect(run.errors.hasPrefix("vabuf: \(link): it is the list of requests: "))
    }
    let twice = try Program.vabuf("bench", clip, "--report", folder + "/one", "--frames-out", folder + "/./one")
    #expect(twice.status == 1 && twice.errors.contains("it is the file of --frames-out, too"))
    #expect(!FileManager.default.fileExists(atPath: folder + "/one"))
    #expect(try Program.vabuf("bench", folder + "/none.mp4", "--report", old).status == 1)
    #expect(try Program.vabuf("bench", clip, "--report", folder).errors.contains("Is a directory"))
    #expect(try Program.vabuf("bench", clip, "--report", folder + "/none/page.html").status == 1)
    for path in [trace, old] { #expect(try String(contentsOfFile: path, encoding: .utf8) == "7\n") }
  }

  @Test func wrongUsageIsSaid() throws {
    guard let clip = try pyramid() else { return }
    for (option, value) in [("--count", "-5"), ("--count", "100000000000"), ("--pace", "-1"), ("--frames-out", "-")] {
      let run = try Program.vabuf("bench", clip, option, value)
      #expect(run.status == 64)
      #expect(run.errors.hasPrefix("vabuf: \(option) "), "\(run.errors)")
    }
  }
}

@Suite struct PlayTests {
  @Test func reports() throws {
    guard let clip = try pyramid() else { return }
    let run = try Program.vabuf("play", "--headless", "--speed", "4", "--json", clip)
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.errors.isEmpty)
    let report = try run.json()
    checkKeys(report)
    let (presented, dropped) = (report["presented"] as? Int ?? 0, report["dropped"] as? Int ?? 0)
    #expect(presented + dropped == 60)
    // What is decoded before the clock starts is there when it is due.
    if dropped == 0 { #expect(report["decoded_frames"] as? Int == 60) }
    #expect(report["late"] is Int)
    // 60 frames at 25 a second, four times as fast.
    #expect(report["seconds"] as? Double ?? 0 >= 0.58)
  }

  @Test func pacesForwardBackwardAndInLoops() throws {
    guard let clip = try pyramid() else { return }
    for options in [["--from", "50"], ["--from", "50", "--reverse"], ["--to", "4", "--loop", "2"]] {
      let run = try Program.run(Program.path, ["play", clip, "--headless", "--json"] + options)
      let report = try run.json()
      #expect((report["presented"] as? Int ?? 0) + (report["dropped"] as? Int ?? 0) == 10)
      #expect(report["seconds"] as? Double ?? 0 >= 0.38)
    }
    #expect(try Program.vabuf("play", clip, "--headless", "--from", "60").status == 1)
  }

  @Test func saysThatThereIsNoWindow() throws {
    guard let clip = try pyramid() else { return }
    let noDisplay = ["DISPLAY": "", "WAYLAND_DISPLAY": "", "SDL_VIDEODRIVER": ""]
    let run = try Program.vabuf("play", "--to", "1", clip, environment: noDisplay)
    #expect(run.status == 0)
    #expect(run.complaints.count == 1 && run.errors.contains("no window"))
    #expect(run.text.hasPrefix("Played \(clip), 160x96 h264"))
    #expect(try Program.vabuf("play", "--to", "1", "--quiet", clip, environment: noDisplay).errors.isEmpty)
  }

  @Test func playsTheDemoClip() throws {
    let run = try Program.vabuf("play", "--headless", "--to", "5")
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.text.hasPrefix("Played the demo clip, 3840x2160 h264"))
    let beyond = try Program.vabuf("play", "--headless", "--from", "9999")
    #expect(beyond.status == 1 && beyond.complaints.count == 1)
  }

  @Test(arguments: [SIGINT, SIGTERM])
  func interrupted(_ signal: Int32) throws {
    guard let clip = try pyramid() else { return }
    let run = try Program.vabuf("play", "--headless", "--loop", "0", clip, signal: (signal, 1))
    #expect(run.status == 130)
    #expect(run.seconds < 4)
    #expect(run.errors.isEmpty)
    #expect(run.text.hasPrefix("Played "))
  }
}
