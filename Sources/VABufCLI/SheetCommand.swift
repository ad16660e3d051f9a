import ArgumentParser
import Dispatch
import PlayerPolicy
import VABuf

/// `vabuf sheet`.
struct SheetCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sheet",
    abstract: "Write a contact sheet: frames of the whole video, small, in one PNG file.",
    discussion: """
      Each picture has its frame number and time below it. Pictures are turned and stretched as a player would show them. \
      Without FILE it shows the 4K clip that is part of the command.
      """)

  /// Which frames are shown.
  enum Choice: String, ExpressibleByArgument, CaseIterable {
    case time, keyframe
  }

  /// Its pixels take three times as many bytes, more than once.
  private static let mostPixels = 128 << 20

  @Argument(help: "The video; without it the demo clip.", completion: .file())
  var file: String?

  @Option(name: [.customShort("o"), .long], help: ArgumentHelp("The PNG file.", valueName: "sheet.png"))
  var output: String

  @Option(parsing: .unconditional, help: ArgumentHelp("Rows of pictures.", valueName: "n"))
  var rows: Int = 4

  @Option(parsing: .unconditional, help: ArgumentHelp("Pictures in a row.", valueName: "n"))
  var columns: Int = 5

  @Option(parsing: .unconditional, help: ArgumentHelp("Width of a picture, in pixels.", valueName: "n"))
  var width: Int = 320

  @Option(help: ArgumentHelp("Frames at equal distances in time, or keyframes: time or keyframe.", valueName: "choice"))
  var by: Choice = .time

  @OptionGroup var options: BufferOptions

  func validate() throws {
    if output.isEmpty || output == "-" { throw ValidationError("-o '\(output)': give the name of a file.") }
    guard (1...100).contains(rows), (1...100).contains(columns) else {
      throw ValidationError("--rows \(rows), --columns \(columns): give 1 to 100.")
    }
    guard (16...4096).contains(width) else { throw ValidationError("--width \(width): give 16 to 4096.") }
    guard columns * width <= 32768 else {
      throw ValidationError("--columns \(columns) of --width \(width): a sheet may be 32768 pixels wide.")
    }
  }

  func run() async throws {
    if let file {
      try Output.refuse(output, as: file)
      return try await write(.init(file))
    }
    let demo = try DemoFile()
    try await write(demo.source)
    withExtendedLifetime(demo) {}
  }

  private func write(_ source: BufferOptions.Source) async throws {
    try await options.withBuffer(source) { buffer in
      guard let stream = buffer.stream else { return }
      let turns = PictureFit.quarterTurns(counterClockwise: stream.rotation)
      let shape = PictureFit.shape(
        width: stream.width, height: stream.height, pixelAspect: stream.sampleAspectRatio.value, quarterTurns: turns)
      let frames = choose(buffer, stream)
      guard !frames.isEmpty else {
        throw VABufError(
          .noSuchFrame, what: source.name, why: by == .keyframe ? "it has no keyframes" : "it has no frames",
          remedy: by == .keyframe ? "choose frames with --by time" : "give another video")
      }
      let used = SheetLayout.used(rows: rows, columns: columns, for: frames.count)
      let layout = SheetLayout(
        rows: used.rows, columns: used.columns, tileWidth: width, aspect: shape.width / shape.height)
      guard layout.width * layout.height <= Self.mostPixels else {
        throw VABufError(
          .cannotWrite, what: output,
          why:
            "the sheet would have \(layout.width)x\(layout.height) pixels, more than \(Self.mostPixels >> 20) million",
          remedy: "give fewer --rows or --columns, or a smaller --width")
      }
      var raster = Raster(width: layout.width, height: layout.height, gray: 24)
      for (index, number) in frames.enumerated() {
        let lease = try await buffer.frame(at: number)
        let place = layout.origin(index)
        let picture = try await Self.heavy { () throws(VABufError) in try Tile(lease, layout) }
        raster.put(
          picture.bytes, width: picture.width, height: picture.height, x: place.x + picture.left,
          y: place.y + picture.top)
        let caption = layout.caption(index)
        raster.text(
          "\(number)  \(Text.time(lease.descriptor.timestamp.seconds))", x: caption.x, y: caption.y, dot: layout.dot)
      }
      let png = try await Self.heavy { [raster] () throws(VABufError) in
        try RGBPicture(width: raster.width, height: raster.height, bytes: raster.bytes).pngData()
      }
      try Output.writeFile(output, png)
      try report(source, layout, frames)
    }
  }

  private func choose(_ buffer: FrameBuffer, _ stream: StreamInfo) -> [Int] {
    let timings = buffer.timings
    guard !timings.isEmpty else { return [] }
    let all = 0...timings.count - 1
    if by == .keyframe {
      return SheetLayout.frames(ofKeyframes: timings.filter(\.isKeyframe).map(\.number), count: rows * columns, in: all)
    }
    let timetable = Timetable(
      timings.map { ($0.pts, $0.duration) }, timeBase: stream.timeBase.value, rate: stream.averageFrameRate.value)
    return SheetLayout.frames(byTime: rows * columns, of: timetable, in: all)
  }

  private func report(_ source: BufferOptions.Source, _ layout: SheetLayout, _ frames: [Int]) throws {
    let output = Output()
    if options.json {
      try output.write(
        JSON.object([
          ("schema", .int(1)), ("file", .string(source.name)), ("png", .string(self.output)),
          ("width", .int(layout.width)), ("height", .int(layout.height)), ("rows", .int(layout.rows)),
          ("columns", .int(layout.columns)), ("frames", .array(frames.map { .int($0) })),
        ]).document)
    } else {
      try output.writeLine(
        "\(Text.harmless(self.output)): \(Text.count(frames.count, "frame")) of \(Text.harmless(source.name)), \(layout.width)x\(layout.height)"
      )
    }
    try output.flush()
  }

  /// Scalers and encoders are no work for Swift's few cooperative threads.
  private static func heavy<R: Sendable>(_ body: @escaping @Sendable () throws(VABufError) -> R) async throws -> R {
    try await withCheckedThrowingContinuation { continuation in
      DispatchQueue.global().async { continuation.resume(with: Result { try body() }) }
    }
  }
}

/// A frame in the size in which a sheet shows it, turned, in the middle of its place.
private struct Tile: Sendable {
  var bytes: [UInt8]
  var width: Int
  var height: Int
  var left: Int
  var top: Int

  init(_ lease: FrameLease, _ layout: SheetLayout) throws(VABufError) {
    let frame = lease.descriptor
    let turns = PictureFit.quarterTurns(counterClockwise: frame.rotation)
    let fit = PictureFit(
      width: frame.layout.width, height: frame.layout.height, pixelAspect: frame.sampleAspectRatio.value,
      quarterTurns: turns, inWidth: layout.tileWidth, height: layout.tileHeight)
    (width, height) = (Int(fit.width), Int(fit.height))
    (left, top) = (Int(fit.left), Int(fit.top))
    let isUpright = turns % 2 == 0
    let picture = try lease.rgbPicture(width: isUpright ? width : height, height: isUpright ? height : width)
    bytes = Raster.turned(picture.bytes, width: picture.width, height: picture.height, quarterTurns: turns)
  }
}
