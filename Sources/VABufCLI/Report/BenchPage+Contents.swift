import FoundationEssentials
import VABuf

extension BenchPage {
  enum Unit: Equatable {
    case none, seconds, milliseconds, bytes, perSecond, share

    var text: String {
      switch self {
      case .none, .share: ""
      case .seconds: " s"
      case .milliseconds: " ms"
      case .bytes: ""
      case .perSecond: " per s"
      }
    }
  }

  struct Row {
    var name: String
    /// A key of the JSON report, with its object in front.
    var key: String
    var unit = Unit.none

    init(_ name: String, _ key: String, _ unit: Unit = .none) {
      self.name = name
      self.key = key
      self.unit = unit
    }
  }

  /// What the totals show: names of tables, and their rows.
  static let groups: [(String, [Row])] = [
    (
      "Run",
      [
        Row("requests", "requests"), Row("frames given", "frames"), Row("time", "seconds", .seconds),
        Row("frames", "frames_per_second", .perSecond), Row("opened in", "open_seconds", .seconds),
        Row("waited for frames", "waited_seconds", .seconds),
        Row("backend", "backend"),
      ]
    ),
    (
      "Latency",
      [
        Row("p50", "latency_ms.p50", .milliseconds), Row("p95", "latency_ms.p95", .milliseconds),
        Row("p99", "latency_ms.p99", .milliseconds), Row("slowest", "latency_ms.max", .milliseconds),
      ]
    ),
    (
      "Work",
      [
        Row("frames decoded", "decoded_frames"), Row("evicted", "evictions"),
        Row("prefetch planned", "prefetch.issued"), Row("of these used", "prefetch.used"),
        Row("wasted", "prefetch.wasted"), Row("fallbacks", "fallbacks"),
      ]
    ),
    (
      "Hit rate",
      [
        Row("there or under way", "hit_rate.overall"), Row("there", "hit_rate.resident"),
        Row("in a surface", "hit_rate.gpu"), Row("in host memory", "hit_rate.host"),
      ]
    ),
    (
      "Host memory",
      [
        Row("buffers leased", "pool.leases"), Row("used again", "pool.reuses"), Row("share", "pool.reuse_rate"),
        Row("frames, at most", "pool.high_water_bytes", .bytes), Row("process, at most", "peak_rss_bytes", .bytes),
        Row("frames packed", "packed.packs"), Row("unpacked", "packed.unpacks"),
      ]
    ),
    (
      "GPU",
      [
        Row("surfaces leased", "surfaces.leases"), Row("used again", "surfaces.reuses"),
        Row("at most", "surfaces.high_water"), Row("waited for", "surfaces.wait_ms", .milliseconds),
        Row("downloads", "downloads"), Row("uploads", "uploads"), Row("demotions", "demotions"),
      ]
    ),
  ]

  /// What this runs on, and when.
  static func machine(_ stream: StreamInfo) -> [(String, String)] {
    let host = Probe.host
    let cpu = processor.map { "\($0), " } ?? ""
    var rows = [
      ("machine", "\(cpu)\(Text.count(host.cores, "core")), \(Text.bytes(host.memoryBytes)) of memory"),
      (
        "system",
        [host.distributionName, "Linux \(host.kernel)", host.architecture].filter { !$0.isEmpty }
          .joined(separator: ", ")
      ),
      ("decoder", "\(stream.decoder) (\(stream.backend.rawValue))"),
      ("software", "vabuf \(VABufVersions.vabuf), FFmpeg \(VABufVersions.ffmpeg)"),
      ("date", Date.now.formatted(.iso8601)),
    ]
    if let reason = stream.fallbackReason { rows.insert(("in software", "because \(reason)"), at: 3) }
    return rows
  }

  /// The processor's name; nil where the system does not say.
  private static var processor: String? {
    guard let text = try? TextFile.read("/proc/cpuinfo") else { return nil }
    for line in text.split(separator: "\n") where line.hasPrefix("model name") {
      guard let colon = line.firstIndex(of: ":") else { continue }
      return String(line[line.index(after: colon)...].trimmed)
    }
    return nil
  }

  static let style = """
    :root { color-scheme: light dark; --back: #ffffff; --text: #1b1f24; --faint: #57606a; --rule: #e2e6ea;
      --gpu: #00916b; --host: #0072b2; --joined: #e0a000; --decode: #d1540a; --used: #3f8f4f; --wasted: #b8336a;
      --open: #a3abb3; }
    @media (prefers-color-scheme: dark) {
      :root { --back: #14171b; --text: #e6e8eb; --faint: #9aa4af; --rule: #2c323a;
        --gpu: #2fc79a; --host: #56b4e9; --joined: #f2c14e; --decode: #ff8a4c; --used: #6cc07c; --wasted: #f07aa8;
        --open: #5c6670; }
    }
    * { box-sizing: border-box; }
    body { margin: 0 auto; padding: 24px 32px 48px; max-width: 1216px; background: var(--back); color: var(--text);
      font: 14px/1.45 system-ui, "DejaVu Sans", sans-serif; }
    h1 { font-size: 24px; margin: 0; } h2 { font-size: 17px; margin: 36px 0 8px; }
    p { margin: 6px 0; color: var(--faint); } .file { color: var(--text); overflow-wrap: anywhere; }
    pre { margin: 10px 0; padding: 8px 12px; border: 1px solid var(--rule); border-radius: 6px; white-space: pre-wrap;
      overflow-wrap: anywhere; font: 13px/1.45 ui-monospace, "DejaVu Sans Mono", monospace; }
    dl { margin: 0; } dl div { display: flex; gap: 12px; } dt { width: 88px; color: var(--faint); flex: none; }
    dd { margin: 0; overflow-wrap: anywhere; }
    table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
    caption { text-align: left; font-weight: 600; padding-bottom: 4px; }
    th, td { padding: 3px 0; border-top: 1px solid var(--rule); text-align: left; vertical-align: top; }
    th { font-weight: 400; color: var(--faint); padding-right: 12px; }
    .totals { display: grid; grid-template-columns: repeat(auto-fit, minmax(280px, 1fr)); gap: 24px 40px; margin-top: 28px;
      align-items: start; }
    .totals td, .number { text-align: right; }
    .pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 440px), 1fr)); gap: 0 48px; }
    .parts { margin-top: 6px; } .parts .number { width: 90px; }
    .legend { display: flex; flex-wrap: wrap; gap: 2px 20px; color: var(--text); }
    i { display: inline-block; width: 11px; height: 11px; border-radius: 2px; margin-right: 7px; }
    svg { display: block; width: 100%; height: auto; }
    svg text { fill: var(--text); font: 13px system-ui, "DejaVu Sans", sans-serif; font-variant-numeric: tabular-nums; }
    svg .label { paint-order: stroke; stroke: var(--back); stroke-width: 4px; }
    svg .tick, svg .name { fill: var(--faint); }
    .grid { stroke: var(--rule); } .axis { stroke: var(--faint); }
    .mark { stroke: var(--text); stroke-dasharray: 3 3; opacity: 0.7; }
    .fill-gpu, .held-gpu { fill: var(--gpu); } .fill-host, .held-host { fill: var(--host); }
    .fill-joined { fill: var(--joined); } .fill-decode { fill: var(--decode); } .fill-used { fill: var(--used); }
    .fill-wasted { fill: var(--wasted); } .fill-open { fill: var(--open); } .fill-none { fill: var(--rule); }
    .fill-gpu-key { background: var(--gpu); } .fill-host-key { background: var(--host); }
    .fill-joined-key { background: var(--joined); } .fill-decode-key { background: var(--decode); }
    .fill-used-key { background: var(--used); } .fill-wasted-key { background: var(--wasted); }
    .fill-open-key { background: var(--open); }
    .held-gpu, .held-host { opacity: 0.24; } .held-gpu.part, .held-host.part { opacity: 0.12; }
    .dots { fill: none; stroke-linecap: round; } .dots.large { stroke-width: 4.5; } .dots.middle { stroke-width: 3.5; }
    .dots.small { stroke-width: 2.5; }
    .dots-gpu { stroke: var(--gpu); } .dots-host { stroke: var(--host); } .dots-joined { stroke: var(--joined); }
    .dots-decode { stroke: var(--decode); }
    .line-decode, .line-kept, .line-given { fill: none; } .line-decode { stroke: var(--decode); stroke-width: 4.5; }
    .line-kept { stroke: var(--open); stroke-width: 2.5; } .line-given { stroke: var(--text); stroke-width: 1.3; }
    svg .line-decode-text { fill: var(--decode); } svg .line-kept-text { fill: var(--faint); }
    .held-gpu-key { background: var(--gpu); } .held-host-key { background: var(--host); }
    .held-gpu-key, .held-host-key { opacity: 0.3; width: 18px; }
    details { margin-top: 36px; } summary { cursor: pointer; }

    """
}

extension JSON {
  /// The value of a key, with its objects in front: `latency_ms.p50`.
  subscript(path: String) -> JSON? {
    path.split(separator: ".").reduce(Optional(self)) { value, key in
      guard case .object(let members)? = value else { return nil }
      return members.first { $0.0 == key }?.1
    }
  }

  /// A number; nil for anything else.
  var double: Double? {
    switch self {
    case .int(let value): Double(value)
    case .number(let value): value
    default: nil
    }
  }

  /// As people read it: texts without their quotes.
  var shown: String {
    guard case .string(let text) = self else { return compact }
    return text
  }

  /// A whole number; nil for anything else.
  var whole: Int? {
    guard case .int(let value) = self else { return nil }
    return value
  }
}
