import VABuf

/// A decoder of the benchmark's own: its frames hold nothing but the address that they were written to, so that a
/// reader can tell a copy.
struct PatternSource: FrameSource {
  let width: Int
  let height: Int

  /// Bytes of a frame.
  var byteCount: Int { width * height * 3 / 2 }

  func run(_ port: FramePort) async throws {
    var next = 0
    while let request = await port.nextRequest(position: next) {
      next = request.frames.lowerBound
      while next <= request.frames.upperBound, port.isCurrent(request, position: next) {
        try await port.send(frame(next, port))
        next += 1
      }
    }
  }

  private func frame(_ number: Int, _ port: FramePort) throws -> SourceFrame {
    let buffer = try port.lease(byteCount: byteCount)
    buffer.baseAddress.storeBytes(of: UInt64(UInt(bitPattern: buffer.baseAddress)), as: UInt64.self)
    let format = PixelFormat(
      name: "yuv420p", bitsPerComponent: 8, componentCount: 3, planeCount: 3, log2ChromaWidth: 1, log2ChromaHeight: 1,
      traits: .planar)
    let luma = width * height
    let layout = PictureLayout(
      width: width, height: height, format: format,
      planes: [
        PlaneLayout(offset: 0, stride: width, rowBytes: width, rows: height),
        PlaneLayout(offset: luma, stride: width / 2, rowBytes: width / 2, rows: height / 2),
        PlaneLayout(offset: luma * 5 / 4, stride: width / 2, rowBytes: width / 2, rows: height / 2),
      ])
    let descriptor = FrameDescriptor(
      number: number, timestamp: Timestamp(ticks: Int64(number), timeBase: Rational(1, 25)), layout: layout)
    return SourceFrame(descriptor: descriptor, buffer: buffer)
  }
}

extension FrameLease {
  /// The samples are no longer where the source wrote them.
  var isCopy: Bool {
    withPlane(0) { plane in
      plane.baseAddress.load(as: UInt64.self) != UInt64(UInt(bitPattern: plane.baseAddress))
    }
  }
}
