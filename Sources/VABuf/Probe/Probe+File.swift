internal import Decoding
public import FrameModel

extension Probe {
  /// A stream of a file, of which the head was read.
  public struct FileStream: Sendable {
    let path: String
    let stream: StreamDescription
  }

  /// Reads the head of a file.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - number: the stream's number in the file; nil takes the first video stream.
  /// - Throws: `VABufError`: `cannotOpen`, `invalidMedia` or `noVideoStream`.
  public static func stream(of path: String, _ number: Int? = nil) async throws -> FileStream {
    let read = await blocking { Result { try FilePlanner.stream(path, number) } }
    return FileStream(path: path, stream: try read.get())
  }

  /// Which way a file would be decoded on a machine, why, and what a buffer needs for it. Opens no device.
  ///
  /// - Parameters:
  ///   - file: the stream.
  ///   - capabilities: of the machine.
  ///   - backend: which decoders may be used.
  public static func plan(
    _ file: FileStream, on capabilities: Capabilities, backend: BackendPreference = .auto
  ) -> FilePlan {
    let stream = file.stream
    let rate = stream.averageFrameRate.value
    var plan = FilePlan(
      file: file.path, stream: stream.index, codec: stream.codec, profile: stream.profile, width: stream.width,
      height: stream.height, bitDepth: stream.bitDepth, pixelFormat: stream.pixelFormat?.name, chroma: stream.chroma,
      frameRate: rate.isFinite && rate > 0 ? rate : nil)
    let devices = capabilities.devices.filter(\.canRender)
    let order = DeviceAdvice.order(
      devices.map {
        DeviceAdvice.Candidate(path: $0.path, known: known($0, stream), evidence: $0.evidence)
      })
    plan.candidates = order.compactMap { way in devices.first { $0.path == way.path } }.map { device in
      backend == .software
        ? refused(device.path, "only software decoding is allowed") : candidate(device, stream)
    }
    plan.candidates.append(
      backend == .vaapi ? refused("software", "only VA-API is allowed") : software(capabilities.software, stream))
    decide(&plan)
    needs(&plan, stream, capabilities.host)
    return plan
  }

  /// Which way a file would be decoded on a machine, why, and what a buffer needs for it. Reads the head of the file, and
  /// opens no device.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - number: the stream's number in the file; nil takes the first video stream.
  ///   - capabilities: of the machine.
  ///   - backend: which decoders may be used.
  /// - Throws: `VABufError`: `cannotOpen`, `invalidMedia` or `noVideoStream`.
  public static func plan(
    _ path: String, stream number: Int? = nil, on capabilities: Capabilities, backend: BackendPreference = .auto
  ) async throws -> FilePlan {
    plan(try await stream(of: path, number), on: capabilities, backend: backend)
  }

  private static func refused(_ device: String, _ reason: String) -> FilePlan.Candidate {
    FilePlan.Candidate(device: device, takes: false, reason: reason)
  }

  private static func candidate(_ device: DeviceReport, _ stream: StreamDescription) -> FilePlan.Candidate {
    let row = device.evidence.row(for: stream)
    func answer(_ takes: Bool, _ reason: String) -> FilePlan.Candidate {
      FilePlan.Candidate(
        device: device.path, takes: takes, reason: reason, verdict: row?.verdict,
        framesPerSecond: row?.framesPerSecond)
    }
    guard let access = device.access else { return answer(false, "the node is not there") }
    guard access.isOpenable else { return answer(false, "it cannot be opened: \(access.reason ?? "denied")") }
    guard device.driver?.works == true, let claims = device.claims else {
      return answer(false, device.driver?.failure?.message ?? "its driver does not start")
    }
    if let obstacle = FilePlanner.obstacle(claims, stream) { return answer(false, obstacle) }
    if case .bad(let why) = known(device, stream) { return answer(false, "\(why); taken only where it is named") }
    guard FilePlanner.knowsProfiles(of: stream) else { return answer(true, "FFmpeg decides when it opens it") }
    guard let row, row.verdict == .exact else { return answer(true, "the driver claims it; nothing was proven") }
    return answer(true, "the driver claims it, and decodes \(row.clip) exactly")
  }

  private static func known(_ device: DeviceReport, _ stream: StreamDescription) -> DeviceAdvice {
    DeviceAdvice(device.evidence, driver: device.driver?.vendor, for: stream)
  }

  private static func software(_ report: SoftwareReport, _ stream: StreamDescription) -> FilePlan.Candidate {
    let decoders = SoftwareDecoders.names(of: stream.codec)
    let row = report.evidence.row(for: stream)
    guard let first = decoders.first else {
      return FilePlan.Candidate(device: "software", takes: false, reason: "FFmpeg has no decoder for \(stream.codec)")
    }
    return FilePlan.Candidate(
      device: "software", takes: true, reason: "FFmpeg decodes it by \(first)", verdict: row?.verdict,
      framesPerSecond: row?.framesPerSecond)
  }

  private static func decide(_ plan: inout FilePlan) {
    guard let way = plan.candidates.first(where: \.takes) else {
      plan.reason = plan.candidates.map { "\($0.device): \($0.reason)" }.joined(separator: "; ")
      return
    }
    plan.backend = way.device == "software" ? .software : .vaapi
    plan.device = way.device == "software" ? nil : way.device
    let others = plan.candidates.filter { !$0.takes }.map { "\($0.device): \($0.reason)" }
    plan.reason = ([way.reason] + others).joined(separator: "; ")
  }

  private static func needs(_ plan: inout FilePlan, _ stream: StreamDescription, _ host: HostReport) {
    let surfaces = SurfaceNeeds(stream)
    plan.surfaceBytes = surfaces.surfaceBytes
    plan.surfacesMost = surfaces.most
    plan.surfacesUsual = surfaces.usual
    let bytes = StreamInfo.bufferBytes(width: stream.width, height: stream.height, format: stream.pixelFormat)
    plan.frameBytes = bytes
    let budget = min(max(host.memoryBytes / 8, 256 << 20), 2 << 30)
    let automatic = Configuration.automatic(
      frameBytes: bytes, width: stream.width, height: stream.height, hostBytes: budget)
    let presets = [("small", Configuration.small), ("hd", .hd), ("uhd", .uhd), ("automatic", automatic)]
    plan.presets = presets.map { name, preset in
      FilePlan.Preset(
        name: name, cacheFrames: preset.cacheFrames, poolBytes: preset.poolBytes,
        cacheBytes: preset.cacheFrames * bytes, framesThatFit: preset.poolBytes / max(1, bytes))
    }
  }
}
