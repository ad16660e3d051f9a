import Foundation

/// Performs the steps of one recipe in one scratch folder.
struct ClipKitchen {
  let scratch: String
  /// The files of other clips, by `@name`.
  let sources: [String: String]

  func perform(_ step: Clip.Step) throws {
    switch step {
    case .ffmpeg(let arguments):
      let words = arguments.split(separator: " ").map { sources[String($0)] ?? String($0) }
      _ = try Command.run("ffmpeg", ["-nostdin", "-v", "error", "-y"] + words, in: scratch)
    case .cut(let file, let from, let to, let into):
      let data = try read(file)
      try write(data.subdata(in: data.count * from / 1000..<data.count * to / 1000), into)
    case .join(let files, let into):
      try write(files.map(read).reduce(Data(), +), into)
    case .flip(let file, let every, let sparing, let seed, let into):
      var data = try read(file)
      var random = SeededRandom(seed: seed)
      let media = path(file).hasSuffix(".mp4") ? mediaData(of: data) : data.indices
      var position = media.lowerBound + sparing + Int.random(in: 0..<2 * every, using: &random)
      while position < media.upperBound {
        data[position] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        position += Int.random(in: 1..<2 * every, using: &random)
      }
      try write(data, into)
    case .spoil(let file, let pictures, let into):
      let data = try read(file)
      let isIVF = path(file).hasSuffix(".ivf")
      try write(
        isIVF
          ? Spoiling.frames(ofIVF: data, frames: pictures) : Spoiling.slices(of: data, pictures: pictures), into)
    case .edits(let file, let edits, let into):
      try write(replaceEdits(in: try read(file), with: edits), into)
    case .text(let text, let into):
      try write(Data(text.utf8), into)
    case .fieldPictures(let stream, let into):
      try write(Data(stream.bytes()), into)
    case .emptySample(let file, let number, let into):
      try write(OddPackets.emptySample(number, of: try read(file)), into)
    case .doubleHeight(let file, let into):
      try write(OddPackets.doubleHeight(of: try read(file)), into)
    case .fraps(let frames, let repeated, let into):
      try write(OddPackets.fraps(frames: frames, repeated: repeated), into)
    }
  }

  private func path(_ file: String) -> String { sources[file] ?? scratch + "/" + file }

  private func read(_ file: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: path(file))) }

  private func write(_ data: Data, _ file: String) throws { try data.write(to: URL(fileURLWithPath: path(file))) }
}

/// Runs other programs.
enum Command {
  /// Runs a program found through PATH and returns what it wrote to standard output. It must end with 0.
  static func run(_ program: String, _ arguments: [String], in folder: String? = nil) throws -> String {
    let result = try output(program, arguments, in: folder)
    guard result.status == 0 else {
      let command = ([program] + arguments).joined(separator: " ")
      throw CommandError(command: command, status: result.status, message: result.errors)
    }
    return result.text
  }

  /// Runs a program and returns all that came of it.
  static func output(_ program: String, _ arguments: [String], in folder: String? = nil) throws
    -> (text: String, errors: String, status: Int32)
  {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [program] + arguments
    if let folder { process.currentDirectoryURL = URL(fileURLWithPath: folder) }
    let output = try TemporaryFile()
    let errors = try TemporaryFile()
    process.standardOutput = output.handle
    process.standardError = errors.handle
    process.standardInput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    return (try output.text(), try errors.text(), process.terminationStatus)
  }
}

/// A program failed.
struct CommandError: Error, CustomStringConvertible {
  let command: String
  let status: Int32
  let message: String
  var description: String { "`\(command)` ended with \(status): \(message.suffix(600))" }
}

/// A file that is gone when its last user is.
private final class TemporaryFile {
  let handle: FileHandle
  private let path: String

  init() throws {
    path = NSTemporaryDirectory() + "/vabuf-" + UUID().uuidString
    guard FileManager.default.createFile(atPath: path, contents: nil) else {
      throw ClipError(clip: path, reason: "cannot create")
    }
    handle = try FileHandle(forUpdating: URL(fileURLWithPath: path))
  }

  deinit {
    try? handle.close()
    try? FileManager.default.removeItem(atPath: path)
  }

  func text() throws -> String {
    // Not by Data(contentsOf:), which leaks a page for an empty file (Foundation of Swift 6.3).
    try handle.seek(toOffset: 0)
    return String(decoding: try handle.readToEnd() ?? Data(), as: UTF8.self)
  }
}
