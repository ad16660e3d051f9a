import ArgumentParser
import Dispatch
import VABuf

/// `vabuf frame`.
struct FrameCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "frame",
    abstract: "Get frames by number or time: a line each, MD5, raw samples or PNG files.",
    discussion: """
      Frames come in the order asked: numbers first, then ranges, then times. Without an output option each is a line: \
      number, pts, seconds, size, pixel format. With --near the number is that of the frame that is given. Where a frame does not exist, those asked before it are given.

      A PNG shows the samples as they are stored: not rotated, not scaled.
      """)

  @Argument(help: "The video.", completion: .file())
  var file: String

  @Argument(help: ArgumentHelp("Numbers of frames, from 0.", valueName: "n"))
  var numbers: [Int] = []

  @Option(help: ArgumentHelp("Frames A to B, both included; backward where A is the larger one.", valueName: "a-b"))
  var range: [FrameRange] = []

  @Flag(help: "All frames.")
  var all = false

  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp("The frame that is on the screen at this time of the stream's clock.", valueName: "seconds"))
  var at: [Double] = []

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "A frame up to so many frames away will do where it is cheaper: one that is there, else a keyframe.",
      valueName: "frames"))
  var near: Int?

  @Flag(help: "Print number, pts and MD5 of the samples.")
  var md5 = false

  @Flag(help: "Write the samples to standard output, as ffmpeg -f rawvideo does.")
  var raw = false

  @Option(
    name: [.customShort("o"), .long],
    help: ArgumentHelp("Write PNG files; %d or %05d becomes the frame's number.", valueName: "out-%d.png"))
  var output: String?

  @OptionGroup var options: BufferOptions

  func validate() throws {
    // The parser takes -3 for an option, and would say so at best.
    if let number = numbers.first(where: { $0 < 0 }).map({ "\($0)" }) ?? Self.negativeNumber(in: CommandLine.arguments)
    {
      throw ValidationError("\(number): frames are numbered from 0.")
    }
    if let time = at.first(where: { !$0.isFinite }) { throw ValidationError("--at \(time): give seconds.") }
    let asked = numbers.count + range.count + at.count
    if all, asked > 0 { throw ValidationError("--all: give no numbers, ranges or times with it.") }
    if !all, asked == 0 { throw ValidationError("Which frames? Give numbers, --range, --at or --all.") }
    if let near {
      if near < 0 { throw ValidationError("--near \(near): give 0 or more frames.") }
      if all || !range.isEmpty {
        throw ValidationError("--near: give numbers or --at with it, no --range and no --all.")
      }
    }
    if raw, md5 || options.json || output != nil {
      throw ValidationError("--raw: standard output is for the samples; give no --md5, --json or -o with it.")
    }
    if let output {
      let pattern = try FilePattern(output)
      let isSingle = !all && range.allSatisfy { $0.first == $0.last } && asked == 1
      if !isSingle, !pattern.hasNumber {
        throw ValidationError("-o \(output): several frames need a %d in the name, as out-%d.png.")
      }
    }
  }

  /// A word that is a negative number, and no option's value.
  static func negativeNumber(in words: [String]) -> String? {
    zip(words, words.dropFirst()).first { before, word in
      !before.hasPrefix("-") && word.hasPrefix("-") && FrameRange.number(word.dropFirst()) != nil
    }?.1
  }

  func run() async throws {
    if raw, Terminal.outputIsSeen {
      throw VABufError(
        .cannotWrite, what: "--raw", why: "standard output is a terminal", remedy: "send it to a file or a program")
    }
    try await options.withBuffer(.init(file)) { buffer in
      let standard = Output()
      guard options.json else {
        try await read(buffer) { lease in
          try await write(lease, standard)
        }
        return try standard.flush()
      }
      let head: [(String, JSON)] = [("schema", .int(1)), ("file", .string(file))]
      var list = try JSONList(standard, head: head, name: "frames")
      let result = await Result.catching {
        try await read(buffer) { lease in try list.add(try await describe(lease)) }
      }
      try list.end()
      try result.get()
    }
  }

  private func read(_ buffer: FrameBuffer, _ body: (FrameLease) async throws -> Void) async throws {
    if all { return try await buffer.readAll(from: 0, .forward, body) }
    for number in numbers { try await body(try await frame(number, of: buffer)) }
    for range in range { try await buffer.read(range, body) }
    for time in at { try await body(try await frame(buffer.frameNumber(atSeconds: time), of: buffer)) }
  }

  private func frame(_ number: Int, of buffer: FrameBuffer) async throws -> FrameLease {
    guard let near else { return try await buffer.frame(at: number) }
    return try await buffer.frame(near: number, tolerance: near)
  }

  private func write(_ lease: FrameLease, _ standard: Output) async throws {
    if raw {
      try lease.forEachRow { row throws(OutputError) in try standard.write(row) }
      return try Task.checkCancellation()
    }
    try await writePicture(lease)
    let shown = lease.descriptor
    if md5 {
      try standard.writeLine("\(shown.number) \(shown.timestamp.ticks) \(try lease.md5())")
    } else if output == nil {
      let seconds = Text.fixed(shown.timestamp.seconds, 6)
      let size = "\(shown.layout.width)x\(shown.layout.height)"
      try standard.writeLine("\(shown.number) \(shown.timestamp.ticks) \(seconds) \(size) \(shown.layout.format)")
    }
  }

  /// - Returns: the name of the file; nil where none is wanted.
  @discardableResult
  private func writePicture(_ lease: FrameLease) async throws -> String? {
    guard let output else { return nil }
    try Task.checkCancellation()
    let path = try FilePattern(output).name(lease.number)
    try Output.refuse(path, as: file)
    let png = try await withCheckedThrowingContinuation { continuation in
      // An encoder is no work for Swift's few cooperative threads.
      DispatchQueue.global().async { continuation.resume(with: Result { try lease.pngData() }) }
    }
    try Output.writeFile(path, png)
    return path
  }

  private func describe(_ lease: FrameLease) async throws -> JSON {
    let shown = lease.descriptor
    var members: [(String, JSON)] = [
      ("number", .int(shown.number)), ("pts", .int(Int(shown.timestamp.ticks))),
      ("seconds", .rounded(shown.timestamp.seconds, 6)), ("duration", .int(Int(shown.duration))),
      ("width", .int(shown.layout.width)), ("height", .int(shown.layout.height)),
      ("pixel_format", .string(shown.layout.format.name)), ("size", .int(shown.layout.visibleBytes)),
      ("keyframe", .bool(shown.isKeyframe)), ("damaged", .bool(shown.isDamaged)),
      ("field_order", .string(shown.fieldOrder.rawValue)), ("rotation", .number(shown.rotation)),
      ("sample_aspect_ratio", .ratio(shown.sampleAspectRatio)), ("backend", .string(shown.backend.rawValue)),
      (
        "color",
        .object([
          ("range", .text(shown.color.range)), ("matrix", .text(shown.color.matrix)),
          ("primaries", .text(shown.color.primaries)), ("transfer", .text(shown.color.transfer)),
          ("chroma_location", .text(shown.color.chromaLocation)),
        ])
      ),
    ]
    if md5 { members.append(("md5", .string(try lease.md5()))) }
    if let path = try await writePicture(lease) { members.append(("png", .string(path))) }
    return .object(members)
  }
}

/// The name of a file with the number of a frame in it: `out-%d.png`, `out-%05d.png`; `%%` is a percent sign.
struct FilePattern {
  private enum Part {
    case text(String)
    case number(width: Int, padding: Character)
  }

  private let parts: [Part]

  init(_ text: String) throws {
    guard text != "-", !text.isEmpty else {
      throw ValidationError("-o \(text): give the name of a file; --raw writes to standard output.")
    }
    var parts: [Part] = []
    var rest = text[...]
    while let percent = rest.firstIndex(of: "%") {
      parts.append(.text(String(rest[..<percent])))
      rest = rest[rest.index(after: percent)...]
      if rest.first == "%" {
        parts.append(.text("%"))
        rest = rest.dropFirst()
        continue
      }
      let digits = rest.prefix { $0.isASCII && $0.isNumber }
      rest = rest[digits.endIndex...]
      guard rest.first == "d", let width = digits.isEmpty ? 0 : Int(digits), width < 64 else {
        throw ValidationError("-o \(text): after % only d, a width and d, or another % may stand, as out-%05d.png.")
      }
      rest = rest.dropFirst()
      parts.append(.number(width: width, padding: digits.first == "0" ? "0" : " "))
    }
    self.parts = parts + [.text(String(rest))]
  }

  var hasNumber: Bool {
    parts.contains { part in
      if case .number = part { true } else { false }
    }
  }

  func name(_ number: Int) -> String {
    parts.map { part in
      switch part {
      case .text(let text): text
      case .number(let width, let padding): Text.left("\(number)", width, padding)
      }
    }.joined()
  }
}
