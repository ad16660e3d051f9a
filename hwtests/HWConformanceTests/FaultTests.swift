import Decoding
import Testing
import VABuf
import VABufTestKit

/// What readers see when the driver fails: every frame, exactly. `hwtests/sweep.sh` does the same for every call, hangs
/// too, in programs of their own; these are the kinds of failures, where sanitizers see them.
@Suite(.enabled(if: SoftwareDriver.isUsable, "\(SoftwareDriver.reason)"))
struct FaultTests {
  /// Reads a clip forward, and some of it again; all of it must be true.
  private func read(
    _ clip: Clip, _ controls: SoftwareDriverControls, surfaces: Int? = nil,
    _ body: ([FrameDescriptor], FrameBuffer) -> Void
  ) async throws {
    guard let clip = try SurfaceClips.make(clip) else { return }
    try await SoftwareDriver.run(controls) { run in
      var options = hardwareOptions(run.device, .auto)
      options.gpuSurfaces = surfaces
      let buffer = try await FrameBuffer.open(clip.path, options: options)
      try await Conformance.closing(buffer) { buffer in
        var seen: [FrameDescriptor] = []
        for try await frame in buffer.frames(0..<clip.md5s.count) {
          #expect(try FrameDigest.md5(frame) == clip.md5s[frame.number], "frame \(frame.number)")
          seen.append(frame.descriptor)
        }
        #expect(seen.map(\.number) == Array(0..<clip.md5s.count))
        for number in [clip.md5s.count - 1, 3, 70, 41] {
          let frame = try await buffer.frame(at: number)
          #expect(try FrameDigest.md5(frame) == clip.md5s[number], "frame \(number) again")
        }
        body(seen, buffer)
      }
    }
  }

  private static let calls = [
    "vaCreateContext", "vaCreateSurfaces", "vaCreateBuffer", "vaBeginPicture", "vaRenderPicture", "vaEndPicture",
    "vaSyncSurface", "vaDeriveImage", "vaCreateImage", "vaGetImage", "vaMapBuffer", "vaUnmapBuffer", "decode",
    "vaDestroyBuffer", "vaDestroyImage", "vaDestroySurfaces", "vaDestroyContext",
  ]

  @Test(arguments: ShortRun.sample(calls), [0, 39])
  func aCallThatFailsForEver(_ call: String, _ after: Int) async throws {
    try await read(SurfaceClips.long, SoftwareDriverControls(fail: ["\(call):after=\(after)"])) { _, _ in }
  }

  @Test(arguments: ShortRun.sample(calls), [0, 39])
  func aCallThatFailsOnce(_ call: String, _ after: Int) async throws {
    try await read(SurfaceClips.other, SoftwareDriverControls(fail: ["\(call):after=\(after):count=1"])) { _, _ in }
  }

  /// The driver tells of it to who waits for that picture only; those after it are wrong and say nothing.
  @Test(arguments: [SurfaceClips.long, SurfaceClips.other], [0, 1, 17, 39])
  func aPictureThatFailsAfterItWasTaken(_ clip: Clip, _ after: Int) async throws {
    try await read(clip, SoftwareDriverControls(fail: ["decode:after=\(after):count=1"])) { seen, buffer in
      #expect(buffer.metrics.fallbacks == 0 && seen.last?.backend == .vaapi)
      #expect(buffer.metrics.deviceOpenings == 2)
    }
  }

  /// libavcodec writes an error to its log, and nothing is wrong with the stream.
  @Test func aBufferThatIsNotDestroyedIsNoDamage() async throws {
    try await read(SurfaceClips.long, SoftwareDriverControls(fail: ["vaDestroyBuffer"])) { seen, buffer in
      #expect(seen.allSatisfy { $0.backend == .vaapi })
      #expect(buffer.metrics.deviceOpenings == 1)
    }
  }

  /// The decoder that is opened again takes the surfaces that were promised to the one before.
  @Test func reopeningFitsIntoATightBudget() async throws {
    guard let clip = try SurfaceClips.make(SurfaceClips.long) else { return }
    let surfaces = try SurfaceClips.needs(clip.path).most + 2
    let controls = SoftwareDriverControls(fail: ["vaEndPicture:after=120:count=1"])
    try await read(SurfaceClips.long, controls, surfaces: surfaces) { seen, buffer in
      #expect(seen.allSatisfy { $0.backend == .vaapi })
      #expect(buffer.metrics.fallbacks == 0 && buffer.metrics.deviceOpenings == 2)
    }
  }

  @Test func aLostDeviceIsOpenedAgain() async throws {
    try await read(SurfaceClips.long, SoftwareDriverControls(lost: "120")) { seen, buffer in
      #expect(seen.allSatisfy { $0.backend == .vaapi })
      #expect(Set(seen.map(\.deviceGeneration)) == [1, 2])
      #expect(buffer.metrics.fallbacks == 0)
    }
  }

  @Test func aDeviceThatIsLostAgainAndAgainIsLeft() async throws {
    try await read(SurfaceClips.long, SoftwareDriverControls(lost: "5:count=99")) { seen, buffer in
      #expect(buffer.metrics.fallbacks > 0 && seen.last?.backend == .software)
    }
  }

  @Test func aSlowDriverIsNotHung() async throws {
    try await read(SurfaceClips.other, SoftwareDriverControls(slow: ["decode=5"])) { seen, buffer in
      #expect(seen.allSatisfy { $0.backend == .vaapi })
      #expect(buffer.metrics.deviceOpenings == 1)
    }
  }

  /// Required hardware that fails for good is an error with a reason, and not for ever.
  @Test(arguments: ["vaEndPicture", "vaSyncSurface", "vaCreateContext"])
  func requiredHardwareThatFails(_ call: String) async throws {
    guard let clip = try SurfaceClips.make(SurfaceClips.long) else { return }
    try await SoftwareDriver.run(SoftwareDriverControls(fail: [call])) { run in
      let buffer = try await FrameBuffer.open(clip.path, options: hardwareOptions(run.device))
      try await Conformance.closing(buffer) { buffer in
        let error = try await #require(throws: VABufError.self) { _ = try await buffer.frame(at: 7) }
        #expect([.deviceFailed, .backendUnavailable].contains(error.code), "\(error)")
        #expect(error.what.contains(run.device), "\(error)")
      }
    }
  }
}
