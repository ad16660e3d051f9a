package import FFmpegMedia
internal import FrameModel
internal import VAAPI

// What libavcodec wants of surfaces, in the words of libva.

extension SurfaceFormat {
  /// What a stream is decoded to.
  init(_ stream: StreamDescription) {
    self = (stream.pixelFormat?.bitsPerComponent ?? 8) > 8 ? .p010 : .nv12
  }

  var fourcc: FourCC { self == .nv12 ? .nv12 : .p010 }
  /// Significant bits of a sample.
  var bits: Int { self == .nv12 ? 8 : 10 }
  /// Bytes of a sample.
  var sampleBytes: Int { self == .nv12 ? 1 : 2 }
}

extension SurfaceShape {
  /// What a stream is decoded to, as far as its container tells; decoders may pad it.
  init(_ stream: StreamDescription) {
    self.init(width: stream.width, height: stream.height, format: SurfaceFormat(stream))
  }

  /// Bytes of one surface without what the driver adds.
  package var byteCount: Int { description.byteCount }

  var description: SurfaceDescription { SurfaceDescription(format: format.fourcc, width: width, height: height) }
}
