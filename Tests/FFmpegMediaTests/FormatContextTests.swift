import FFmpegMedia
import Foundation
import FrameModel
import Testing
import VABufTestKit

/// Files that are not what they should be.
@Suite struct FormatContextTests {
  private func withFile<R>(_ bytes: Data, _ ext: String, _ body: (String) throws -> R) throws -> R {
    let path = NSTemporaryDirectory() + "/vabuf-" + UUID().uuidString + "." + ext
    try bytes.write(to: URL(fileURLWithPath: path))
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try body(path)
  }

  @Test func whatIsNotThereIsAnError() {
    for path in ["/nonexistent/clip.mp4", "", "http:", "concat:a|b"] {
      do {
        _ = try FormatContext.opened(path)
        Issue.record("\(path) was opened")
      } catch {
        #expect(error.call == "avformat_open_input", "\(path)")
        #expect(!error.code.description.isEmpty)
      }
    }
  }

  @Test(arguments: ["mp4", "mkv", "ts", "h264", "avi", "webm", "flv"])
  func garbageIsSurvived(_ ext: String) throws {
    var random = SeededRandom(for: "garbage \(ext)")
    for size in [0, 1, 100, 4096, 100_000] {
      let bytes = Data((0..<size).map { _ in UInt8.random(in: 0...255, using: &random) })
      try withFile(bytes, ext) { path in
        guard var format = try? FormatContext.opened(path) else { return }
        _ = format.videoStreams
        var packet = try Packet()
        for _ in 0..<1000 {
          packet.unref()
          guard case .packet = format.read(into: &packet) else { break }
        }
      }
    }
  }

  /// Media with its first bytes replaced, cut off, or of another container's name.
  @Test(arguments: ["h264-pyramid", "h264-pyramid-mkv", "h264-pyramid-ts", "vp9-alt-ref", "mpeg4-avi"])
  func truncatedAndMangledFilesAreSurvived(_ name: String) throws {
    guard let path = try ClipMaker.shared.path(of: name) else { return }
    let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    var random = SeededRandom(for: "mangled \(name)")
    for round in 0..<ShortRun.count(60) {
      var mangled = bytes.prefix(Int.random(in: 0...bytes.count, using: &random))
      for _ in 0..<round where !mangled.isEmpty {
        mangled[Int.random(in: 0..<min(mangled.count, 4096), using: &random)] = UInt8.random(
          in: 0...255, using: &random)
      }
      try withFile(Data(mangled), round % 3 == 0 ? "bin" : "mp4") { path in
        let allocator = TrackingAllocator()
        do {
          guard var decode = try? LinearDecode(path, threads: 1, allocator) else { return }
          for _ in 0..<200 { if try decode.next() == nil { break } }
        }
        #expect(allocator.tracker.alive == 0, "seed \(random.seed), round \(round)")
      }
    }
  }

  @Test func anInterruptedReadFails() throws {
    guard let path = try ClipMaker.shared.path(of: "h264-pyramid") else { return }
    let interrupt = InterruptFlag()
    interrupt.raise()
    do {
      _ = try FormatContext(path: path, interrupt: interrupt)
      Issue.record("an interrupted open went on")
    } catch {
      #expect(error.code == .interrupted)
    }
  }

  @Test func streamsAreDescribed() throws {
    guard let path = try ClipMaker.shared.path(of: "two-streams-codecs") else { return }
    let format = try FormatContext.opened(path)
    #expect(format.videoStreams.count == 2)
    #expect(Set(format.videoStreams.map(\.codec)).count == 2)
    #expect(format.byteCount == Int64(try Data(contentsOf: URL(fileURLWithPath: path)).count))
    #expect(format.extradata(of: 99).isEmpty)
  }

  /// A decoder is asked where that saves decoding, and only where its answer is all that libavformat wants to know.
  @Test(arguments: [
    ("vp9-alt-ref", "yuv420p"), ("vp9-444", "yuv444p"), ("vp9-alt-ref-mp4", "yuv420p"), ("h264-pyramid", "yuv420p"),
    ("h264-422-10", "yuv422p10le"),
    // Nobody says how far pictures are reordered; no DTS; no table; a codec that libavformat knows from its headers.
    ("h264-low-delay", nil), ("h264-pyramid-mkv", nil), ("h264-pyramid-ts", nil), ("hevc-open-gop", nil),
  ])
  func aDecoderSaysWhatPicturesThereAre(_ name: String, _ pixelFormat: String?) throws {
    guard let path = try ClipMaker.shared.path(of: name) else { return }
    var format = try FormatContext(path: path, interrupt: InterruptFlag())
    try format.askDecoder(of: 0)
    #expect(format.videoStreams.first?.pixelFormat?.name == pixelFormat, "\(name)")
  }
}
