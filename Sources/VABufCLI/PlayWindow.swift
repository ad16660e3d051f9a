import ArgumentParser
import Logging
import VABuf

#if Player
  import PlayerPolicy
  import VABufPlayer

  extension PlayCommand {
    /// Plays in a window.
    ///
    /// - Returns: why there is none; nil when it was played.
    func playInWindow(_ source: BufferOptions.Source) async throws -> String? {
      // Before the file is opened, for that may take long.
      if let missing = WindowPlayer.missingDisplay { return missing.reason }
      let begin = ContinuousClock.now
      let configuration = options.hostMemory == nil ? Self.bothWays : nil
      // Frames are decoded ahead, several at once; what is due must be drawn meanwhile.
      return try await options.withBuffer(source, configuration: configuration, lowPriority: true) { buffer in
        let openSeconds = (ContinuousClock.now - begin).seconds
        guard let stream = buffer.stream else { return nil }
        // Fails at once, as asking for them does.
        for wanted in [from, to ?? from] where wanted >= buffer.frameCount ?? .max {
          _ = try await buffer.frame(at: wanted)
        }
        let before = buffer.metrics
        let outcome: PlayerOutcome
        switch await run(buffer, playerOptions(source, last: to ?? stream.frameCount - 1)) {
        case .success(let result): outcome = result
        case .failure(let missing): return missing.reason
        }
        for save in outcome.saves { await save.value }
        if let failure = outcome.failure { throw failure }
        let report = RunReport(
          workload: "play", file: source.name, stream: stream, frames: outcome.latencies.count,
          seconds: outcome.seconds, openSeconds: openSeconds, latencies: outcome.latencies,
          metrics: buffer.metrics.requests(since: before))
        let output = Output()
        try output.write(options.json ? document(report, outcome) : text(report, outcome))
        try output.flush()
        try Task.checkCancellation()
        return nil
      }
    }

    private func playerOptions(_ source: BufferOptions.Source, last: Int) -> PlayerOptions {
      let name = source.name
      var player = PlayerOptions(
        title: "vabuf: \(name)", bounds: from...max(from, last), logger: Logger(label: "vabuf player"),
        save: { number, png in
          let base = name.split(separator: "/").last ?? "frame"
          let path = "\(base.split(separator: ".").first ?? base)-\(number).png"
          try Output.writeFile(path, png)
          return path
        })
      player.message = { OptionNames.ofCommandLine("\($0)") }
      player.speed = speed
      player.direction = reverse ? .backward : .forward
      player.rounds = loop == 0 ? nil : loop
      player.isFullscreen = fullscreen
      player.size = size.map { ($0.width, $0.height) }
      player.showsOverlay = overlay
      player.importsSurfaces = !noImport
      player.graphics = gpuAPI
      return player
    }

    private func run(
      _ buffer: FrameBuffer, _ player: PlayerOptions
    ) async -> Result<PlayerOutcome, DisplayUnavailable> {
      let stop = PlayerStop()
      return await withTaskCancellationHandler {
        await MainThread.run {
          Result { () throws(DisplayUnavailable) in try WindowPlayer.play(buffer, player, stop: stop) }
        }
      } onCancel: {
        stop.stop()
      }
    }

    private func document(_ report: RunReport, _ outcome: PlayerOutcome) -> String {
      let log = outcome.log
      let errors = [0.5, 0.95, 0.99, 1].map { JSON.rounded(log.errorPercentile($0) * 1000, 3) }
      return report.members([
        ("presented", .int(log.presented)), ("late", .int(log.late)), ("dropped", .int(log.dropped)),
        ("window", .bool(true)), ("drawing", .string(outcome.drawing)),
        (
          "presentation_error_ms",
          .object([("p50", errors[0]), ("p95", errors[1]), ("p99", errors[2]), ("max", errors[3])])
        ),
        ("zero_copy", .bool(log.imported > 0)), ("zero_copy_frames", .int(log.imported)),
      ]).document
    }

    private func text(_ report: RunReport, _ outcome: PlayerOutcome) -> String {
      let log = outcome.log
      let head = Self.headline(report, presented: log.presented, late: log.late, dropped: log.dropped)
      let errors = [0.5, 0.99, 1].map { Text.fixed(log.errorPercentile($0) * 1000, 1) }
      let how = log.imported > 0 ? "\(Text.count(log.imported, "frame")) without a copy (DMA-BUF)" : "copied"
      let rows = [
        ("frames", "\(log.presented) presented, \(log.late) late, \(log.dropped) dropped"),
        ("off by", "p50 \(errors[0]) ms, p99 \(errors[1]), most \(errors[2])"),
        ("drawn", "with \(outcome.drawing), \(how)"),
      ]
      return head + Text.table(rows + report.rows)
    }
  }
#else
  extension PlayCommand {
    /// This build has no window: see the trait `Player` of the package.
    func playInWindow(_ source: BufferOptions.Source) async throws -> String? {
      "this command was built without the package trait Player"
    }
  }
#endif

/// `--size`.
struct WindowDimensions: ExpressibleByArgument, Equatable {
  var width: Int
  var height: Int

  init?(argument: String) {
    let parts = argument.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.count == 2, let width = parts[0], let height = parts[1], (64...16384).contains(width),
      (64...16384).contains(height)
    else { return nil }
    self.width = width
    self.height = height
  }
}
