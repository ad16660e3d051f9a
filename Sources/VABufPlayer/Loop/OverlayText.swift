internal import PlayerPolicy
internal import VABuf

/// The overlay's lines of text.
struct OverlayText {
  let player: PlayerLoop
  let snapshot: BufferSnapshot
  let metrics: BufferMetrics
  let decodeRate: Double
  let now: Double

  /// Number, time, speed: anew with each picture.
  static func position(_ player: PlayerLoop) -> String {
    let transport = player.transport
    let number = transport.isScrubbing ? transport.position : player.picture.lease?.number ?? transport.position
    let time = player.timetable.start(number)
    let state = transport.isScrubbing ? "scrub" : transport.isPaused ? "paused" : speed(transport.speed)
    return "frame \(number) / \(player.timetable.count - 1)   \(Figures.time(time)) / "
      + "\(Figures.time(player.timetable.end))   \(state)"
  }

  private static func speed(_ speed: Double) -> String {
    (speed < 0 ? "< " : "> ") + Figures.fixed(abs(speed), abs(speed) == abs(speed).rounded() ? 0 : 2) + "x"
  }

  var lines: [String] { [source, decoder, drawing, rates, hits, memory].compactMap(\.self) }

  private var source: String? {
    guard let stream = player.buffer.stream else { return nil }
    let format = stream.pixelFormat?.name ?? "?"
    return "\(stream.codec) \(stream.width)x\(stream.height) \(format)"
  }

  private var decoder: String {
    if let device = snapshot.device { return "decode  vaapi \(device)" }
    return "decode  software" + (snapshot.fallbackReason.map { ": " + $0 } ?? "")
  }

  private var drawing: String {
    let how =
      player.picture.isImported
      ? "zero-copy (DMA-BUF)" : player.picture.descriptor?.backend == .vaapi ? "downloaded, uploaded" : "uploaded"
    return "draw    \(player.device.description)   \(how)"
  }

  private var rates: String {
    "rates   decode \(Figures.fixed(decodeRate, 0))/s   display \(Figures.fixed(player.log.rate(at: now), 0))/s   "
      + "late \(player.log.late)   dropped \(player.log.dropped)"
  }

  private var hits: String {
    let host = metrics.residentHitRate - metrics.residentSurfaceHitRate
    return
      "hits    there \(Figures.percent(metrics.residentHitRate)) (gpu \(Figures.percent(metrics.residentSurfaceHitRate)), "
      + "host \(Figures.percent(host)))   or under way \(Figures.percent(metrics.overallHitRate))"
  }

  private var memory: String {
    let pool = metrics.pool
    let surfaces =
      metrics.surfaceLeases > 0 ? "   surfaces \(metrics.surfacesInUse) (most \(metrics.surfaceHighWater))" : ""
    return "memory  \(metrics.cachedFrames) frames   pool \(Figures.megabytes(pool.bytesInUse)) in use, "
      + "\(Figures.megabytes(pool.idleBytes)) idle" + surfaces
  }
}
