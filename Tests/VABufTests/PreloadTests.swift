import Testing
import VABuf

/// Frames of one byte each, delivered as they are asked for.
private struct TinySource: FrameSource {
  func run(_ port: FramePort) async throws {
    let format = PixelFormat(
      name: "gray", bitsPerComponent: 8, componentCount: 1, planeCount: 1, log2ChromaWidth: 0, log2ChromaHeight: 0,
      traits: [])
    let plane = PlaneLayout(offset: 0, stride: 1, rowBytes: 1, rows: 1)
    let layout = PictureLayout(width: 1, height: 1, format: format, planes: [plane])
    var next = 0
    while let request = await port.nextRequest(position: next) {
      next = request.frames.lowerBound
      while next <= request.frames.upperBound, port.isCurrent(request, position: next) {
        let descriptor = FrameDescriptor(
          number: next, timestamp: Timestamp(ticks: Int64(next), timeBase: Rational(1, 25)), layout: layout)
        try await port.send(SourceFrame(descriptor: descriptor, buffer: port.lease(byteCount: 1)))
        next += 1
      }
    }
  }
}

@Suite struct PreloadTests {
  @Test func keepsAllThatTheCacheHolds() async throws {
    let buffer = try FrameBuffer(source: TinySource(), configuration: .small, frameCount: 500)
    #expect(try await buffer.preload(10..<190) == 180)
    await buffer.close()
  }

  @Test func aSequenceKeepsItsBuffer() async throws {
    var count = 0
    let frames = try FrameBuffer(source: TinySource(), configuration: .small, frameCount: 500).frames(0..<50)
    for try await _ in frames { count += 1 }
    #expect(count == 50)
  }
}
