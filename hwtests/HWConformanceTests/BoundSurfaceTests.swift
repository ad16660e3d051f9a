import Testing
import VABuf
import VABufTestKit

import Decoding

/// A driver that binds surfaces to the decoder's context, as `nvidia-vaapi-driver` does before NVDEC: 32 for each context,
/// none of which another context may use. Using one wrongly is a misuse, at which `SoftwareDriver.run` throws.
@Suite(.enabled(if: SoftwareDriver.isUsable, "\(SoftwareDriver.reason)"))
struct BoundSurfaceTests {
  private func withBuffer(
    _ clip: Clip, surfaces: Int? = nil, _ body: @Sendable (FrameBuffer, [String]) async throws -> Void
  ) async throws {
    guard let (path, md5s) = try SurfaceClips.make(clip) else { return }
    let surfaces = try surfaces.map { try SurfaceClips.needs(path).most + $0 }
    try await SoftwareDriver.run(SoftwareDriverControls(binds: 32)) { run in
      var options = hardwareOptions(run.device)
      if let surfaces { options.gpuSurfaces = surfaces }
      let buffer = try await FrameBuffer.open(path, options: options)
      try await Conformance.closing(buffer) { buffer in try await body(buffer, md5s) }
    }
  }

  /// Forward, backward and shuffled; each frame on the GPU first, and read from there.
  private static func readAll(_ buffer: FrameBuffer, _ md5s: [String]) async throws {
    var shuffled = Array(md5s.indices)
    var generator = SeededRandom(seed: 5)
    shuffled.shuffle(using: &generator)
    let orders: [(String, [Int])] = [
      ("forward", Array(md5s.indices)), ("backward", md5s.indices.reversed()), ("shuffled", shuffled),
    ]
    for (order, numbers) in orders {
      for number in numbers {
        let onGPU = try await buffer.frame(at: number, in: .anywhere)
        #expect(onGPU.descriptor.backend == .vaapi, "\(order), frame \(number)")
        let frame = try await buffer.frame(at: number)
        #expect(try FrameDigest.md5(frame) == md5s[number], "\(order), frame \(number)")
      }
    }
    #expect(buffer.metrics.fallbacks == 0)
  }

  @Test(arguments: [SurfaceClips.long, SurfaceClips.other, SurfaceClips.hevc]) func everyOrderIsExact(_ clip: Clip)
    async throws
  {
    try await withBuffer(clip) { buffer, md5s in try await Self.readAll(buffer, md5s) }
  }

  @Test(arguments: [SurfaceClips.long, SurfaceClips.other]) func fewerSurfacesThanAContextTakes(_ clip: Clip)
    async throws
  {
    try await withBuffer(clip, surfaces: 2) { buffer, md5s in try await Self.readAll(buffer, md5s) }
  }

  /// A context keeps all of its surfaces from others: half of them are left to what does not only wait.
  @Test func decodersThatWaitLeaveHalf() async throws {
    guard let path = try SurfaceClips.make(SurfaceClips.long)?.path else { return }
    let most = try SurfaceClips.needs(path).most
    try await withBuffer(SurfaceClips.long, surfaces: 3 * most) { buffer, md5s in
      let decoders = try await SurfaceClips.decoders(for: buffer, md5s)
      #expect(decoders == 2)
    }
  }

  /// Pictures of another size have another context, and nothing of the old one. Whoever goes on in software for that is as
  /// exact.
  @Test(arguments: ["change-size-raw", "change-size-ts", "change-hevc", "change-small", "change-vp9"])
  func aChangeOfSizeIsExact(_ name: String) async throws {
    guard let path = try ClipMaker.shared.path(of: name) else { return }
    let md5s = try Reference.cached(path).lines.map(\.md5)
    try await SoftwareDriver.run(SoftwareDriverControls(binds: 32)) { run in
      let buffer = try await FrameBuffer.open(path, options: hardwareOptions(run.device, .auto))
      try await Conformance.closing(buffer) { buffer in
        #expect(buffer.stream?.backend == .vaapi || buffer.stream?.fallbackReason != nil)
        for number in md5s.indices {
          let frame = try await buffer.frame(at: number)
          #expect(try FrameDigest.md5(frame) == md5s[number], "\(name), frame \(number)")
        }
        print("\(name): \(buffer.metrics.fallbacks) fallbacks")
      }
    }
  }

  /// The driver keeps what waits for the decoder in a ring of 16, and each field is one of them: more is a misuse, and was a
  /// hang on a GPU.
  @Test(arguments: ["h264-paff-raw", "h264-paff-in-order"]) func fieldsDoNotOverflowTheDriver(_ name: String)
    async throws
  {
    guard let path = try ClipMaker.shared.path(of: name) else { return }
    let md5s = try Reference.cached(path).lines.map(\.md5)
    try await SoftwareDriver.run(SoftwareDriverControls(slow: ["decode=8"], binds: 32)) { run in
      let buffer = try await FrameBuffer.open(path, options: hardwareOptions(run.device))
      try await Conformance.closing(buffer) { buffer in try await Self.readAll(buffer, md5s) }
    }
  }

  /// The driver takes a VP8 frame's header from before the data that it is given, back to a multiple of 16. Where packets lie
  /// anywhere, as in Matroska, it would take something else: a misuse, and wrong pictures on a GPU.
  @Test(arguments: ["vp8-alt-ref-mkv", "vp8-alt-ref-ivf"]) func headersLieWhereTheDriverTakesThem(_ name: String)
    async throws
  {
    guard let path = try ClipMaker.shared.path(of: name) else { return }
    let md5s = try Reference.cached(path).lines.map(\.md5)
    try await SoftwareDriver.run(SoftwareDriverControls(binds: 32)) { run in
      let buffer = try await FrameBuffer.open(path, options: hardwareOptions(run.device))
      try await Conformance.closing(buffer) { buffer in try await Self.readAll(buffer, md5s) }
    }
  }

  /// One decoder, and hardly any frame is kept.
  private static func fewFrames(of path: String, _ device: String) throws -> FrameBuffer.Options {
    var options = hardwareOptions(device)
    options.gpuSurfaces = try SurfaceClips.needs(path).most + 4
    options.configuration = Configuration(
      ringFrames: 2, cacheFrames: 4, prefetchFrames: 1, poolBytes: 32 << 20, channelFrames: 2)
    return options
  }

  /// How many contexts were made.
  private static func contexts(_ run: SoftwareDriver.Run) throws -> Int {
    try run.reports().map { $0.calls["vaCreateContext"] ?? 0 }.reduce(0, +)
  }

  /// Going back to the first frame flushes the decoder as any other start does; HEVC then keeps its context.
  @Test func theStartOfTheFileTakesNoNewContext() async throws {
    guard let (path, md5s) = try SurfaceClips.make(SurfaceClips.hevc) else { return }
    try await SoftwareDriver.run(SoftwareDriverControls(binds: 32)) { run in
      let buffer = try await FrameBuffer.open(path, options: Self.fewFrames(of: path, run.device))
      try await Conformance.closing(buffer) { buffer in
        for number in [30, 120, 20, 140, 10, 130] {
          let frame = try await buffer.frame(at: number)
          #expect(try FrameDigest.md5(frame) == md5s[number], "frame \(number)")
        }
        #expect(buffer.metrics.decoders == 1)
      }
      #expect(try Self.contexts(run) == 1)
    }
  }

  /// At an IDR picture the decoder goes on without a flush, for which libavcodec makes another context in H.264. What it
  /// still had is passed over, also where the jump is within the group that it is in.
  @Test(arguments: ["h264-gop12", "h264-pyramid"]) func aJumpInH264TakesNoNewContext(_ name: String)
    async throws
  {
    guard let path = try ClipMaker.shared.path(of: name) else { return }
    let md5s = try Reference.cached(path).lines.map(\.md5)
    try await SoftwareDriver.run(SoftwareDriverControls(binds: 32)) { run in
      let buffer = try await FrameBuffer.open(path, options: Self.fewFrames(of: path, run.device))
      try await Conformance.closing(buffer) { buffer in
        var random = SeededRandom(for: "jumps in \(name)")
        for _ in 0..<60 {
          // The last frames drain the decoder, and then it has to be flushed.
          let number = Int.random(in: 0..<md5s.count - 16, using: &random)
          let frame = try await buffer.frame(at: number)
          #expect(try FrameDigest.md5(frame) == md5s[number], "frame \(number)")
        }
        #expect(buffer.metrics.decoders == 1 && buffer.metrics.fallbacks == 0)
      }
      let contexts = try Self.contexts(run)
      #expect(contexts <= 2, "\(contexts) contexts")
    }
  }

  /// Nor does a reader that goes backward, whose runs end.
  @Test func goingBackInH264TakesNoNewContext() async throws {
    guard let path = try ClipMaker.shared.path(of: "h264-gop12") else { return }
    let md5s = try Reference.cached(path).lines.map(\.md5)
    try await SoftwareDriver.run(SoftwareDriverControls(binds: 32)) { run in
      var options = hardwareOptions(run.device)
      options.gpuSurfaces = try SurfaceClips.needs(path).most + 16
      let buffer = try await FrameBuffer.open(path, options: options)
      try await Conformance.closing(buffer) { buffer in
        for try await frame in buffer.frames(0..<md5s.count, direction: .backward) {
          #expect(try FrameDigest.md5(frame) == md5s[frame.number], "frame \(frame.number)")
        }
        #expect(buffer.metrics.fallbacks == 0)
      }
      let contexts = try Self.contexts(run)
      // The end of the stream drains the decoder.
      #expect(contexts <= 2 * buffer.metrics.decoders, "\(contexts) contexts")
    }
  }

  /// Leases keep surfaces of contexts that are gone.
  @Test func framesOutliveTheContext() async throws {
    try await withBuffer(SurfaceClips.long) { buffer, md5s in
      var held: [FrameLease] = []
      for number in stride(from: 280, through: 0, by: -20) {
        held.append(try await buffer.frame(at: number, in: .anywhere))
      }
      #expect(held.contains { $0.residency == .gpu })
      for lease in held {
        let frame = try await buffer.frame(at: lease.number)
        #expect(try FrameDigest.md5(frame) == md5s[lease.number], "frame \(lease.number)")
      }
      #expect(buffer.metrics.fallbacks == 0)
    }
  }

  @Test(arguments: [2, 40]) func twoStreamsOnOneDevice(spare: Int) async throws {
    guard let first = try SurfaceClips.make(SurfaceClips.long), let second = try SurfaceClips.make(SurfaceClips.other)
    else { return }
    let surfaces = try SurfaceClips.needs(first.path).most + SurfaceClips.needs(second.path).most + spare
    try await SoftwareDriver.run(SoftwareDriverControls(binds: 32)) { run in
      var options = hardwareOptions(run.device)
      options.pool = MemoryPool(capacity: 128 << 20, surfaces: surfaces)
      let shared = options
      let one = try await FrameBuffer.open(first.path, options: shared)
      try await Conformance.closing(one) { one in
        // The first one has taken its surfaces, more than it needs, and its cache holds some.
        try await Self.readAll(one, Array(first.md5s.prefix(60)))
        let two = try await FrameBuffer.open(second.path, options: shared)
        try await Conformance.closing(two) { two in
          async let here: Void = Self.readAll(one, first.md5s)
          async let there: Void = Self.readAll(two, second.md5s)
          _ = try await (here, there)
          #expect(two.metrics.surfaceHighWater <= surfaces)
        }
      }
    }
  }
}
