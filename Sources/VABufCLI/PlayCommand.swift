import ArgumentParser
import PlayerPolicy
import VABuf

/// `vabuf play`.
struct PlayCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "play",
    abstract: "Play a video by its own clock, and count what came late.",
    discussion: """
      Without FILE it plays a short 4K clip of its own. In the window, ? shows the keys. With --headless, or where there \
      is no display, frames are decoded and looked at when they are due, and the report says whether a window would have \
      had them in time.

      A frame is late when it is there more than half its time on the screen (at least 2 ms) after it was due. It is \
      dropped when it is there only after all its time on the screen, while the next one is due; playback then skips \
      ahead, and where that does not help either, the clock waits for the decoder.

      Twelve frames are decoded before the clock starts. Without --host-memory a headless playback holds 32 frames: \
      forward, it needs no more, and memory that is used again is faster than fresh memory. Backward, and in a window, it \
      holds what it may, because whole runs between keyframes are decoded.
      """)

  @Argument(help: "The video; without it the demo clip.", completion: .file())
  var file: String?

  @Flag(help: "Play without a window.")
  var headless = false

  @Option(parsing: .unconditional, help: ArgumentHelp("The first frame.", valueName: "n"))
  var from: Int = 0

  @Option(
    parsing: .unconditional, help: ArgumentHelp("The last frame, included; by default the last of all.", valueName: "n")
  )
  var to: Int?

  @Option(parsing: .unconditional, help: ArgumentHelp("How fast, 1 being the stream's own speed.", valueName: "x"))
  var speed: Double = 1

  @Flag(help: "Play backward.")
  var reverse = false

  @Option(parsing: .unconditional, help: ArgumentHelp("How many times; 0 plays until Ctrl-C.", valueName: "n"))
  var loop: Int = 1

  @Flag(help: "Fill the screen; F changes it.")
  var fullscreen = false

  @Option(help: ArgumentHelp("The window's size; by default the picture's, as far as it fits.", valueName: "wxh"))
  var size: WindowDimensions?

  @Flag(help: "Show what the buffer does from the start on; I changes it.")
  var overlay = false

  @Flag(help: "Copy frames that are on the GPU instead of drawing their surfaces.")
  var noImport = false

  @Option(
    name: .customLong("gpu-api"),
    help: ArgumentHelp(
      "What draws: auto, opengl or vulkan. auto takes OpenGL on a GPU, else Vulkan on a GPU, else OpenGL on the processor, "
        + "else Vulkan there.", valueName: "api"))
  var gpuAPI = GraphicsChoice.auto

  @OptionGroup var options: BufferOptions

  func validate() throws {
    try checkRange(from: from, to: to)
    guard speed.isFinite, speed >= 0.001, speed <= 1000 else {
      throw ValidationError("--speed \(speed): give 0.001 to 1000.")
    }
    if loop < 0 { throw ValidationError("--loop \(loop): give the number of times, or 0 for no end.") }
  }

  func run() async throws {
    if let file { return try await play(.init(file)) }
    let demo = try DemoFile()
    try await play(demo.source)
    withExtendedLifetime(demo) {}
  }

  private func play(_ source: BufferOptions.Source) async throws {
    if !headless {
      guard let reason = try await playInWindow(source) else { return }
      if !options.quiet {
        Terminal.say("play: no window: \(reason): playing headless (--headless says so without this line)")
      }
    }
    try await playHeadless(source)
  }

  private func playHeadless(_ source: BufferOptions.Source) async throws {
    let begin = ContinuousClock.now
    let configuration = options.hostMemory == nil ? reverse ? Self.bothWays : Self.forward : nil
    try await options.withBuffer(source, configuration: configuration) { buffer in
      let openSeconds = (ContinuousClock.now - begin).seconds
      guard let stream = buffer.stream else { return }
      let status = StatusLine(isOn: !options.quiet && !options.verbose, interval: .milliseconds(250))
      let last = to ?? stream.frameCount - 1
      var player = Player(buffer, direction: reverse ? .backward : .forward) { player, slot in
        status.update { line(player, slot, last, buffer) }
      }
      let result = await Result.catching { try await rounds(&player, buffer, stream) }
      status.end()
      // Who interrupts a playback still wants to know how it went.
      if case .failure(let error) = result, !(error is CancellationError) { throw error }
      let metrics = buffer.metrics.requests(since: player.before)
      let report = RunReport(
        workload: "play", file: source.name, stream: stream, frames: player.latencies.count, seconds: player.seconds,
        openSeconds: openSeconds, latencies: player.latencies, metrics: metrics)
      let output = Output()
      try output.write(options.json ? document(report, player) : text(report, player))
      try output.flush()
      try result.get()
    }
  }

  /// What a forward playback holds: enough to go ahead of the clock, few enough that memory is soon used again.
  private static let forward = Configuration(
    ringFrames: 12, cacheFrames: 32, prefetchFrames: Player.preroll, poolBytes: 2 << 30, channelFrames: 6)

  /// What a playback holds that may go backward, as far as the memory goes: a usual distance of keyframes, so that each
  /// run between two of them is decoded once, and begun early enough. Not more, because fresh memory is slower than memory
  /// that is used again.
  static let bothWays = Configuration(
    ringFrames: 64, cacheFrames: 256, prefetchFrames: Player.preroll, poolBytes: FrameBuffer.defaultHostMemory,
    channelFrames: 16)

  private func rounds(_ player: inout Player, _ buffer: FrameBuffer, _ stream: StreamInfo) async throws {
    // Fails at once, as asking for it does.
    for wanted in [from, to ?? from] where wanted >= buffer.frameCount ?? .max {
      _ = try await buffer.frame(at: wanted)
    }
    var round = 0
    while loop == 0 || round < loop {
      // Reading may have found the headers wrong: each round takes the times as they are known now.
      let timings = buffer.timings
      let end = min(to.map { $0 + 1 } ?? timings.count, timings.count)
      guard from < end else { return }
      try await player.play(
        Timeline(
          timings[from..<end], timeBase: stream.timeBase.value, rate: stream.averageFrameRate.value, speed: speed,
          direction: reverse ? .backward : .forward))
      round += 1
    }
  }

  private func line(_ player: Player, _ slot: Timeline.Slot, _ last: Int, _ buffer: FrameBuffer) -> String {
    let metrics = buffer.metrics
    let rate = player.seconds > 0 ? Double(player.presented) / player.seconds : 0
    return "frame \(slot.number)/\(last)  \(Text.time(slot.streamSeconds))  \(Text.fixed(rate, 1)) fps  "
      + "late \(player.late)  dropped \(player.dropped)  hits \(Text.percent(metrics.residentHitRate))  "
      + Text.bytes(metrics.pool.bytesInUse + metrics.pool.idleBytes)
  }

  private func document(_ report: RunReport, _ player: Player) -> String {
    report.members([
      ("presented", .int(player.presented)), ("late", .int(player.late)), ("dropped", .int(player.dropped)),
      ("window", .bool(false)),
    ]).document
  }

  private func text(_ report: RunReport, _ player: Player) -> String {
    let head = Self.headline(
      report, presented: player.presented, late: player.late, dropped: player.dropped)
    let counts = "\(player.presented) presented, \(player.late) late, \(player.dropped) dropped"
    return head + Text.table([("frames", counts)] + report.rows)
  }

  /// What people want to know first.
  static func headline(_ report: RunReport, presented: Int, late: Int, dropped: Int) -> String {
    let rate = report.seconds > 0 ? Double(presented) / report.seconds : 0
    let verdict =
      dropped * 20 > presented + dropped
      ? "too slow for this clip"
      : dropped > 0
        ? "a few frames were missed"
        : late > 0 ? "every frame came, some of them late" : "every frame was there in time"
    return """
      Played \(Text.harmless(report.file)), \(report.stream.width)x\(report.stream.height) \(report.stream.codec), for \
      \(Text.fixed(report.seconds, 1)) s at \(Text.fixed(rate, 1)) frames a second: \(verdict).


      """
  }
}

extension BufferMetrics {
  /// The same, with only the requests since an earlier moment.
  func requests(since earlier: BufferMetrics?) -> BufferMetrics {
    guard let earlier else { return self }
    var metrics = self
    metrics.requests -= earlier.requests
    metrics.residentHits -= earlier.residentHits
    metrics.residentSurfaceHits -= earlier.residentSurfaceHits
    metrics.joinedHits -= earlier.joinedHits
    metrics.misses -= earlier.misses
    return metrics
  }
}

/// `--gpu-api`.
extension GraphicsChoice: ExpressibleByArgument {}
