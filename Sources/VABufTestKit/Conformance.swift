public import VABuf

/// What every decoder must do, a device or software: give the frames of a clip that ffmpeg gives in software, whatever the
/// order in which they are asked for.
public enum Conformance {
  /// Generated clips of everything that VA-API decodes to NV12 and P010: field and frame pictures, crops, odd sizes, hidden
  /// frames, several ways to begin in the middle, sizes that change.
  public static let clips = [
    "h264-pyramid", "h264-open-gop", "h264-open-gop-ts", "h264-open-gop-bare", "h264-intra-refresh", "h264-one-key",
    "h264-all-key", "h264-mbaff", "h264-paff-mixed", "h264-paff-mkv", "h264-slices", "h264-cavlc", "h264-weighted",
    "h264-ref16", "h264-gray", "h264-cropped", "h264-tiny", "h264-tiny-odd", "h264-raw-b", "change-size-mkv",
    "change-profile", "h264-pps-change-mkv", "vfr", "edit-two",
    "hevc-open-gop", "hevc-open-gop-raw", "hevc-radl", "hevc-slices", "hevc-odd", "hevc-main10", "hevc-cra-start",
    "hevc-pps-change-mkv", "change-hevc",
    "vp8-alt-ref", "vp8-odd", "vp9-alt-ref", "vp9-show-existing", "vp9-tiles", "vp9-odd", "vp9-10", "change-vp9",
    "mpeg2-ts", "mpeg2-interlaced", "mpeg2-closed", "change-mpeg2", "mjpeg-avi", "mjpeg-raw",
  ]

  /// What came of a clip.
  public enum Outcome: Sendable {
    /// So many frames were compared in each of the orders.
    case agreed(frames: Int)
    /// The device does not decode it: nothing was proven.
    case skipped(String)
    /// What was wrong.
    case differed([String])
  }

  /// Compares a clip with ffmpeg's list: forward, backward, shuffled with a small cache, and as leases in surfaces that
  /// are read on the host later.
  ///
  /// - Parameter node: the render node; nil decodes in software.
  public static func check(_ path: String, name: String, on node: String?) async throws -> Outcome {
    let reference = try Reference.cached(path).lines.map(\.md5)
    var options = FrameBuffer.Options()
    options.backend = node == nil ? .software : .vaapi
    options.device = node
    options.keepsIndex = false
    var report = Report(name: name, reference: reference, backend: node == nil ? .software : .vaapi)
    do {
      let buffer = try await FrameBuffer.open(path, options: options)
      try await closing(buffer) { try await inOrder($0, &report) }
      options.configuration = Configuration(
        ringFrames: 4, cacheFrames: 6, prefetchFrames: 2, poolBytes: 64 << 20, channelFrames: 2)
      let small = try await FrameBuffer.open(path, options: options)
      try await closing(small) { try await shuffled($0, &report) }
    } catch let error as VABufError where error.code == .backendUnavailable {
      return .skipped("\(error)")
    }
    return report.problems.isEmpty ? .agreed(frames: reference.count) : .differed(report.problems)
  }

  /// Closes a buffer also where its test throws: a device that stays open would be another complaint.
  public static func closing(_ buffer: FrameBuffer, _ body: (FrameBuffer) async throws -> Void) async throws {
    do {
      try await body(buffer)
    } catch {
      await buffer.close()
      throw error
    }
    await buffer.close()
  }

  private struct Report {
    let name: String
    let reference: [String]
    let backend: Backend
    var problems: [String] = []

    mutating func expect(_ condition: Bool, _ problem: @autoclosure () -> String) {
      if !condition, problems.count < 20 { problems.append("\(name): \(problem())") }
    }

    mutating func compare(_ lease: FrameLease, _ number: Int, _ order: String) throws {
      expect(lease.number == number, "\(order): frame \(lease.number) where \(number) was due")
      let wanted = reference.indices.contains(number) ? reference[number] : "nothing"
      let md5 = try FrameDigest.md5(lease)
      expect(md5 == wanted, "\(order): frame \(number) is \(md5), not \(wanted)")
      compareOrigin(lease, order)
    }

    mutating func compareOrigin(_ lease: FrameLease, _ order: String) {
      let origin = lease.descriptor
      expect(
        origin.backend == backend && (origin.deviceGeneration > 0) == (backend == .vaapi),
        "\(order): frame \(origin.number) comes from \(origin.backend), generation \(origin.deviceGeneration)")
    }
  }

  private static func inOrder(_ buffer: FrameBuffer, _ report: inout Report) async throws {
    let count = report.reference.count
    var next = 0
    for try await frame in buffer.frames(0..<Int.max) {
      try report.compare(frame, next, "forward")
      next += 1
    }
    report.expect(next == count, "forward: \(next) frames of \(count)")
    var last = count
    for try await frame in buffer.frames(0..<count, direction: .backward) {
      last -= 1
      try report.compare(frame, last, "backward")
    }
    report.expect(last == 0, "backward: \(last) frames are missing")
  }

  private static func shuffled(_ buffer: FrameBuffer, _ report: inout Report) async throws {
    let count = report.reference.count
    var random = SeededRandom(for: "shuffled \(report.name)")
    let numbers = (0..<count).shuffled(using: &random)
    for number in numbers.prefix(ShortRun.count(40) + 8) {
      try report.compare(try await buffer.frame(at: number), number, "shuffled")
    }
    // As a player has them: a few surfaces at once, some of which are read on the host after all.
    var held: [FrameLease] = []
    for try await frame in buffer.frames(0..<count, in: .anywhere) {
      report.expect(!frame.residency.isEmpty, "frame \(frame.number) is nowhere")
      report.compareOrigin(frame, "in surfaces")
      held.append(frame)
      if held.count > 4 {
        let old = held.removeFirst()
        try report.compare(try await buffer.frame(at: old.number, in: .host), old.number, "read later")
      }
    }
  }
}
