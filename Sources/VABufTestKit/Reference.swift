import Foundation

/// What `ffmpeg` says the frames of a file are: the list that every path of vabuf must agree with.
public struct Reference: Sendable, Hashable {
  /// One line of the list.
  public struct Line: Sendable, Hashable {
    /// The stream's number in the output.
    public let stream: Int
    /// Timestamps as printed: in the output's time base, from the start of the file.
    public let dts: Int64
    /// The presentation time.
    public let pts: Int64
    /// How long the frame is shown.
    public let duration: Int64
    /// The size of the picture in bytes, its rows without padding.
    public let size: Int
    /// The MD5 of these bytes.
    public let md5: String
  }

  /// The lines above the list, such as `#tb 0: 1/25`, without the `#`.
  public let header: [String]
  /// The frames: line N is frame N.
  public let lines: [Line]

  /// Reads the output of `ffmpeg -f framemd5`.
  public init(parsing text: String) throws {
    var header: [String] = []
    var lines: [Line] = []
    for row in text.split(separator: "\n") {
      if row.hasPrefix("#") {
        header.append(String(row.dropFirst()))
        continue
      }
      let fields = row.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
      guard fields.count == 6, let stream = Int(fields[0]), let dts = Int64(fields[1]), let pts = Int64(fields[2]),
        let duration = Int64(fields[3]), let size = Int(fields[4])
      else { throw ReferenceError(reason: "not a line of framemd5: \(row)") }
      lines.append(Line(stream: stream, dts: dts, pts: pts, duration: duration, size: size, md5: fields[5]))
    }
    self.header = header
    self.lines = lines
  }

  /// The arguments of the command that defines frame N.
  ///
  /// - Parameters:
  ///   - map: The stream: `0:v:0` is the first video stream, `0:3` is stream 3.
  ///   - threads: The decoder's threads. Lists of damaged files are repeatable with one thread only.
  ///   - pixelFormat: The format to convert to; nil keeps the decoder's.
  public static func arguments(
    _ path: String, map: String = "0:v:0", threads: Int? = nil, pixelFormat: String? = nil
  ) -> [String] {
    ["-nostdin", "-v", "error", "-noautorotate"] + (threads.map { ["-threads", "\($0)"] } ?? []) + [
      "-i", path, "-map", map, "-noautoscale", "-fps_mode", "passthrough",
    ] + (pixelFormat.map { ["-pix_fmt", $0] } ?? []) + ["-f", "framemd5", "-"]
  }

  /// Runs `ffmpeg` on a file. A list that it broke off, or that has no frame, is a list too: damaged files have them.
  public static func list(of path: String, map: String = "0:v:0", threads: Int? = nil) throws -> Reference {
    let output = try Command.output("ffmpeg", arguments(path, map: map, threads: threads))
    return try Reference(parsing: output.text)
  }

  /// The values that a field has in the headers of the first video stream, as far as its first packet, by ffmpeg's
  /// `trace_headers`.
  public static func values(of field: String, in path: String) throws -> [Int] {
    let arguments = ["-nostdin", "-i", path, "-map", "0:v:0", "-c", "copy", "-frames:v", "1"]
    let output = try Command.output("ffmpeg", arguments + ["-bsf:v", "trace_headers", "-f", "null", "-"])
    return output.errors.split(separator: "\n")
      .filter { $0.contains(" \(field) ") }
      .compactMap { $0.split(separator: "=").last.flatMap { Int($0.trimmingCharacters(in: .whitespaces)) } }
  }

  /// The list of a generated clip, kept beside it; of any other file, whose folder is not ours, it is made each time.
  public static func cached(
    _ path: String, map: String = "0:v:0", threads: Int? = nil, pixelFormat: String? = nil
  ) throws -> Reference {
    let arguments = arguments(path, map: map, threads: threads, pixelFormat: pixelFormat)
    guard path.hasPrefix(ClipMaker.shared.folder + "/") else {
      return try Reference(parsing: Command.output("ffmpeg", arguments).text)
    }
    let variant = [map.replacing(":", with: "."), threads.map { "t\($0)" }, pixelFormat].compactMap(\.self)
    let name = "\(path).\(variant.joined(separator: ".")).framemd5"
    if let text = try? String(contentsOfFile: name, encoding: .utf8) { return try Reference(parsing: text) }
    let text = try Command.output("ffmpeg", arguments).text
    let reference = try Reference(parsing: text)
    try Data(text.utf8).write(to: URL(fileURLWithPath: name), options: .atomic)
    return reference
  }
}

/// A list could not be read.
public struct ReferenceError: Error, CustomStringConvertible {
  /// What is wrong with it.
  public let reason: String
  /// The message.
  public var description: String { reason }
}

/// Real clips, which are not part of the project.
public enum RealMedia {
  /// The folder: `VABUF_MEDIA`, or `../shared/media` next to the repository. Nil when it is not there.
  public static let folder: String? = {
    let given = ProcessInfo.processInfo.environment["VABUF_MEDIA"]
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let path = given ?? root.deletingLastPathComponent().path + "/shared/media"
    return FileManager.default.fileExists(atPath: path) ? path : nil
  }()

  /// Why a test that needs these files is skipped.
  public static let reason = "the folder of real clips is missing (VABUF_MEDIA, or ../shared/media)"

  /// The paths of all files of a part of the folder, `h264` or `files`, sorted.
  public static func files(_ part: String) -> [String] {
    guard let folder, let names = try? FileManager.default.contentsOfDirectory(atPath: folder + "/" + part) else {
      return []
    }
    return names.filter { $0.contains(".") }.sorted().map { "\(folder)/\(part)/\($0)" }
  }
}
