import VABuf

/// The report of a run as one page that needs nothing else: HTML, and well-formed XML too.
struct BenchPage {
  /// What the run came to.
  var report: RunReport
  /// The report's own numbers, as `--json` prints them.
  var document: JSON
  var trace: RunTrace
  /// As it was typed.
  var command: [String]
  /// What it ran on, by name.
  var machine: [(String, String)]

  var html: String {
    let title = "vabuf bench: \(report.workload), \(report.file)"
    return """
      <!DOCTYPE html>
      <html xmlns="http://www.w3.org/1999/xhtml" lang="en">
      <head>
      <meta charset="utf-8"/>
      <meta name="viewport" content="width=device-width, initial-scale=1"/>
      <meta name="color-scheme" content="light dark"/>
      <title>\(Markup.escape(title))</title>
      <style>
      \(Self.style)</style>
      </head>
      <body>
      \(head)
      \(totals)
      \(figures)
      \(json)
      </body>
      </html>

      """
  }

  // MARK: - Parts

  private var head: String {
    let list = machine.map {
      "<div><dt>\(Markup.escape($0))</dt><dd>\(Markup.escape($1))</dd></div>"
    }.joined(separator: "\n")
    let stream = report.stream
    let rate = stream.averageFrameRate.value
    let media =
      "\(stream.width)x\(stream.height) \(stream.codec), \(Text.count(stream.frameCount, "frame"))"
      + (rate.isFinite && rate > 0 ? ", \(Axis.short(rate)) a second" : "")
    return """
      <header>
      <h1>vabuf bench: \(Markup.escape(report.workload))</h1>
      <p class="file">\(Markup.escape(report.file)): \(Markup.escape(media))</p>
      <pre id="command">\(Markup.escape(command.map { Shell.quote($0) }.joined(separator: " ")))</pre>
      <dl>
      \(list)
      </dl>
      </header>
      """
  }

  private var totals: String {
    let groups = Self.groups.map { title, rows in
      let lines = rows.map { row in
        let value = document[row.key]?.shown ?? "-"
        let unit = row.unit == .bytes ? document[row.key]?.whole.map { " (\(Text.bytes($0)))" } ?? "" : row.unit.text
        return "<tr><th scope=\"row\">\(Markup.escape(row.name))</th><td><span data-key=\"\(row.key)\">"
          + "\(Markup.escape(value))</span>\(Markup.escape(unit))</td></tr>"
      }
      return "<table><caption>\(Markup.escape(title))</caption>\n\(lines.joined(separator: "\n"))\n</table>"
    }
    return "<section class=\"totals\">\n\(groups.joined(separator: "\n"))\n</section>"
  }

  private var figures: String {
    let nothing = "<p class=\"none\">No frame was given.</p>"
    let marks = [
      ("p50", "latency_ms.p50"), ("p95", "latency_ms.p95"), ("p99", "latency_ms.p99"), ("max", "latency_ms.max"),
    ]
    .map { name, key in
      (name: name, value: document[key]?.double ?? 0, text: (document[key]?.compact ?? "-") + " ms")
    }
    let metrics = report.metrics
    let latency = LatencyChart.svg(trace.samples, marks: marks) ?? nothing
    let work =
      WorkChart.svg(
        trace.samples, seconds: report.seconds, decoded: metrics.decodedFrames, delivered: metrics.deliveredFrames)
      ?? nothing
    let residency = ResidencyChart.svg(trace) ?? nothing
    let looking = Axis.duration(trace.lookingTime.seconds * 1000)
    return """
      <div class="pair">
      <section id="hits"><h2>Where requests found their frames</h2>
      \(hits)</section>
      <section id="prefetch"><h2>What prefetch planned</h2>
      \(prefetch)</section>
      </div>
      <section id="latency"><h2>How long frames took</h2>
      \(Self.legend)
      \(latency)
      <p>Requests by the time to their frame; percentiles by nearest rank. A bar is at least 2 pixels high.</p></section>
      <section id="work"><h2>Frames decoded and given</h2>
      \(work)
      <p>Decoded: what the decoder emitted. Kept: what of it came to the buffer. Given: what was asked for. \
      Counted each time a frame was given.</p></section>
      <section id="residency"><h2>Requests, and what was cached</h2>
      \(Self.residencyLegend)
      \(residency)
      <p>A dot is a request. Shaded: frames that were cached, pale where less than half of the frames in a place were; \
      seen at \(Text.count(trace.snapshots.count, "moment")) between requests, in \(looking) altogether, which is in the \
      run's time and in no latency.</p></section>
      """
  }

  private var hits: String {
    let rates = ["hit_rate.gpu", "hit_rate.host"].map { document[$0]?.double ?? 0 }
    let overall = document["hit_rate.overall"]?.double ?? 0
    let resident = document["hit_rate.resident"]?.double ?? 0
    let shares = [rates[0], rates[1], overall - resident, 1 - overall].map { Text.percent($0) }
    let metrics = report.metrics
    let counts = [
      metrics.residentSurfaceHits, metrics.residentHits - metrics.residentSurfaceHits, metrics.joinedHits,
      metrics.requests - metrics.residentHits - metrics.joinedHits,
    ]
    let parts = RunTrace.Source.allCases.map { source in
      let index = Int(source.rawValue)
      return ShareBar.Part(
        name: source.title, style: "fill-\(source)", count: counts[index],
        share: metrics.requests > 0 ? shares[index] : "-")
    }
    return ShareBar.markup("Where requests found their frames", parts, whole: metrics.requests)
  }

  private var prefetch: String {
    let metrics = report.metrics
    let open = max(0, metrics.prefetchIssued - metrics.prefetchUsed - metrics.prefetchWasted)
    return ShareBar.markup(
      "What prefetch planned",
      [
        .init(name: "asked for later", style: "fill-used", count: metrics.prefetchUsed),
        .init(name: "evicted before that", style: "fill-wasted", count: metrics.prefetchWasted),
        .init(name: "given up, or not asked for yet", style: "fill-open", count: open),
      ], whole: metrics.prefetchIssued)
  }

  private static let legend = legend(RunTrace.Source.allCases.map { ("fill-\($0)-key", $0.title) })
  private static let residencyLegend = legend(
    RunTrace.Source.allCases.map { ("fill-\($0)-key", $0.title) } + [
      ("held-host-key", "cached in host memory"), ("held-gpu-key", "cached in a surface"),
    ])

  private static func legend(_ entries: [(style: String, title: String)]) -> String {
    let items = entries.map { "<span><i class=\"\($0.style)\"></i>\(Markup.escape($0.title))</span>" }
    return "<p class=\"legend\">\(items.joined())</p>"
  }

  private var json: String {
    "<details><summary>The same as JSON</summary>\n<pre id=\"json\">\(Markup.escape(document.document))</pre></details>"
  }
}
