import Foundation
import Synchronization

/// Makes clips and keeps them in a folder.
///
/// The folder is named after the version of `ffmpeg`, each file after its clip and the hash of its recipe, so a changed
/// recipe never meets an old file. A file appears under its name only when it is whole (made under another name, then
/// renamed), so several processes may make clips at once.
public final class ClipMaker: Sendable {
  /// The maker over all of `Clips.all`, with the folder from the environment.
  public static let shared = ClipMaker(clips: Clips.all)

  /// Where the clips lie.
  public let folder: String
  private let clips: [String: Clip]
  private let ordered: [Clip]
  private let encoders: Set<String>
  private let known = Mutex<[String: ClipFile]>([:])

  /// Creates a maker. Without a folder it takes `VABUF_TEST_CACHE`, or one in the folder for temporary files.
  public init(clips: [Clip], folder: String? = nil) {
    let environment = ProcessInfo.processInfo.environment
    let base = folder ?? environment["VABUF_TEST_CACHE"] ?? NSTemporaryDirectory() + "/vabuf-clips"
    let version = (try? Command.run("ffmpeg", ["-version"])) ?? "none"
    self.folder = base + "/ffmpeg-" + fingerprint(version)
    self.clips = Dictionary(clips.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    self.ordered = clips
    let listing = (try? Command.run("ffmpeg", ["-v", "error", "-encoders"])) ?? ""
    self.encoders = Set(
      listing.split(separator: "\n").compactMap { line in
        let words = line.split(separator: " ")
        return words.count > 1 ? String(words[1]) : nil
      })
  }

  /// The file of a clip, made now if need be.
  public func file(of clip: Clip) throws -> ClipFile {
    if let file = known.withLock({ $0[clip.name] }) { return file }
    let file = try make(clip)
    known.withLock { $0[clip.name] = file }
    return file
  }

  /// The path of a clip's file, or nil with the reason printed when this machine cannot make it.
  public func path(of name: String) throws -> String? {
    guard let clip = clips[name] else { throw ClipError(clip: name, reason: "there is no clip of this name") }
    switch try file(of: clip) {
    case .made(let path): return path
    case .unavailable(let reason):
      print("clip \(name) is unavailable: \(reason)")
      return nil
    }
  }

  /// Makes every clip, several at once, and writes their paths, one a line, to `clips.txt` in the folder.
  public func makeAll() throws -> [(clip: Clip, file: Result<ClipFile, any Error>)] {
    let results = Mutex<[Int: Result<ClipFile, any Error>]>([:])
    DispatchQueue.concurrentPerform(iterations: ordered.count) { index in
      let result = Result { try self.file(of: self.ordered[index]) }
      results.withLock { $0[index] = result }
    }
    let all = results.withLock { found in
      ordered.indices.map { (ordered[$0], found[$0] ?? .failure(ClipError(clip: ordered[$0].name, reason: "lost"))) }
    }
    let paths = all.compactMap { pair -> String? in
      guard case .success(.made(let path)) = pair.1 else { return nil }
      return path
    }
    try publish(Data((paths.joined(separator: "\n") + "\n").utf8), as: folder + "/clips.txt")
    return all
  }

  private func make(_ clip: Clip) throws -> ClipFile {
    let path = "\(folder)/\(clip.name)-\(hash(of: clip)).\(clip.ext)"
    if FileManager.default.fileExists(atPath: path) { return .made(path: path) }
    if let missing = clip.encoders.subtracting(encoders).min() { return .unavailable("no encoder \(missing)") }
    var sources: [String: String] = [:]
    for name in clip.sources {
      guard let source = clips[name] else { throw ClipError(clip: clip.name, reason: "no source \(name)") }
      switch try file(of: source) {
      case .made(let path): sources["@" + name] = path
      case .unavailable(let reason): return .unavailable(reason)
      }
    }
    let scratch = "\(folder)/.making-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: scratch, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: scratch) }
    let kitchen = ClipKitchen(scratch: scratch, sources: sources)
    do {
      for step in clip.steps { try kitchen.perform(step) }
    } catch {
      throw ClipError(clip: clip.name, reason: "\(error)")
    }
    try give("\(scratch)/out.\(clip.ext)", to: path, clip: clip.name)
    return .made(path: path)
  }

  private func hash(of clip: Clip) -> String {
    let sources = clip.sources.compactMap { clips[$0] }.map { hash(of: $0) }
    return fingerprint("\(clip.steps) \(sources)")
  }

  private func publish(_ data: Data, as path: String) throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try data.write(to: URL(fileURLWithPath: path), options: .atomic)
  }

  /// Gives a file its name. Where somebody else made the same clip meanwhile, that one stays: tests know it already, and by
  /// its inode.
  private func give(_ from: String, to path: String, clip: String) throws {
    if link(from, path) == 0 || errno == EEXIST { return }
    // A file system without hard links.
    guard rename(from, path) == 0 else {
      throw ClipError(clip: clip, reason: "cannot rename \(from): \(String(cString: strerror(errno)))")
    }
  }
}

/// What became of a clip.
public enum ClipFile: Sendable, Hashable {
  /// It lies here.
  case made(path: String)
  /// This machine cannot make it, for this reason.
  case unavailable(String)
}

/// A clip could not be made although it should.
public struct ClipError: Error, CustomStringConvertible {
  /// The clip's name.
  public let clip: String
  /// What went wrong.
  public let reason: String
  /// The message.
  public var description: String { "clip \(clip): \(reason)" }
}

/// A short, stable hash (FNV-1a) of a text.
func fingerprint(_ text: String) -> String {
  var hash: UInt64 = 0xcbf2_9ce4_8422_2325
  for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
  let digits = String(hash, radix: 16)
  return String(repeating: "0", count: 16 - digits.count) + digits
}
