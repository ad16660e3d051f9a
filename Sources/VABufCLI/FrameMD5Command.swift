import ArgumentParser
import VABuf

/// `vabuf framemd5`.
struct FrameMD5Command: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "framemd5",
    abstract: "Print an MD5 for each frame, as ffmpeg -f framemd5 does.",
    discussion: """
      Size and MD5 of each line are those of: ffmpeg -noautorotate -i FILE -map 0:v:0 -autoscale 0 -fps_mode passthrough \
      -f framemd5 -

      Time and duration are the stream's own, in the time base of the "#tb" line.
      """)

  @Argument(help: "The video.", completion: .file())
  var file: String

  @Option(parsing: .unconditional, help: ArgumentHelp("The first frame.", valueName: "n"))
  var from: Int = 0

  @Option(
    parsing: .unconditional, help: ArgumentHelp("The last frame, included; by default the last of all.", valueName: "n")
  )
  var to: Int?

  @Flag(help: "Begin at the last frame and go backward.")
  var reverse = false

  @OptionGroup var options: BufferOptions

  func validate() throws { try checkRange(from: from, to: to) }

  func run() async throws {
    try await options.withBuffer(.init(file)) { buffer in
      let output = Output()
      if options.json { try await list(buffer, output) } else { try await lines(buffer, output) }
    }
  }

  private func lines(_ buffer: FrameBuffer, _ output: Output) async throws {
    try output.write(header(buffer))
    try output.flush()
    try await read(buffer) { lease in
      let md5 = try lease.md5()
      let shown = lease.descriptor
      let pts = Text.left("\(shown.timestamp.ticks)", 10)
      let duration = Text.left("\(shown.duration)", 8)
      let size = Text.left("\(shown.layout.visibleBytes)", 8)
      try output.writeLine("0, \(pts), \(pts), \(duration), \(size), \(md5)")
    }
  }

  private func list(_ buffer: FrameBuffer, _ output: Output) async throws {
    let timeBase = buffer.stream.map { JSON.ratio($0.timeBase) } ?? .null
    let head: [(String, JSON)] = [
      ("schema", .int(1)), ("file", .string(file)), ("hash", .string("MD5")), ("time_base", timeBase),
    ]
    var list = try JSONList(output, head: head, name: "frames")
    let result = await Result.catching {
      try await read(buffer) { lease in
        let shown = lease.descriptor
        try list.add(
          .object([
            ("number", .int(shown.number)), ("pts", .int(Int(shown.timestamp.ticks))),
            ("duration", .int(Int(shown.duration))), ("size", .int(shown.layout.visibleBytes)),
            ("md5", .string(try lease.md5())),
          ]))
      }
    }
    try list.end()
    try result.get()
  }

  private func read(_ buffer: FrameBuffer, _ body: (FrameLease) async throws -> Void) async throws {
    if let to {
      let range = reverse ? FrameRange(first: to, last: from) : FrameRange(first: from, last: to)
      try await buffer.read(range, body)
    } else {
      try await buffer.readAll(from: from, reverse ? .backward : .forward, body)
    }
  }

  private func header(_ buffer: FrameBuffer) -> String {
    let stream = buffer.stream
    let ratio = stream?.sampleAspectRatio ?? Rational(0, 1)
    return """
      #format: frame checksums
      #version: 2
      #hash: MD5
      #software: vabuf \(VABufVersions.vabuf)
      #tb 0: \(stream?.timeBase ?? Rational(0, 1))
      #media_type 0: video
      #codec_id 0: rawvideo
      #dimensions 0: \(stream?.width ?? 0)x\(stream?.height ?? 0)
      #sar 0: \(ratio.denominator == 0 ? Rational(0, 1) : ratio)
      #stream#, dts,        pts, duration,     size, hash

      """
  }
}

/// Checks `--from` and `--to`.
func checkRange(from: Int, to: Int?) throws {
  if from < 0 { throw ValidationError("--from \(from): frames are numbered from 0.") }
  guard let to else { return }
  guard to >= from else {
    throw ValidationError("--to \(to): give a frame that is not before --from (\(from)); --reverse reads backward.")
  }
  guard to < .max else { throw ValidationError("--to \(to): no video has so many frames; leave --to out to read all.") }
}

extension Result where Failure == any Error {
  /// What came of asynchronous work.
  static func catching(_ body: () async throws -> Success) async -> Result {
    do { return .success(try await body()) } catch { return .failure(error) }
  }
}
