package import FFmpegMedia
package import FrameModel

/// Reads the packets of one video stream of one file, in order or from a known packet.
///
/// Used by one thread at a time.
package struct Demuxer: ~Copyable {
  package let path: String
  package let stream: StreamDescription
  private let interrupt: InterruptFlag
  package private(set) var format: FormatContext

  /// - Parameter stream: the number of a video stream in the file; nil takes the first that is not
  ///   a cover picture (docs/adr/0002-default-stream.md).
  package init(path: String, stream wanted: Int?, interrupt: InterruptFlag) throws {
    guard !FileIdentity.isPipe(path) else {
      throw VABufError(
        .cannotOpen, what: path, why: "it is a pipe, which can be read only once and in order",
        remedy: "write the video to a file first")
    }
    var format = try Self.open(path, wanted, interrupt)
    guard format.containerName != "tty" else {
      throw VABufError(
        .invalidMedia, what: path, why: "it is a text file, which FFmpeg would draw as ANSI art",
        remedy: "give a video file")
    }
    let streams = format.videoStreams
    guard var stream = Self.choose(wanted, of: streams) else {
      let list = streams.map { "\($0.index) (\($0.codec))" }.joined(separator: ", ")
      throw VABufError(
        .noVideoStream, what: path,
        why: wanted.map { "stream \($0) is no video stream" } ?? "the file has no video stream",
        remedy: streams.isEmpty ? "give a file with a picture in it" : "choose one of the video streams: \(list)")
    }
    format.select(stream: stream.index)
    if stream.codec == "h264" {
      let sets = H264SequenceSet.all(extradata: format.extradata(of: stream.index))
      // FFmpeg goes by the first picture, or by what the container says.
      if !sets.isEmpty { stream.isInterlaced = sets.contains { $0.mayHaveFields } }
      stream.hasMadeUpChroma = sets.contains { $0.isMonochrome }
    }
    self.path = path
    self.stream = stream
    self.interrupt = interrupt
    self.format = format
  }

  private static func choose(_ wanted: Int?, of streams: [StreamDescription]) -> StreamDescription? {
    if let wanted { return streams.first { $0.index == wanted } }
    return streams.first { !$0.isAttachedPicture } ?? streams.first
  }

  private static func open(_ path: String, _ wanted: Int?, _ interrupt: InterruptFlag) throws -> FormatContext {
    do {
      var format = try FormatContext(path: path, interrupt: interrupt)
      if let stream = choose(wanted, of: format.videoStreams) { try format.askDecoder(of: stream.index) }
      try format.findStreams()
      return format
    } catch {
      if error.code == .interrupted { throw CancellationError() }
      guard error.code == .invalidData else {
        throw error.error(.cannotOpen, what: path, remedy: "check the path and the permissions")
      }
      throw error.error(
        .invalidMedia, what: path, remedy: "give a video file that FFmpeg can read; if it was cut off, copy it again")
    }
  }

  /// Reads the next packet of the stream.
  ///
  /// - Returns: false at the end of the file, also where the file is cut off.
  package mutating func read(into packet: inout Packet) throws -> Bool {
    while true {
      packet.unref()
      switch format.read(into: &packet) {
      case .packet where packet.streamIndex == stream.index: return true
      case .packet: continue
      case .end: return false
      case .failed(.interrupted): throw CancellationError()
      case .failed(.outOfMemory): throw FFmpegError(call: "av_read_frame", code: .outOfMemory)
      // A cut-off or damaged file ends where it can no longer be read, as it does for the ffmpeg command.
      case .failed: return false
      }
    }
  }

  /// Starts again at the first packet.
  package mutating func rewind() throws {
    var fresh = try Self.open(path, stream.index, interrupt)
    fresh.select(stream: stream.index)
    format = fresh
  }

  package mutating func seek(to target: FormatContext.Target) throws(FFmpegError) {
    try format.seek(to: target)
  }
}
