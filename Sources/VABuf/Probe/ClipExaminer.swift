internal import Decoding
internal import FrameModel
internal import Logging
internal import Synchronization

/// Decodes a clip through a `FrameBuffer` and compares its pictures with those that are known.
struct ClipExaminer: Sendable {
  /// The node; nil for software.
  var device: String?
  /// What the driver fails at anyhow, for failures that say nothing of themselves.
  var knownFailure: StepFailure?
  /// Called whenever something came to its end: what is slow does not hang.
  var isAlive: @Sendable () -> Void = {}
  /// Memory that the clips share, so that only the first one pays for fresh pages.
  private let pool = MemoryPool(capacity: min(1 << 30, Environment.physicalMemory / 2))

  /// How long rates are measured at least.
  private static let rateTime = Duration.milliseconds(120)
  private static let logger = Logger(label: "vabuf.probe") { _ in SwiftLogNoOpLogHandler() }

  func examine(_ clip: EvidenceClip) async -> (Evidence, [DownloadRate]) {
    var evidence = Evidence(clip, .exact)
    var downloads: [DownloadRate] = []
    let heard = LogLines()
    LibraryLog.listen { heard.add($0) }
    do {
      let file = try MemoryFile("\(clip.name).\(clip.fileExtension)", clip.bytes)
      downloads = try await compare(clip, file.path, &evidence)
      if evidence.verdict == .exact, evidence.framesPerSecond == nil {
        evidence.framesPerSecond = try await rate(file.path)
      }
    } catch let error as VABufError {
      evidence.fail(error, heard.all, knownFailure)
    } catch let failure as DeviceFailure {
      evidence.fail(failure.error, heard.all, knownFailure)
    } catch {
      evidence.verdict = .fails
      evidence.reason = "\(error)"
    }
    LibraryLog.silence()
    return (evidence, downloads)
  }

  private func options(_ backend: BackendPreference) -> FrameBuffer.Options {
    var options = FrameBuffer.Options()
    options.backend = backend
    options.device = device
    options.keepsIndex = false
    options.logger = Self.logger
    // Whoever started this process has the clock.
    options.deviceDeadline = .seconds(3600)
    options.pool = pool
    return options
  }

  private func compare(
    _ clip: EvidenceClip, _ path: String, _ evidence: inout Evidence
  ) async throws -> [DownloadRate] {
    let buffer = try await FrameBuffer.open(path, options: options(device == nil ? .software : .vaapi))
    do {
      let downloads = try await compare(clip, path, buffer, &evidence)
      await buffer.close()
      return downloads
    } catch {
      await buffer.close()
      throw error
    }
  }

  private func compare(
    _ clip: EvidenceClip, _ path: String, _ buffer: FrameBuffer, _ evidence: inout Evidence
  ) async throws -> [DownloadRate] {
    // On a device it may be another one, as for AV1.
    if device == nil { evidence.decoder = buffer.stream?.decoder }
    let count = buffer.frameCount ?? 0
    let start = ContinuousClock.now
    let resident = try await buffer.preload(0..<count, onFrame: isAlive)
    let time = ContinuousClock.now - start
    // Long enough to be a measurement, and of decoding only.
    if device == nil, resident == count, time > Self.rateTime { evidence.framesPerSecond = Self.rate(count, time) }
    // In software, which is not in doubt, some of the large ones will do: what is predicted from a wrong one is wrong too.
    let compared = (0..<count).filter { device != nil || clip.height <= 1088 || $0 % 4 == 3 || $0 == count - 1 }
    let wrong = try await wrongFrames(clip, buffer, compared)
    (evidence.frames, evidence.wrongFrames) = (compared.count, wrong.count)
    var downloads: [DownloadRate] = []
    if evidence.wrongFrames > 0 {
      evidence.verdict = .differs
      evidence.psnr = try await psnr(Array(wrong.prefix(4)), buffer, path)
      evidence.reason = "\(evidence.wrongFrames) of \(evidence.frames) frames are not what they should be"
    } else if count != clip.frameCount {
      evidence.verdict = .differs
      evidence.reason = "\(count) frames came, the clip has \(clip.frameCount)"
    }
    if device != nil {
      let lease = try await buffer.frame(at: 0, in: .gpu)
      downloads = try await buffer.measureDownloads(of: lease)
    }
    return downloads
  }

  /// Those of the frames that are not what they should be, in order.
  private func wrongFrames(_ clip: EvidenceClip, _ buffer: FrameBuffer, _ numbers: [Int]) async throws -> [Int] {
    let backend: Backend = device == nil ? .software : .vaapi
    return try await withThrowingTaskGroup(of: Int?.self) { group in
      var wrong: [Int] = []
      for (position, number) in numbers.enumerated() {
        // A few at a time: digests run beside each other, and do not hold all frames in host memory.
        if position >= Environment.cores * 2, let done = try await group.next(), let done { wrong.append(done) }
        let lease = try await buffer.frame(at: number)
        guard lease.descriptor.backend == backend else {
          throw VABufError(
            .deviceFailed, what: clip.name, why: "frame \(number) was decoded in software",
            remedy: "report this with the output of `vabuf probe --json`")
        }
        let expected = number < clip.md5s.count ? clip.md5s[number] : ""
        group.addTask { try lease.md5() == expected ? nil : number }
        isAlive()
      }
      for try await number in group { if let number { wrong.append(number) } }
      return wrong.sorted()
    }
  }

  /// The ratio of the worst of these frames against software decoding.
  private func psnr(_ frames: [Int], _ buffer: FrameBuffer, _ path: String) async throws -> Double? {
    guard device != nil else { return nil }
    let reference = try await FrameBuffer.open(path, options: options(.software))
    var worst: Double?
    for number in frames where number < reference.frameCount ?? 0 {
      let lease = try await buffer.frame(at: number)
      let truth = try await reference.frame(at: number)
      isAlive()
      guard let value = lease.psnr(against: truth) else { continue }
      worst = min(worst ?? value, value)
    }
    await reference.close()
    return worst
  }

  private func rate(_ path: String) async throws -> Double? {
    let session = DecodeSession(name: "vabuf rate")
    _ = try await session.open(SessionOptions(path: path, logger: Self.logger), allocator: pool)
    if let device {
      _ = try await session.useDevice(of: pool.devices, at: device, cancel: CancelFlag(), logger: Self.logger)
    }
    let rate = try await session.decodeRate(within: Self.rateTime, isAlive)
    await session.close()
    await DeviceTeardown.finish(within: .seconds(3600))
    return rate.map { ($0.framesPerSecond * 10).rounded() / 10 }
  }

  private static func rate(_ frames: Int, _ time: Duration) -> Double {
    let seconds = Double(time.components.seconds) + Double(time.components.attoseconds) / 1e18
    return (Double(frames) / seconds * 10).rounded() / 10
  }
}

extension FrameBuffer {
  /// How fast a surface is downloaded, by each way of doing it.
  fileprivate func measureDownloads(of lease: FrameLease) async throws -> [DownloadRate] {
    guard let surface = lease.surface else { return [] }
    let pool = pool
    let result = await blocking {
      Result { try surface.device.access.measureDownloads(of: surface, pool) }
    }
    return try result.get()
  }
}

extension Evidence {
  init(_ clip: EvidenceClip, _ verdict: Verdict, reason: String? = nil) {
    self.init(
      clip: clip.name, codec: clip.codec, profile: clip.profile, width: clip.width, height: clip.height,
      bitDepth: clip.bitDepth, verdict: verdict, reason: reason)
  }

  /// Notes why decoding came to nothing.
  mutating func fail(_ error: VABufError, _ lines: [String], _ known: StepFailure?) {
    reason = error.why
    framesPerSecond = nil
    if error.code == .backendUnavailable || error.code == .unsupportedCodec {
      verdict = .notOffered
      return
    }
    var failure = StepFailure(error, lines: lines)
    if failure.call == nil, let known { failure = known }
    verdict = .fails
    (call, status) = (failure.call, failure.status)
  }
}

extension EvidenceClip {
  /// Those whose names begin so; all for none.
  static func all(_ prefixes: [String]) -> [EvidenceClip] {
    prefixes.isEmpty ? all : all.filter { clip in prefixes.contains { clip.name.hasPrefix($0) } }
  }
}
