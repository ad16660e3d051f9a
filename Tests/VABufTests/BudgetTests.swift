import Testing
import VABuf
import VABufTestKit

/// How much a buffer holds, and what it does with too little.
@Suite(.timeLimit(.minutes(10))) struct BudgetTests {
  @Test func presetsHaveTheirNumbers() {
    func numbers(_ preset: Configuration) -> [Int] {
      [preset.ringFrames, preset.cacheFrames, preset.prefetchFrames, preset.poolBytes >> 20, preset.channelFrames]
    }
    #expect(numbers(.small) == [60, 200, 15, 200, 100])
    #expect(numbers(.hd) == [30, 100, 10, 500, 50])
    #expect(numbers(.uhd) == [15, 50, 5, 2048, 25])
    #expect(Configuration.small.poolBytes == 209_715_200 && Configuration.uhd.poolBytes == 2_147_483_648)
    #expect(Configuration.preset(width: 640, height: 360) == .small)
    #expect(Configuration.preset(width: 1280, height: 720) == .hd)
    #expect(Configuration.preset(width: 1920, height: 1080) == .hd)
    #expect(Configuration.preset(width: 3840, height: 2160) == .uhd)
  }

  @Test func automaticShrinksWithTheBudget() {
    let frame = 3 << 20
    var last = Configuration.automatic(frameBytes: frame, width: 1920, height: 1080, hostBytes: 1)
    #expect(
      last == Configuration(ringFrames: 1, cacheFrames: 1, prefetchFrames: 1, poolBytes: 1, channelFrames: 1))
    for frames in 1...400 {
      let bytes = frames * frame
      let configuration = Configuration.automatic(frameBytes: frame, width: 1920, height: 1080, hostBytes: bytes)
      #expect(configuration.cacheFrames == frames && configuration.poolBytes == bytes)
      #expect(configuration.ringFrames >= last.ringFrames && configuration.ringFrames <= max(1, frames / 3))
      #expect(configuration.prefetchFrames >= last.prefetchFrames && configuration.channelFrames >= last.channelFrames)
      #expect(configuration.prefetchFrames <= max(1, frames / 6) && configuration.channelFrames <= max(1, frames / 4))
      last = configuration
    }
    #expect(last.ringFrames == 30 && last.prefetchFrames == 10 && last.channelFrames == 50)
  }

  private func options(_ bytes: Int, threads: Int = 1) -> FrameBuffer.Options {
    var options = FrameBuffer.Options()
    options.keepsIndex = false
    options.threads = threads
    // The deadline is short so that the test is; the verdict does not depend on it.
    options.pool = MemoryPool(capacity: bytes, deadline: .milliseconds(20))
    return options
  }

  /// From nothing to plenty: every frame is right, or the error says that memory is exhausted. Nothing hangs.
  @Test(
    arguments: ["h264-pyramid", "vp9-alt-ref", "mjpeg-avi", "palette-once", "palette-change"],
    [1, 4096, 30_000, 70_000, 140_000, 300_000, 1 << 20])
  func tinyBudgetsGiveRightFramesOrAClearError(_ name: String, bytes: Int) async throws {
    guard let path = try ClipMaker.shared.path(of: name) else { return }
    let expected = try Reference.cached(path).lines.map(\.md5)
    do {
      let buffer = try await FrameBuffer.open(path, options: options(bytes))
      for number in [0, 1, 20, 10] {
        do {
          let frame = try await buffer.frame(at: number)
          #expect(try FrameDigest.md5(frame) == expected[number], "\(name), \(bytes) bytes: frame \(number)")
          #expect(bytes >= 30_000, "\(bytes) bytes hold no picture")
        } catch let error as VABufError {
          #expect(error.code == .hostMemoryExhausted, "\(error)")
          #expect(bytes < 1 << 20, "\(name), \(bytes) bytes are enough: \(error)")
        }
      }
      #expect(buffer.pool.metrics.highWaterBytes <= bytes)
      await buffer.close()
    } catch let error as VABufError {
      #expect(error.code == .hostMemoryExhausted, "\(error)")
    }
  }

  @Test func aBudgetThatIsNoneIsRefused() async throws {
    guard let path = try ClipMaker.shared.path(of: "h264-pyramid") else { return }
    for bytes in [0, -1] {
      var options = FrameBuffer.Options()
      options.hostMemory = bytes
      let error = await #expect(throws: VABufError.self) { try await FrameBuffer.open(path, options: options) }
      #expect(error?.code == .invalidConfiguration)
    }
  }

  private static let uhd = Clip(
    "uhd-color", "mp4", "large pictures", [],
    "-f lavfi -i color=s=3840x2160:r=25,trim=end_frame=40 -c:v libx264 -threads 1 -preset ultrafast -pix_fmt yuv420p")

  /// 40 frames of 12 MB through budgets that hold a part of them.
  @Test(arguments: ShortRun.sample([160, 300]))
  func theBudgetHoldsForLargePictures(megabytes: Int) async throws {
    guard case .made(let path) = try ClipMaker(clips: [Self.uhd]).file(of: Self.uhd) else { return }
    let expected = try Reference.cached(path).lines.map(\.md5)
    var options = FrameBuffer.Options()
    options.keepsIndex = false
    options.threads = 2
    options.hostMemory = megabytes << 20
    let buffer = try await FrameBuffer.open(path, options: options)
    var count = 0
    for try await frame in buffer.frames(0..<40) {
      #expect(try FrameDigest.md5(frame) == expected[count])
      count += 1
    }
    #expect(count == 40)
    for number in [39, 0, 20] { #expect(try FrameDigest.md5(await buffer.frame(at: number)) == expected[number]) }
    #expect(buffer.pool.metrics.highWaterBytes <= megabytes << 20)
    #expect(buffer.pool.metrics.highWaterBytes > 12 << 20)
    await buffer.close()
  }

  // MARK: - Time

  /// Against the plain definition, for clips with even, uneven and shuffled times.
  @Test(arguments: ["vfr-mp4", "vfr-gap", "rate-29.97", "edit-delay", "ts-offset", "mjpeg-avi"])
  func framesAreFoundByTime(_ name: String) async throws {
    guard let path = try ClipMaker.shared.path(of: name) else { return }
    var options = FrameBuffer.Options()
    options.keepsIndex = false
    let buffer = try await FrameBuffer.open(path, options: options)
    let base = try #require(buffer.stream?.timeBase.value)
    let times = buffer.timings.map(\.pts)
    #expect(times == times.sorted() && times.count == buffer.frameCount)
    for number in times.indices {
      for offset in [-1, 0, 1] as [Int64] {
        let ticks = times[number] + offset
        let before = times.lastIndex { $0 <= ticks } ?? 0
        let nearest = times.indices.min { abs(times[$0] - ticks) < abs(times[$1] - ticks) }
        #expect(try buffer.frameNumber(atSeconds: Double(ticks) * base) == before, "\(name): \(ticks)")
        #expect(try buffer.frameNumber(atSeconds: Double(ticks) * base, .nearest) == nearest, "\(name): \(ticks)")
        // Until the next tick, however long that takes.
        #expect(
          try buffer.frameNumber(atSeconds: (Double(ticks) + 0.8) * base) == before, "\(name): \(ticks) and a bit")
      }
    }
    let last = times.count - 1
    #expect(try buffer.frameNumber(atSeconds: -1e6) == 0 && buffer.frameNumber(atSeconds: 1e6) == last)
    #expect(try buffer.frameNumber(atSeconds: -1e300) == 0 && buffer.frameNumber(atSeconds: 1e300) == last)
    for seconds in [Double.nan, .infinity, -.infinity] {
      let error = #expect(throws: VABufError.self) { try buffer.frameNumber(atSeconds: seconds) }
      #expect(error?.code == .noSuchFrame)
    }
    let frame = try await buffer.frame(atSeconds: Double(times[last / 2]) * base)
    #expect(frame.number == last / 2 && frame.descriptor.timestamp.ticks == times[last / 2])
    await buffer.close()
  }
}
