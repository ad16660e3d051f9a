internal import CAVCodec
internal import CAVFormat
internal import CAVUtil
internal import CSWScale

/// The software decoders of the FFmpeg that is loaded.
package enum FFmpegDecoders {
  /// The names of the decoders of a codec that need no device, the one that FFmpeg takes first.
  ///
  /// - Parameter codec: FFmpeg's name, as `h264`.
  package static func softwareNames(of codec: String) -> [String] {
    guard let descriptor = avcodec_descriptor_get_by_name(codec) else { return [] }
    var names: [String] = []
    var position: UnsafeMutableRawPointer?
    while let next = av_codec_iterate(&position) {
      let flags = next.pointee.capabilities
      guard next.pointee.id == descriptor.pointee.id, av_codec_is_decoder(next) != 0,
        flags & Int32(AV_CODEC_CAP_HARDWARE) == 0, flags & Int32(AV_CODEC_CAP_HYBRID) == 0
      else { continue }
      let name = String(cString: next.pointee.name)
      // libavcodec's own decoder of AV1 is for devices only; it does not say so in its flags.
      if name != "av1" { names.append(name) }
    }
    return names
  }

  /// How many threads a decoder takes that is told 0: one for each processor that the process may use, and one more, at most
  /// 16; one where there is one processor (libavcodec's frame_thread_init).
  package static var usualThreads: Int {
    let processors = Int(av_cpu_count())
    return processors > 1 ? min(processors + 1, 16) : 1
  }
}
