import FFmpegMedia
import FrameModel
import Testing
import VABufTestKit

@testable import Decoding

/// What is known of a file once it is open, however little was decoded to learn it.
@Suite struct OpeningTests {
  /// What a demuxer gives.
  private struct Contents: Hashable {
    var streams: [StreamDescription]
    var extradata: [UInt8]
    var packets: [PacketRecord] = []
    /// Packets with something for the decoder beside them.
    var changes: [Int] = []

    init(_ format: borrowing FormatContext, of stream: Int) {
      streams = format.videoStreams
      extradata = format.extradata(of: stream)
    }

    mutating func add(_ packet: borrowing Packet) {
      if packet.changesDecoder { changes.append(packets.count) }
      packets.append(PacketRecord(packet))
    }
  }

  private func contents(_ demuxer: inout Demuxer) throws -> Contents {
    var contents = Contents(demuxer.format, of: demuxer.stream.index)
    var packet = try Packet()
    while try demuxer.read(into: &packet) { contents.add(packet) }
    return contents
  }

  /// As libavformat finds it out by decoding.
  private func decodedContents(_ path: String, stream: Int) throws -> Contents {
    var format = try FormatContext(path: path, interrupt: InterruptFlag())
    try format.findStreams()
    format.select(stream: stream)
    var contents = Contents(format, of: stream)
    var packet = try Packet()
    while case .packet = format.read(into: &packet) {
      if packet.streamIndex == stream { contents.add(packet) }
      packet.unref()
    }
    return contents
  }

  @Test(arguments: Clips.all)
  func whatADecoderSaysIsWhatDecodingTells(_ clip: Clip) throws {
    guard let path = try ClipMaker.shared.path(of: clip.name) else { return }
    var demuxer: Demuxer
    do {
      demuxer = try Demuxer(path: path, stream: nil, interrupt: InterruptFlag())
    } catch let error as VABufError where error.code == .invalidMedia || error.code == .noVideoStream {
      return
    }
    let expected = try decodedContents(path, stream: demuxer.stream.index)
    #expect(try contents(&demuxer) == expected, "\(clip.name)")
    try demuxer.rewind()
    #expect(try contents(&demuxer) == expected, "\(clip.name), opened again")
  }

  @Test(arguments: [
    ("h264-paff-raw", true), ("h264-paff-in-order", true), ("h264-paff-mixed", true), ("h264-paff-ts", true),
    ("h264-paff-mkv", true), ("h264-mbaff", true), ("h264-pyramid", false), ("h264-raw", false), ("mpeg2-ts", false),
  ])
  func whatMayHaveFieldsIsKnownAtOnce(_ name: String, _ isInterlaced: Bool) throws {
    guard let path = try ClipMaker.shared.path(of: name) else { return }
    let demuxer = try Demuxer(path: path, stream: nil, interrupt: InterruptFlag())
    #expect(demuxer.stream.isInterlaced == isInterlaced)
  }

  /// FFmpeg gives H.264 without chroma as 4:2:0.
  @Test(arguments: [
    ("h264-gray", "yuvj420p", "4:0:0"), ("h264-cavlc", "yuv420p", "4:2:0"), ("h264-422", "yuv422p", "4:2:2"),
    ("hevc-gray", "gray", "4:0:0"),
  ])
  func whatHasNoChromaIsKnownAtOnce(_ name: String, _ format: String, _ chroma: String) throws {
    guard let path = try ClipMaker.shared.path(of: name) else { return }
    let stream = try Demuxer(path: path, stream: nil, interrupt: InterruptFlag()).stream
    #expect(stream.pixelFormat?.name == format && stream.chroma == chroma)
  }

  /// As ffmpeg reads the streams' own parameter sets.
  @Test(
    .enabled(if: RealMedia.folder != nil, "\(RealMedia.reason)"), arguments: ShortRun.sample(RealMedia.files("h264")))
  func parameterSetsOfOthersAreReadAsFFmpegReadsThem(_ path: String) throws { try compareParameterSets(path) }

  /// These tell of chroma, too.
  @Test(arguments: [
    "h264-gray", "h264-pyramid", "h264-pyramid-raw", "h264-10", "h264-422", "h264-444-raw", "h264-lossless",
    "h264-mbaff",
  ])
  func parameterSetsOfHighProfilesAreReadAsFFmpegReadsThem(_ name: String) throws {
    guard let path = try ClipMaker.shared.path(of: name) else { return }
    let formats = try compareParameterSets(path)
    #expect(!formats.isEmpty, "a high profile says how chroma is sampled")
  }

  @discardableResult private func compareParameterSets(_ path: String) throws -> [Int] {
    let flags = try Reference.values(of: "frame_mbs_only_flag", in: path)
    let formats = try Reference.values(of: "chroma_format_idc", in: path)
    let stream = try Demuxer(path: path, stream: nil, interrupt: InterruptFlag()).stream
    #expect(!flags.isEmpty && stream.isInterlaced == flags.contains(0), "\(flags)")
    #expect(stream.hasMadeUpChroma == formats.contains(0), "\(formats)")
    return formats
  }
}
