import ArgumentParser
import VABuf

/// `vabuf index`.
struct IndexCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "index",
    abstract: "Print what is known of a video: frames, keyframes, times, codec, size.",
    discussion: """
      The file is read once without decoding and the index kept in the user's cache folder (VABUF_CACHE_DIR, \
      XDG_CACHE_HOME or ~/.cache).
      """)

  @Argument(help: "The video.", completion: .file())
  var file: String

  @Flag(help: "Every frame too: its number, time, duration, and whether it is a keyframe.")
  var list = false

  @Flag(
    help: """
      Decode the file once and keep what came out: frames are then numbered right from the start also where a packet \
      looks right and cannot be decoded.
      """)
  var verify = false

  @OptionGroup var options: BufferOptions

  func run() async throws {
    var source = BufferOptions.Source(file)
    source.verifiesIndex = verify
    try await options.withBuffer(source) { buffer in
      guard let stream = buffer.stream else { return }
      let output = Output()
      try output.write(options.json ? document(stream, buffer).document : text(stream, buffer))
      try output.flush()
    }
  }

  private func document(_ stream: StreamInfo, _ buffer: FrameBuffer) -> JSON {
    var members: [(String, JSON)] = [
      ("schema", .int(1)), ("file", .string(file)), ("stream", .int(stream.index)), ("frames", .int(stream.frameCount)),
      ("keyframes", .array(stream.keyframes.map { .int($0) })), ("duration", .rounded(seconds(stream), 6)),
      ("time_base", .string("\(stream.timeBase)")), ("variable_rate", .bool(stream.isVariableRate)),
      ("codec", .string(stream.codec)), ("profile", .text(stream.profile)), ("decoder", .string(stream.decoder)),
      ("width", .int(stream.width)), ("height", .int(stream.height)), ("pixel_format", .text(stream.pixelFormat?.name)),
      ("frame_rate", .ratio(stream.averageFrameRate)), ("rotation", .number(stream.rotation)),
      ("sample_aspect_ratio", .ratio(stream.sampleAspectRatio)), ("doubts", .string(stream.indexDoubts)),
      ("damaged", .array(damaged(buffer).map { .int($0) })),
    ]
    if list {
      let rows = buffer.timings.map { timing -> JSON in
        .object([
          ("number", .int(timing.number)), ("pts", .int(Int(timing.pts))),
          ("seconds", .rounded(Double(timing.pts) * stream.timeBase.value, 6)),
          ("duration", .int(Int(timing.duration))),
          ("keyframe", .bool(timing.isKeyframe)), ("damaged", .bool(timing.isDamaged)),
        ])
      }
      members.append(("list", .array(rows)))
    }
    return .object(members)
  }

  /// The numbers of the frames that may not show what was encoded.
  private func damaged(_ buffer: FrameBuffer) -> [Int] { buffer.timings.filter(\.isDamaged).map(\.number) }

  private func seconds(_ stream: StreamInfo) -> Double { Double(stream.duration) * stream.timeBase.value }

  private func text(_ stream: StreamInfo, _ buffer: FrameBuffer) -> String {
    let rate = stream.averageFrameRate.value
    let keyframes = stream.keyframes.prefix(8).map { "\($0)" }.joined(separator: ", ")
    var rows: [(String, String)] = [
      ("file", Text.harmless(file)), ("stream", "\(stream.index)"), ("frames", "\(stream.frameCount)"),
      ("keyframes", "\(stream.keyframes.count): \(keyframes)\(stream.keyframes.count > 8 ? ", ..." : "")"),
      ("duration", "\(Text.fixed(seconds(stream), 3)) s"),
      (
        "frame rate",
        (rate.isFinite && rate > 0 ? "\(Text.fixed(rate, 3)) a second" : "unknown")
          + (stream.isVariableRate ? ", varies" : "")
      ),
      ("time base", "\(stream.timeBase)"),
      ("codec", stream.codec + (stream.profile.map { " (\($0))" } ?? "") + ", decoded by \(stream.decoder)"),
      ("size", "\(stream.width)x\(stream.height)"), ("pixel format", stream.pixelFormat?.name ?? "unknown"),
    ]
    let ratio = stream.sampleAspectRatio
    if ratio.numerator > 0, ratio.numerator != ratio.denominator { rows.append(("pixel aspect", "\(ratio)")) }
    if stream.rotation != 0 { rows.append(("rotation", "\(Text.fixed(stream.rotation, 1)) degrees")) }
    if !stream.indexDoubts.isEmpty { rows.append(("doubts", stream.indexDoubts)) }
    let damaged = damaged(buffer)
    if !damaged.isEmpty {
      let first = damaged.prefix(8).map { "\($0)" }.joined(separator: ", ")
      rows.append(("damaged", "\(damaged.count): \(first)\(damaged.count > 8 ? ", ..." : "")"))
    }
    return Text.table(rows) + (list ? "\n" + table(buffer.timings, stream) : "")
  }

  private func table(_ timings: [FrameTiming], _ stream: StreamInfo) -> String {
    let head = ["number", "pts", "seconds", "duration"]
    let rows = timings.map {
      ["\($0.number)", "\($0.pts)", Text.fixed(Double($0.pts) * stream.timeBase.value, 6), "\($0.duration)"]
    }
    let widths = head.indices.map { column in
      rows.reduce(head[column].count) { max($0, $1[column].count) }
    }
    func line(_ cells: [String]) -> String {
      zip(cells, widths).map { Text.left($0, $1) }.joined(separator: "  ")
    }
    func signs(_ timing: FrameTiming) -> String {
      (timing.isKeyframe ? "  key" : "") + (timing.isDamaged ? "  damaged" : "")
    }
    return line(head) + "  key\n" + zip(rows, timings).map { line($0) + signs($1) + "\n" }.joined()
  }
}
