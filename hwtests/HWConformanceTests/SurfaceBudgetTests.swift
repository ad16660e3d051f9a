import Decoding
import Testing
import VABuf
import VABufTestKit

/// Few surfaces, and many who want them.
@Suite(.enabled(if: !TestDevice.all.isEmpty, "\(TestDevice.reason)"))
struct SurfaceBudgetTests {
  /// A buffer of 300 frames that has two surfaces more than its decoder may need.
  private func withFewSurfaces(
    _ device: TestDevice,
    _ body: @Sendable (FrameBuffer, _ clip: (path: String, md5s: [String]), _ surfaces: Int) async throws -> Void
  ) async throws {
    guard let clip = try SurfaceClips.make(SurfaceClips.long) else { return }
    let surfaces = try SurfaceClips.needs(clip.path).most + 2
    try await device.run { node in
      var options = hardwareOptions(node)
      options.gpuSurfaces = surfaces
      let buffer = try await FrameBuffer.open(clip.path, options: options)
      try await Conformance.closing(buffer) { buffer in try await body(buffer, clip, surfaces) }
    }
  }

  @Test(arguments: TestDevice.all) func aReaderThatHoldsLeasesDoesNotStarveTheDecoder(_ device: TestDevice) async throws
  {
    try await withFewSurfaces(device) { buffer, clip, surfaces in
      // Fills the cache with frames on the GPU.
      try await buffer.preload(0..<60)
      #expect(buffer.metrics.cachedSurfaces > 0)
      var held: [FrameLease] = []
      var next = 0
      for try await frame in buffer.frames(0..<300, in: .anywhere) {
        #expect(frame.number == next && frame.descriptor.backend == .vaapi)
        next += 1
        held.append(frame)
        if held.count > 8 { held.removeFirst() }
        let read = try await buffer.frame(at: frame.number)
        #expect(try FrameDigest.md5(read) == clip.md5s[frame.number], "frame \(frame.number)")
      }
      #expect(next == 300)
      let metrics = buffer.metrics
      #expect(metrics.demotions > 0)
      #expect(metrics.surfaceHighWater <= surfaces)
      #expect(metrics.fallbacks == 0)
    }
  }

  /// What demotions cost and what they save is counted.
  @Test(arguments: TestDevice.all) func aDemotedFrameIsNotDecodedAgain(_ device: TestDevice) async throws {
    try await withFewSurfaces(device) { buffer, clip, _ in
      // More than there are surfaces for; where too many would be downloaded at once, frames are evicted instead.
      for _ in 0..<50 where buffer.metrics.demotions == 0 { _ = try await buffer.preload(0..<60) }
      var demoted: [Int] = []
      for number in 0..<60 {
        guard let frame = try buffer.frameIfResident(at: number), frame.residency == .host else { continue }
        #expect(try FrameDigest.md5(frame) == clip.md5s[number], "frame \(number)")
        demoted.append(number)
      }
      #expect(!demoted.isEmpty)
      // What was looked for in vain is on its way, and may push others out.
      let metrics = buffer.metrics
      #expect(metrics.demotionsUsed >= demoted.count && metrics.demotionsUsed <= metrics.demotions)
      #expect(metrics.demotionDownloads > 0 && metrics.demotionNanoseconds > 0)
      #expect(metrics.demotionDownloads <= metrics.downloads)
    }
  }

  @Test(arguments: TestDevice.all) func whoHoldsEverythingIsTold(_ device: TestDevice) async throws {
    guard let clip = try SurfaceClips.make(SurfaceClips.long) else { return }
    let surfaces = try SurfaceClips.needs(clip.path).most + 2
    try await device.run { node in
      var options = hardwareOptions(node)
      options.pool = MemoryPool(capacity: 64 << 20, surfaces: surfaces, deadline: .milliseconds(1500))
      let buffer = try await FrameBuffer.open(clip.path, options: options)
      try await Conformance.closing(buffer) { buffer in
        var held: [FrameLease] = []
        let error = try await #require(throws: VABufError.self) {
          for number in 0..<clip.md5s.count { held.append(try await buffer.frame(at: number, in: .anywhere)) }
        }
        #expect(error.code == .surfacesExhausted, "\(error)")
        // Frames that were decoded ahead may have left their surfaces before it came to them.
        let inSurfaces = held.count { $0.residency == .gpu }
        #expect(inSurfaces > 4)
        #expect(error.why.contains("in use: \(inSurfaces) leased by the program"), "\(error)")
        // What it holds is true all the same, and so is what comes after letting go.
        for lease in held { #expect(lease.descriptor.backend == .vaapi) }
        let next = held.count
        #expect(next > 4)
        held = []
        for number in [next, 0, next + 1, clip.md5s.count - 1, 2] {
          let frame = try await buffer.frame(at: number)
          #expect(try FrameDigest.md5(frame) == clip.md5s[number], "frame \(number)")
          #expect(frame.descriptor.backend == .vaapi)
        }
      }
    }
  }

  @Test(arguments: TestDevice.all) func twoBuffersShareOneBudget(_ device: TestDevice) async throws {
    guard let first = try SurfaceClips.make(SurfaceClips.long), let second = try SurfaceClips.make(SurfaceClips.other)
    else { return }
    let surfaces = try SurfaceClips.needs(first.path).most + SurfaceClips.needs(second.path).most + 4
    try await device.run { node in
      var options = hardwareOptions(node)
      let pool = MemoryPool(capacity: 128 << 20, surfaces: surfaces)
      options.pool = pool
      let one = try await FrameBuffer.open(first.path, options: options)
      try await Conformance.closing(one) { one in
        let two = try await FrameBuffer.open(second.path, options: options)
        try await Conformance.closing(two) { two in
          async let forward: Void = Self.compare(one, first.md5s, .forward)
          async let backward: Void = Self.compare(two, second.md5s, .backward)
          _ = try await (forward, backward)
          #expect(one.metrics.surfaceHighWater <= surfaces)
        }
      }
    }
  }

  /// Where the budget is too small for both, the second one is decoded in software, or refused where that is not allowed.
  @Test(arguments: TestDevice.all) func aBudgetForOneIsNotPromisedTwice(_ device: TestDevice) async throws {
    guard let clip = try SurfaceClips.make(SurfaceClips.long), let other = try SurfaceClips.make(SurfaceClips.other)
    else { return }
    let surfaces = try SurfaceClips.needs(clip.path).most + 2
    try await device.run { node in
      let pool = MemoryPool(capacity: 128 << 20, surfaces: surfaces)
      var options = hardwareOptions(node)
      options.pool = pool
      let one = try await FrameBuffer.open(clip.path, options: options)
      try await Conformance.closing(one) { one in
        let refusal = try await #require(throws: VABufError.self) {
          _ = try await FrameBuffer.open(other.path, options: options)
        }
        #expect(refusal.why.contains("surfaces"), "\(refusal)")
        options.backend = .auto
        let two = try await FrameBuffer.open(other.path, options: options)
        try await Conformance.closing(two) { two in
          async let hardware: Void = Self.compare(one, clip.md5s, .forward)
          async let software: Void = Self.compare(two, other.md5s, .forward, .software)
          _ = try await (hardware, software)
        }
      }
    }
  }

  private static func compare(
    _ buffer: FrameBuffer, _ md5s: [String], _ direction: Direction, _ backend: Backend = .vaapi
  ) async throws {
    var seen = 0
    for try await frame in buffer.frames(0..<md5s.count, direction: direction) {
      #expect(try FrameDigest.md5(frame) == md5s[frame.number], "frame \(frame.number)")
      #expect(frame.descriptor.backend == backend)
      seen += 1
    }
    #expect(seen == md5s.count)
  }

  /// Decoders that wait are as many as the surfaces allow by what they hold as a rule; host memory, where they have no
  /// pictures, does not count.
  @Test(arguments: TestDevice.all) func decodersThatWaitNeedNoHostMemory(_ device: TestDevice) async throws {
    guard let clip = try SurfaceClips.make(SurfaceClips.long) else { return }
    let needs = try SurfaceClips.needs(clip.path)
    try await device.run { node in
      for backend in [BackendPreference.vaapi, .software] {
        var options = hardwareOptions(node, backend)
        options.hostMemory = 512 << 10
        options.gpuSurfaces = 4 * needs.most
        let buffer = try await FrameBuffer.open(clip.path, options: options)
        try await Conformance.closing(buffer) { buffer in
          let isOnDevice = backend == .vaapi
          let decoders = try await SurfaceClips.decoders(for: buffer, clip.md5s, isOnDevice ? .vaapi : .software)
          // Other drivers may have fewer surfaces, or bind them.
          if device == .softwareDriver || !isOnDevice { #expect(decoders == (isOnDevice ? 4 : 1)) }
        }
      }
    }
  }

  /// A device is there, and works; libavcodec just does not combine the codec with it.
  @Test(arguments: TestDevice.all) func codecsWithoutHardwareAreDecodedInSoftware(_ device: TestDevice) async throws {
    guard let path = try ClipMaker.shared.path(of: "ffv1") else { return }
    let expected = try Reference.cached(path).lines.map(\.md5)
    try await device.run { node in
      let buffer = try await FrameBuffer.open(path, options: hardwareOptions(node, .auto))
      try await Conformance.closing(buffer) { buffer in
        #expect(buffer.stream?.backend == .software && buffer.stream?.fallbackReason != nil)
        var count = 0
        for try await frame in buffer.frames(0..<expected.count) {
          #expect(frame.descriptor.backend == .software)
          #expect(try FrameDigest.md5(frame) == expected[count])
          count += 1
        }
        #expect(count == expected.count)
      }
      await #expect(throws: VABufError.self) { try await FrameBuffer.open(path, options: hardwareOptions(node)) }
    }
  }
}
