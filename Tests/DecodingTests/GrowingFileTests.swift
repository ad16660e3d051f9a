import FFmpegMedia
import Foundation
import FrameModel
import Synchronization
import Testing
import VABufTestKit

@testable import Decoding

/// Files that somebody writes while they are read.
@Suite struct GrowingFileTests {
  /// Appends to a file each time that reading reports progress, faster than it is read.
  private final class Writer: Sendable {
    let path: String
    let bytes: Data
    let appended = Mutex(0)
    /// Ends the test where reading would not.
    static let most = 40

    init(_ path: String, _ bytes: Data) throws {
      self.path = path
      self.bytes = bytes
      try Bytes.write(bytes, path)
    }

    func append() {
      appended.withLock { count in
        guard count < Self.most, let file = FileHandle(forWritingAtPath: path) else { return }
        count += 1
        _ = try? file.seekToEnd()
        try? file.write(contentsOf: bytes)
        try? file.close()
      }
    }
  }

  /// Each report of progress comes after 256 packets, and adds more than that.
  private func bytes(_ name: String) throws -> Data? {
    guard let path = try ClipMaker.shared.path(of: name) else { return nil }
    return try (0..<6).map { _ in try Bytes.read(path) }.reduce(Data(), +)
  }

  @Test(.timeLimit(.minutes(10)), arguments: ["mpeg2-ts", "h264-pyramid-ts"])
  func aFileThatGrowsFasterThanItIsReadIsIndexedAsItWas(_ name: String) throws {
    guard let bytes = try bytes(name) else { return }
    let folder = try TemporaryFolder()
    let writer = try Writer(folder.path + "/growing.ts", bytes)
    let before = try DecodeEngine(SessionOptions(writer.path))
    var options = SessionOptions(writer.path)
    options.progress = { part in if part < 1 { writer.append() } }
    let engine: DecodeEngine
    do {
      engine = try DecodeEngine(options)
    } catch let error as VABufError {
      #expect(error.code == .fileChanged && !error.remedy.isEmpty)
      return
    }
    let appended = writer.appended.withLock { $0 }
    #expect(0 < appended && appended < Writer.most, "reading went after the writer")
    #expect(engine.index.packets.count <= before.index.packets.count)
    #expect(engine.index.packets.count >= before.index.packets.count - 1)
    // What was indexed is there, while the file goes on growing, or the change is told.
    writer.append()
    do {
      let digests = try engine.digests()
      #expect(digests.count == engine.index.frames.count)
      let last = digests.count - 2
      #expect(try engine.frame(last / 2)?.md5() == digests[last / 2])
      #expect(try engine.frame(last)?.md5() == digests[last])
    } catch let error as VABufError {
      #expect(error.code == .fileChanged && !error.remedy.isEmpty, "\(error)")
    }
  }

  /// A kept index of the shorter file is not used for the longer one.
  @Test func aFileThatHasGrownIsIndexedAgain() throws {
    guard let path = try ClipMaker.shared.path(of: "h264-pyramid-ts") else { return }
    let folder = try TemporaryFolder()
    let bytes = try Bytes.read(path)
    let copy = folder.path + "/grown.ts"
    try Bytes.write(bytes.prefix(bytes.count / 2), copy)
    let short = try DecodeEngine(SessionOptions(copy, store: folder.store)).index.frames.count
    try Bytes.write(bytes, copy)
    let engine = try DecodeEngine(SessionOptions(copy, store: folder.store))
    #expect(short < engine.index.frames.count)
    #expect(try engine.digests() == Reference.cached(path).lines.map(\.md5))
  }
}
