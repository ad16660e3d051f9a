import Decoding
import FFmpegMedia
import FrameModel
import Logging
import Testing
import VABufTestKit

/// Which device is taken, by what a probe found out earlier.
@Suite(.enabled(if: SoftwareDriver.isUsable, "\(SoftwareDriver.reason)")) struct DeviceAdviceTests {
  private static let stream = StreamDescription(
    index: 0, codec: "h264", profile: "High", width: 1920, height: 1080, pixelFormat: nil,
    timeBase: Rational(1, 30), averageFrameRate: Rational(30, 1), nominalFrameRate: Rational(30, 1), rotation: 0,
    sampleAspectRatio: Rational(0, 1), reorderDepth: 2, isAttachedPicture: false, duration: nil)

  private func devices(_ advice: [String: DeviceAdvice]) -> HardwareDevices {
    HardwareDevices(
      limits: SurfaceLimits(surfaces: 32, bytes: 1 << 30),
      patience: Patience(surface: .seconds(5), driver: .seconds(10)), nodes: { ["/dev/zero", SoftwareDriver.device] },
      advice: { paths, _ in paths.map { DeviceAdvice.Candidate(path: $0, known: advice[$0] ?? .unknown) } })
  }

  private func take(
    _ advice: [String: DeviceAdvice], at path: String? = nil, for stream: StreamDescription = Self.stream,
    _ controls: SoftwareDriverControls = SoftwareDriverControls()
  ) async throws -> Result<String, DeviceFailure> {
    try await SoftwareDriver.run(controls) { _ in
      do throws(DeviceFailure) {
        let device = try devices(advice).device(at: path, for: stream, logger: Logger(label: "test"))
        return .success(device.path)
      } catch {
        return .failure(error)
      }
    }
  }

  @Test func withoutAdviceTheFirstThatWorksIsTaken() async throws {
    #expect(try await take([:]) == .success(SoftwareDriver.device))
  }

  @Test func aDeviceThatIsKnownToBeBadIsNotOpened() async throws {
    let bad = DeviceAdvice.bad("`vabuf probe` found that it crashes on h264-high-1080p")
    guard case .failure(let failure) = try await take([SoftwareDriver.device: bad]) else {
      Issue.record("it was taken")
      return
    }
    #expect(failure.why.contains("crashes on h264-high-1080p"))
    // Whoever names it takes it all the same.
    #expect(try await take([SoftwareDriver.device: bad], at: SoftwareDriver.device) == .success(SoftwareDriver.device))
  }

  @Test func aDeviceThatIsKnownToBeGoodIsTriedFirst() async throws {
    let good: [String: DeviceAdvice] = [
      SoftwareDriver.device: .good(framesPerSecond: 100), "/dev/zero": .bad("it is none"),
    ]
    #expect(try await take(good) == .success(SoftwareDriver.device))
  }

  /// As by its name nvidia-vaapi-driver does, which decodes these wrong without an error.
  @Test func whatADriverIsKnownToGetWrongIsNotGivenToItByChoice() async throws {
    let nvdec = SoftwareDriverControls(binds: 32)
    var fields = Self.stream
    fields.isInterlaced = true
    guard case .failure(let failure) = try await take([:], for: fields, nvdec) else {
      Issue.record("it was taken")
      return
    }
    #expect(failure.why.contains("is known to give wrong pictures for field pictures"))
    #expect(try await take([:], at: SoftwareDriver.device, for: fields, nvdec) == .success(SoftwareDriver.device))
    #expect(try await take([:], nvdec) == .success(SoftwareDriver.device))
    #expect(try await take([:], for: fields) == .success(SoftwareDriver.device), "another driver")
  }
}
