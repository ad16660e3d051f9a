import Foundation
import SystemPackage
import Testing
import VABufTestKit

@testable import Decoding

/// Kept indexes: whole and of the same file, or as good as none.
@Suite struct IndexStoreTests {
  private func identity(_ path: String) throws -> FileIdentity { try #require(FileIdentity(path: path, stream: 0)) }

  private func index(_ path: String) throws -> FrameIndex { try DecodeEngine(SessionOptions(path)).index }

  private func write(_ bytes: [UInt8], _ path: String) throws {
    try Data(bytes).write(to: URL(fileURLWithPath: path))
  }

  private func read(_ path: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: URL(fileURLWithPath: path))) }

  private func setTime(_ path: String, _ date: Date) throws {
    try FileManager.default.setAttributes([.modificationDate: date], ofItemAtPath: path)
  }

  @Test(
    arguments: ShortRun.sample(
      Clips.tagged([.h264]) + Clips.tagged([.vp9]) + Clips.tagged([.editList]) + Clips.tagged([.oddTimestamps])
        + Clips.tagged([.mpeg4])))
  func everyIndexComesBackAsItWas(_ clip: Clip) throws {
    guard let path = try ClipMaker.shared.path(of: clip.name) else { return }
    let folder = try TemporaryFolder()
    let index = try index(path)
    try folder.store.save(index, identity(path))
    #expect(folder.store.load(try identity(path)) == index, "\(clip.name)")
    #expect(folder.files.count == 1)
  }

  @Test func openingKeepsTheIndexAndUsesItAgain() throws {
    guard let path = try ClipMaker.shared.path(of: "h264-pyramid") else { return }
    let folder = try TemporaryFolder()
    let first = try DecodeEngine(SessionOptions(path, store: folder.store))
    #expect(folder.store.load(try identity(path)) == first.index)
    // A mark that only the kept index has.
    var marked = first.index
    marked.doubts = .order
    try folder.store.save(marked, identity(path))
    let second = try DecodeEngine(SessionOptions(path, store: folder.store))
    #expect(second.index == marked)
    #expect(try second.digests() == Reference.cached(path).lines.map(\.md5))
  }

  @Test func aChangedFileIsNotMatched() throws {
    guard let path = try ClipMaker.shared.path(of: "h264-gop12") else { return }
    let folder = try TemporaryFolder()
    let media = try TemporaryFolder()
    let copy = media.path + "/clip.mp4"
    let bytes = try read(path)
    try write(bytes, copy)
    let date = Date(timeIntervalSince1970: 1_000_000_000)
    try setTime(copy, date)
    let original = try identity(copy)
    let index = try index(copy)
    try folder.store.save(index, original)
    #expect(folder.store.load(try identity(copy)) == index)

    try setTime(copy, date + 1)
    #expect(folder.store.load(try identity(copy)) == nil, "another time")

    var other = bytes
    other[other.count / 2] ^= 1
    let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: copy))
    try handle.seek(toOffset: 0)
    try handle.write(contentsOf: Data(other))
    try setTime(copy, date)
    #expect(folder.store.load(try identity(copy)) == nil, "another content")

    try handle.seek(toOffset: 0)
    try handle.write(contentsOf: Data(bytes))
    try setTime(copy, date)
    #expect(folder.store.load(try identity(copy)) == index, "the same again")

    try handle.write(contentsOf: Data([0]))
    try handle.close()
    try setTime(copy, date)
    #expect(folder.store.load(try identity(copy)) == nil, "another size")
    #expect(FileIdentity(path: copy, stream: 1)?.fileName != original.fileName)
    #expect(folder.store.load(try #require(FileIdentity(path: copy, stream: 1))) == nil, "another stream")
  }

  @Test func whatIsNoFileHasNoIdentity() throws {
    #expect(FileIdentity(path: "/dev/null", stream: 0) == nil)
    #expect(FileIdentity(path: "/nonexistent", stream: 0) == nil)
    #expect(FileIdentity(path: "/", stream: 0) == nil)
  }

  @Test func damagedIndexesAreAsGoodAsNone() throws {
    guard let path = try ClipMaker.shared.path(of: "h264-two-frames-ts") else { return }
    let folder = try TemporaryFolder()
    let identity = try identity(path)
    let index = try index(path)
    try folder.store.save(index, identity)
    let name = try #require(folder.files.first)
    let file = folder.path + "/" + name
    let bytes = try read(file)
    #expect(bytes == IndexCoding.encode(index, identity: identity))
    #expect(IndexCoding.decode(bytes, identity: identity) == index)

    for position in bytes.indices {
      for bit in 0..<8 {
        var flipped = bytes
        flipped[position] ^= 1 << UInt8(bit)
        #expect(IndexCoding.decode(flipped, identity: identity) == nil, "bit \(bit) of byte \(position)")
      }
      #expect(IndexCoding.decode(Array(bytes.prefix(position)), identity: identity) == nil, "\(position) bytes")
    }
    for foreign: [UInt8] in [[], [0], Array("no index at all".utf8), bytes + [0], bytes.reversed()] {
      try write(foreign, file)
      #expect(folder.store.load(identity) == nil)
    }
    // The engine opens all the same, and puts a good one in its place.
    try write(Array(bytes.dropLast(3)), file)
    let engine = try DecodeEngine(SessionOptions(path, store: folder.store))
    #expect(engine.index == index)
    #expect(folder.store.load(identity) == index)
  }

  /// A right hash does not make nonsense an index.
  @Test func numbersOutOfRangeAreRefused() throws {
    guard let path = try ClipMaker.shared.path(of: "h264-two-frames-ts") else { return }
    let identity = try identity(path)
    let good = try index(path)
    var wrong = good
    wrong.seekPoints = [.init(packet: good.packets.count, firstFrame: 0)]
    #expect(IndexCoding.decode(IndexCoding.encode(wrong, identity: identity), identity: identity) == nil)
    wrong = good
    wrong.seekPoints = [.init(packet: -1, firstFrame: 0)]
    #expect(IndexCoding.decode(IndexCoding.encode(wrong, identity: identity), identity: identity) == nil)
    wrong = good
    wrong.frames[0].packet = Int32(good.packets.count)
    #expect(IndexCoding.decode(IndexCoding.encode(wrong, identity: identity), identity: identity) == nil)
  }

  @Test func writersAtOnceLeaveAWholeFile() throws {
    guard let path = try ClipMaker.shared.path(of: "h264-gop12") else { return }
    let folder = try TemporaryFolder()
    let store = folder.store
    let identity = try identity(path)
    let first = try index(path)
    var second = first
    second.frames.removeLast()
    second.doubts = .refuted
    let other = second
    try store.save(first, identity)
    DispatchQueue.concurrentPerform(iterations: ShortRun.count(200)) { round in
      #expect(throws: Never.self) { try store.save(round % 2 == 0 ? first : other, identity) }
      let loaded = store.load(identity)
      #expect(loaded?.frames == first.frames || loaded?.frames == other.frames)
    }
    #expect(folder.files.count == 1, "no draft stays behind")
  }

  @Test func aFolderThatCannotBeWrittenIsAnErrorOnlyOfSaving() throws {
    guard let path = try ClipMaker.shared.path(of: "h264-gop12") else { return }
    let folder = try TemporaryFolder()
    try write([], folder.path + "/file")
    let store = IndexStore(folder: FilePath(folder.path + "/file/below"))
    let engine = try DecodeEngine(SessionOptions(path, store: store))
    #expect(try engine.digests() == Reference.cached(path).lines.map(\.md5))
    #expect(throws: (any Error).self) { try store.save(engine.index, identity(path)) }
    #expect(store.load(try identity(path)) == nil)
  }

  @Test(
    arguments: [
      (["VABUF_CACHE_DIR": "/a", "XDG_CACHE_HOME": "/b", "HOME": "/c"], "/a"),
      (["VABUF_CACHE_DIR": "", "XDG_CACHE_HOME": "/b", "HOME": "/c"], "/b/vabuf"),
      (["XDG_CACHE_HOME": "relative", "HOME": "/c"], "/c/.cache/vabuf"), ([:], nil),
    ] as [([String: String], String?)])
  func theFolderFollowsTheEnvironment(environment: [String: String], folder: String?) {
    #expect(IndexStore.userFolder(environment: environment)?.string == folder)
  }
}
