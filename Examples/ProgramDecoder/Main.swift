// A program with a decoder of its own: the buffer asks it for frames, keeps them, and holds it back.
import VABuf

/// Paints its frames instead of decoding them; any decoder that can seek fits in here.
struct Painter: FrameSource {
  let width = 320
  let height = 180

  func run(_ port: FramePort) async throws {
    var position: Int?
    // Nil: the buffer has closed.
    while let request = await port.nextRequest(position: position) {
      for number in request.frames {
        // Somebody may want another frame sooner by now, or nobody wants this one any more.
        guard port.isCurrent(request, position: number) else { break }
        do {
          // Suspends while the buffer has enough.
          try await port.send(paint(number, port))
        } catch let error as VABufError where error.code == .hostMemoryExhausted {
          port.fail(number...number, error)
        }
        position = number + 1
      }
    }
  }

  /// A bar that moves by one pixel a frame, in memory of the buffer's pool.
  private func paint(_ number: Int, _ port: FramePort) throws -> SourceFrame {
    let buffer = try port.lease(byteCount: width * height)
    for row in 0..<height {
      for column in 0..<width {
        let isBar = (column + width - number % width) % width < 16
        buffer.baseAddress.storeBytes(of: isBar ? 235 : 16, toByteOffset: row * width + column, as: UInt8.self)
      }
    }
    let gray = PixelFormat(
      name: "gray", bitsPerComponent: 8, componentCount: 1, planeCount: 1, log2ChromaWidth: 0, log2ChromaHeight: 0,
      traits: [])
    let plane = PlaneLayout(offset: 0, stride: width, rowBytes: width, rows: height)
    let layout = PictureLayout(width: width, height: height, format: gray, planes: [plane])
    let time = Timestamp(ticks: Int64(number), timeBase: Rational(1, 25))
    return SourceFrame(
      descriptor: FrameDescriptor(number: number, timestamp: time, duration: 1, layout: layout), buffer: buffer)
  }
}

@main enum Main {
  static func main() async throws {
    let buffer = try FrameBuffer(source: Painter(), configuration: .small, frameCount: 1000)
    for try await frame in buffer.frames(0..<100) {
      if frame.number % 25 == 0 { print("frame \(frame.number) at \(frame.descriptor.timestamp.seconds) s") }
    }
    let jump = try await buffer.frame(at: 700)
    print("frame \(jump.number), then back to frame \(try await buffer.frame(at: 99).number)")
    print("hit rate: \(buffer.metrics.overallHitRate)")
    await buffer.close()
  }
}
