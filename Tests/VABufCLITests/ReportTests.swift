import Foundation
import FoundationXML
import Testing
import VABufTestKit

@testable import VABuf
@testable import VABufCLI

/// A page as a program sees it.
private final class Page: NSObject, XMLParserDelegate {
  private var texts: [String: String] = [:]
  private var keys: [(name: String, depth: Int)] = []
  private var depth = 0
  private(set) var counts: [String: Int] = [:]
  /// Attributes that make a browser load something.
  private(set) var links: [String] = []
  private(set) var title = ""

  /// - Returns: nil, and a failed test, for a page that is not well-formed.
  init?(_ html: String, _ location: SourceLocation = #_sourceLocation) {
    super.init()
    let parser = XMLParser(data: Data(html.utf8))
    parser.delegate = self
    guard parser.parse() else {
      Issue.record(
        "line \(parser.lineNumber): \(String(describing: parser.parserError))", sourceLocation: location)
      return nil
    }
  }

  /// The text of the element with this `id` or `data-key`.
  subscript(key: String) -> String? { texts[key] }
  var keyCount: Int { texts.count }

  func parser(
    _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
    attributes: [String: String] = [:]
  ) {
    depth += 1
    counts[name, default: 0] += 1
    for label in [attributes["class"], attributes["id"]].compactMap({ $0 }) { counts["." + label, default: 0] += 1 }
    for name in ["src", "href", "action", "data"] { if let link = attributes[name] { links.append(link) } }
    if let key = attributes["data-key"] ?? attributes["id"] {
      keys.append((key, depth))
      texts[key] = ""
    }
    if name == "title", depth == 3 { keys.append(("page title", depth)) }
  }

  func parser(_ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?) {
    if keys.last?.depth == depth { keys.removeLast() }
    depth -= 1
  }

  func parser(_ parser: XMLParser, foundCharacters text: String) {
    for key in keys { texts[key.name, default: ""] += text }
  }
}

@Suite struct ReportTests {
  private func page(_ path: String) throws -> (Page, String)? {
    let html = try String(contentsOfFile: path, encoding: .utf8)
    return Page(html).map { ($0, html) }
  }

  /// Every number of the page is that of `--json`, and nothing is loaded from anywhere.
  @Test(arguments: ["sequential", "random", "scrub", "reverse", "range", "loop"])
  func saysWhatJSONSays(_ workload: String) throws {
    guard let clip = try pyramid() else { return }
    let path = Program.scratch("report") + "/\(workload).html"
    let run = try Program.vabuf("bench", clip, "--workload", workload, "--json", "--report", path)
    #expect(run.status == 0 && run.errors.isEmpty, "\(run.errors)")
    let report = try run.json()
    guard let (page, html) = try page(path) else { return }
    #expect(page["json"] == run.text)
    var compared = 0
    for (_, rows) in BenchPage.groups {
      for row in rows {
        let value = row.key.split(separator: ".").reduce(report as Any?) { ($0 as? [String: Any])?[String($1)] }
        let shown = try #require(page[row.key], "no \(row.key)")
        if let number = value as? NSNumber {
          #expect(Double(shown) == number.doubleValue, "\(row.key)")
        } else {
          #expect(shown == value as? String, "\(row.key)")
        }
        compared += 1
      }
    }
    #expect(compared > 25)
    let frames = try #require(report["frames"] as? Int)
    #expect(page["work"]?.contains("given \(frames)\n") == true)
    #expect(page["work"]?.contains("decoded \(try #require(report["decoded_frames"] as? Int))\n") == true)
    let slowest = try #require(page["latency_ms.max"])
    #expect(page["latency"]?.contains("max \(slowest) ms") == true)
    #expect(page.counts["svg"] == 5)
    #expect(page.counts["script"] == nil && page.counts["img"] == nil && page.counts["link"] == nil)
    #expect(page.links.isEmpty && !html.contains("url(") && !html.contains("@import"))
    #expect(page["command"]?.contains("bench \(clip) --workload \(workload) --json --report \(path)") == true)
  }

  /// The bars of the histogram have all requests, each once, under the source that `--frames-out` gives.
  @Test func theHistogramHasEveryRequest() throws {
    guard let clip = try pyramid() else { return }
    let folder = Program.scratch("report")
    let (path, out) = (folder + "/bars.html", folder + "/bars.jsonl")
    let run = try Program.vabuf("bench", clip, "--workload", "scrub", "--report", path, "--frames-out", out)
    #expect(run.status == 0, "\(run.errors)")
    guard let (page, _) = try page(path) else { return }
    let lines = try String(contentsOfFile: out, encoding: .utf8).split(separator: "\n")
    var bars: [String: Int] = [:]
    for part in (page["latency"] ?? "").split(separator: "\n") {
      guard let match = try? /: ([0-9]+) requests? (.*)/.firstMatch(in: part), let count = Int(match.1) else {
        continue
      }
      bars[String(match.2), default: 0] += count
    }
    #expect(bars.values.reduce(0, +) == 300 && lines.count == 300)
    #expect(bars["in host memory"] == lines.count { $0.hasSuffix("\"source\": \"host\"}") })
    #expect(bars["in a surface"] == nil)
  }

  @Test func oneRequest() throws {
    guard let clip = try pyramid() else { return }
    let path = Program.scratch("report") + "/one.html"
    let run = try Program.vabuf("bench", clip, "--workload", "random", "--count", "1", "--report", path, "--json")
    #expect(run.status == 0, "\(run.errors)")
    guard let (page, html) = try page(path) else { return }
    #expect(page["requests"] == "1" && page["json"] == run.text)
    #expect(page.counts[".dots large dots-decode"] == 1)
    #expect(!html.contains("nan") && !html.contains("inf\""))
  }

  @Test func noRequest() async throws {
    guard let made = try await Self.page("x.mp4") else { return }
    let page = try #require(Page(made.html))
    #expect(page["frames"] == "0")
    #expect(page["latency"]?.contains("No frame was given.") == true)
    #expect(page["residency"]?.contains("No frame was given.") == true)
    #expect(page["work"]?.contains("No frame was given.") == true)
  }

  @Test(arguments: [
    "</title><script>alert(1)</script>.mp4", "a & b \"c\" 'd' <e>.mp4", "tab\tline\nbell\u{7}esc\u{1b}[31m.mp4",
    "]]>.mp4", "\u{202e}4pm.exe", "\u{ffff}\u{0}.mp4", "ü漢字🎬.mp4",
  ])
  func oddNames(_ name: String) async throws {
    guard let html = try await Self.page(name)?.html else { return }
    let page = try #require(Page(html))
    #expect(page.counts["script"] == nil)
    #expect(page["page title"]?.hasPrefix("vabuf bench: sequential, ") == true)
    let isPlain = name.unicodeScalars.allSatisfy {
      $0.value >= 0x20 && $0.value != 0xffff && !$0.properties.isBidiControl
    }
    if isPlain { #expect(page["page title"] == "vabuf bench: sequential, \(name)") }
    #expect(!html.unicodeScalars.contains { $0.properties.isBidiControl || $0.value == 0x1b })
  }

  @Test func oddNamesOfRealFiles() throws {
    guard let clip = try pyramid() else { return }
    let folder = Program.scratch("report & 'more' <b>")
    let odd = folder + "/it's \"odd\" & <i>.mp4"
    try? FileManager.default.removeItem(atPath: odd)
    try FileManager.default.copyItem(atPath: clip, toPath: odd)
    let path = folder + "/out.html"
    let run = try Program.vabuf("bench", odd, "--count", "5", "--report", path)
    #expect(run.status == 0, "\(run.errors)")
    guard let (page, _) = try page(path) else { return }
    #expect(page["page title"] == "vabuf bench: sequential, \(odd)")
    #expect(page["command"]?.contains("it'\\''s \"odd\" & <i>.mp4'") == true)
  }

  /// Before anything is opened or decoded.
  @Test func whatCannotBeWrittenIsSaidFirst() throws {
    guard let clip = try pyramid() else { return }
    for path in ["/nonexistent/folder/out.html", "/", "/proc/out.html"] {
      let run = try Program.vabuf("bench", "/nonexistent/clip.mp4", "--report", path)
      #expect(run.status == 1 && run.output.isEmpty)
      #expect(run.complaints.count == 1 && run.errors.hasPrefix("vabuf: \(path): "), "\(run.errors)")
    }
    let copy = Program.scratch("report") + "/itself.mp4"
    try? FileManager.default.removeItem(atPath: copy)
    try FileManager.default.copyItem(atPath: clip, toPath: copy)
    for option in ["--report", "--frames-out"] {
      let run = try Program.vabuf("bench", copy, option, Program.scratch("report") + "/./itself.mp4")
      #expect(run.status == 1 && run.errors.contains("it is the video itself"), "\(run.errors)")
    }
    #expect(try Data(contentsOf: URL(fileURLWithPath: copy)) == Data(contentsOf: URL(fileURLWithPath: clip)))
    for path in ["", "-"] { #expect(try Program.vabuf("bench", clip, "--report", path).status == 64) }
    #expect(try Program.vabuf("bench", clip, "--report", "x", "--frames-out", "x").status == 64)
  }

  /// The page of a run that gave nothing; nil where this machine cannot make the clip.
  private static func page(_ file: String) async throws -> BenchPage? {
    guard let clip = try pyramid() else { return nil }
    var options = FrameBuffer.Options()
    options.keepsIndex = false
    options.backend = .software
    let buffer = try await FrameBuffer.open(clip, options: options)
    let report = RunReport(
      workload: "sequential", file: file, stream: try #require(buffer.stream), frames: 0, seconds: 0, openSeconds: 0,
      latencies: [], metrics: buffer.metrics)
    await buffer.close()
    return BenchPage(
      report: report, document: report.members(), trace: RunTrace(requests: 0, cacheFrames: 0, isOn: true),
      command: ["vabuf", "bench", file], machine: BenchPage.machine(report.stream) + [("odd", file)])
  }
}
