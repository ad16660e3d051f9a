import SystemPackage
import VABuf

/// What a run of requests came to: the report of `bench` and `play`.
struct RunReport {
  var workload: String
  var file: String
  var stream: StreamInfo
  /// Requests that were answered.
  var frames: Int
  /// From the first request to the last result.
  var seconds: Double
  var openSeconds: Double
  var latencies: [Duration]
  var metrics: BufferMetrics
  /// The most memory that the process had when the run was over, in bytes.
  let peak = Self.peakMemory
  /// Frames that must be decoded by who knows all requests; nil where nobody worked it out.
  var offlineBound: Int?

  /// How long requests waited for their frames, together.
  var waitedSeconds: Double { latencies.reduce(.zero, +).seconds }

  var framesPerSecond: Double { seconds > 0 ? Double(frames) / seconds : 0 }

  /// Milliseconds within which a share of the requests was answered (nearest rank), in one order for all shares.
  static func percentiles(_ latencies: [Duration], _ shares: [Double]) -> [Double] {
    let sorted = latencies.map { $0.seconds * 1000 }.sorted()
    guard !sorted.isEmpty else { return shares.map { _ in 0 } }
    return shares.map { share in
      sorted[min(sorted.count - 1, max(0, Int((share * Double(sorted.count)).rounded(.up)) - 1))]
    }
  }

  /// The keys of the contract, in its order.
  func members(_ extra: [(String, JSON)] = []) -> JSON {
    let times = Self.percentiles(latencies, [0.5, 0.95, 0.99, 1]).map { JSON.rounded($0, 3) }
    let pool = metrics.pool
    return .object(
      [
        ("schema", .int(1)), ("workload", .string(workload)), ("file", .string(file)),
        ("backend", .string(stream.backend.rawValue)), ("requests", .int(metrics.requests)), ("frames", .int(frames)),
      ] + extra + [
        ("seconds", .rounded(seconds, 6)), ("frames_per_second", .rounded(framesPerSecond, 3)),
        ("open_seconds", .rounded(openSeconds, 6)), ("waited_seconds", .rounded(waitedSeconds, 6)),
        ("latency_ms", .object([("p50", times[0]), ("p95", times[1]), ("p99", times[2]), ("max", times[3])])),
        ("decoded_frames", .int(metrics.decodedFrames)), ("offline_bound", offlineBound.map { .int($0) } ?? .null),
        ("decoders", .int(metrics.decoders)), ("segments", .int(metrics.segments)),
        (
          "hit_rate",
          .object([
            ("overall", .rounded(metrics.overallHitRate, 4)), ("resident", .rounded(metrics.residentHitRate, 4)),
            ("gpu", .rounded(metrics.residentSurfaceHitRate, 4)),
            ("host", .rounded(metrics.residentHitRate - metrics.residentSurfaceHitRate, 4)),
          ])
        ),
        (
          "prefetch",
          .object([
            ("issued", .int(metrics.prefetchIssued)), ("used", .int(metrics.prefetchUsed)),
            ("wasted", .int(metrics.prefetchWasted)),
          ])
        ),
        (
          "pool",
          .object([
            ("leases", .int(pool.leases)), ("reuses", .int(pool.reuses)), ("reuse_rate", .rounded(pool.reuseRate, 4)),
            ("high_water_bytes", .int(pool.highWaterBytes)),
          ])
        ),
        (
          "surfaces",
          .object([
            ("leases", .int(metrics.surfaceLeases)), ("reuses", .int(metrics.surfaceReuses)),
            ("high_water", .int(metrics.surfaceHighWater)),
            ("wait_ms", .rounded(Double(metrics.surfaceWaitNanoseconds) / 1e6, 3)),
          ])
        ),
        ("downloads", .int(metrics.downloads)), ("uploads", .int(metrics.uploads)),
        ("demotions", .int(metrics.demotions)),
        (
          "demoted",
          .object([
            ("used", .int(metrics.demotionsUsed)), ("downloads", .int(metrics.demotionDownloads)),
            ("ms", .rounded(Double(metrics.demotionNanoseconds) / 1e6, 3)),
          ])
        ),
        (
          "packed",
          .object([
            ("frames", .int(metrics.packedFrames)), ("bytes", .int(metrics.packedBytes)),
            ("packs", .int(metrics.packs)), ("unpacks", .int(metrics.unpacks)),
          ])
        ),
        ("evictions", .int(metrics.evictions)), ("fallbacks", .int(metrics.fallbacks)),
        ("peak_rss_bytes", peak.map { .int($0) } ?? .null),
        ("beside_pool_bytes", peak.map { .int(besidePool($0)) } ?? .null),
      ])
  }

  /// The rows that people want to see, of both commands.
  var rows: [(String, String)] {
    let times = Self.percentiles(latencies, [0.5, 0.95, 0.99, 1]).map { Axis.duration($0) }
    let pool = metrics.pool
    var rows = [
      ("answers", "p50 \(times[0]), p95 \(times[1]), p99 \(times[2]), slowest \(times[3])"),
      (
        "hits",
        "\(Text.percent(metrics.residentHitRate)) were there, \(Text.percent(metrics.overallHitRate)) there or under way"
      ),
      (
        "decoded",
        "\(Text.count(metrics.decodedFrames, "frame")) with \(stream.decoder) (\(stream.backend.rawValue))"
          + (offlineBound.map { "; offline bound \($0)" } ?? "")
      ),
      (
        "memory",
        "\(Text.bytes(pool.highWaterBytes)) at most, \(Text.percent(pool.reuseRate)) of "
          + "\(Text.count(pool.leases, "buffer")) used again"
      ),
    ]
    if metrics.surfaceLeases > 0 {
      rows.append(
        (
          "surfaces",
          "\(metrics.surfaceHighWater) at most, \(Text.count(metrics.downloads, "download")), "
            + Text.count(metrics.demotions, "demotion")
            + (metrics.demotions > 0
              ? " (\(Text.fixed(Double(metrics.demotionNanoseconds) / 1e6, 0)) ms, \(metrics.demotionsUsed) used later)"
              : "")
        ))
    }
    if let reason = stream.fallbackReason { rows.append(("software", "because \(reason)")) }
    if metrics.packs > 0 {
      rows.append(
        (
          "packed",
          "\(Text.count(metrics.packedFrames, "frame")) now, in \(Text.bytes(metrics.packedBytes)); "
            + "\(metrics.packs) were packed and \(metrics.unpacks) unpacked"
        ))
    }
    if metrics.segments > 0 { rows.append(("side by side", Text.count(metrics.segments, "part") + " of long ranges")) }
    if metrics.evictions > 0 { rows.append(("evicted", Text.count(metrics.evictions, "frame"))) }
    if let peak {
      rows.append(
        (
          "process",
          "\(Text.bytes(peak)) of memory at its peak: \(Text.bytes(besidePool(peak))) of it for the program and "
            + Text.count(metrics.decoders, "decoder")
        ))
    }
    return rows
  }

  /// What of it is not the pool's: the program, and what decoders hold of their own.
  private func besidePool(_ peak: Int) -> Int { max(0, peak - metrics.pool.highWaterBytes) }

  /// The most memory that the process ever had, in bytes; nil where the system does not say.
  static var peakMemory: Int? {
    guard let text = try? TextFile.read("/proc/self/status") else { return nil }
    for line in text.split(separator: "\n") where line.hasPrefix("VmHWM:") {
      return line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }.map { $0 * 1024 }
    }
    return nil
  }
}

extension Duration {
  var seconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}

/// Reads small files.
enum TextFile {
  /// More is no text that somebody wrote, but a device without an end.
  private static let mostBytes = 1 << 28

  static func read(_ path: String) throws -> String {
    let file = try FileDescriptor.open(FilePath(path), .readOnly)
    return try file.closeAfter {
      var bytes: [UInt8] = []
      while true {
        let chunk = try [UInt8](unsafeUninitializedCapacity: 1 << 16) { buffer, count in
          count = try file.read(into: UnsafeMutableRawBufferPointer(buffer))  // the array's own memory
        }
        if chunk.isEmpty { return String(decoding: bytes, as: UTF8.self) }
        bytes += chunk
        guard bytes.count <= mostBytes else { throw Errno.fileTooLarge }
      }
    }
  }
}
