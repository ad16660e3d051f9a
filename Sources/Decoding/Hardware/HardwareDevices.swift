internal import Dispatch
internal import FFmpegMedia
package import FrameModel
package import Logging
internal import Synchronization
internal import VAAPI

/// How long things of a device may take.
package struct Patience: Sendable {
  /// How long a decoder waits for a surface before its request fails.
  package var surface: Duration
  /// How long a call into a driver may take before it counts as a hang: the device is then given up.
  package var driver: Duration

  package init(surface: Duration, driver: Duration) {
    self.surface = surface
    self.driver = driver
  }
}

/// The devices that are open, each once, for all streams that share a budget of surfaces.
///
/// Any thread that may block: opening a device loads and starts its driver.
package final class HardwareDevices: Sendable {
  package let limits: SurfaceLimits
  package let patience: Patience
  /// What is known of nodes from earlier, without opening them.
  private let advice: @Sendable ([String], StreamDescription) -> [DeviceAdvice.Candidate]
  private let nodes: @Sendable () -> [String]
  private let state = Mutex(State())
  /// One opening at a time: two streams that start together share one device.
  private let gate = DispatchQueue(label: "vabuf.devices")

  private struct State {
    var open: [String: Weak] = [:]
    var generation = 0
    /// Nodes whose drivers did not return from a call: each try would cost another thread, and a deadline.
    var hung: Set<String> = []
  }

  private struct Weak {
    weak var device: HardwareDevice?
  }

  /// - Parameters:
  ///   - limits: of each device.
  ///   - patience: how long things may take.
  ///   - nodes: the devices that there are; nil asks the machine.
  ///   - advice: what is known of nodes for a stream from earlier, without opening them. Asked on a thread that may block,
  ///     once for each choice.
  package init(
    limits: SurfaceLimits, patience: Patience, nodes: (@Sendable () -> [String])? = nil,
    advice: @escaping @Sendable ([String], StreamDescription) -> [DeviceAdvice.Candidate] = { nodes, _ in
      nodes.map { DeviceAdvice.Candidate(path: $0) }
    }
  ) {
    self.nodes = nodes ?? { RenderNode.paths }
    self.limits = limits
    self.patience = patience
    self.advice = advice
  }

  /// The devices that are open now.
  package var open: [HardwareDevice] { state.withLock { $0.open.values.compactMap(\.device) } }

  private static let noNode = DeviceFailure(
    .noDevice, what: "VA-API", why: "this machine has no render node (/dev/dri/renderD*)",
    remedy: "name one with `Options.device`, or do without the GPU: `Options.backend` software, frames in host memory")

  private static func stuck(_ what: String) -> DeviceFailure {
    DeviceFailure(
      .noDevice, what: what, why: "the driver did not return from a call",
      remedy:
        "look for a GPU hang in `dmesg`; `Options.backend` software, with frames in host memory, does without the GPU")
  }

  private func hung(_ path: String) { state.withLock { _ = $0.hung.insert(path) } }

  /// A device that decodes a stream, by what its driver claims.
  ///
  /// - Parameters:
  ///   - path: the node, whatever is known of it; nil takes the best of all that there are, in the order of `DeviceAdvice`.
  ///     One that was seen to give wrong pictures, to fail, crash or hang is not opened.
  ///   - stream: what is to be decoded.
  ///   - logger: for what libva says.
  package func device(
    at path: String?, for stream: StreamDescription, logger: Logger
  ) throws(DeviceFailure) -> HardwareDevice {
    let result = gate.sync { () -> Result<HardwareDevice, DeviceFailure> in
      do throws(DeviceFailure) {
        return .success(try choose(path, stream, logger))
      } catch {
        return .failure(error)
      }
    }
    return try result.get()
  }

  /// A device for uploads: one that is open, or the first that opens. Does not block the calling thread, and gives up
  /// where a driver does not return from being started.
  package func any(at path: String?, logger: Logger) async throws(VABufError) -> HardwareDevice {
    if let device = open.first(where: { !$0.isLost && (path == nil || $0.path == path) }) { return device }
    let result = await withCheckedContinuation {
      (continuation: CheckedContinuation<Result<HardwareDevice, DeviceFailure>, Never>) in
      let once = ResumeOnce(continuation)
      // Whoever is in front may be stuck.
      after(patience.driver + patience.driver) { once.resume(returning: .failure(Self.stuck("VA-API"))) }
      gate.async { [self] in
        var failure = Self.noNode
        for path in path.map({ [$0] }) ?? nodes() {
          do throws(DeviceFailure) {
            once.resume(returning: .success(try open(path, logger)))
            return
          } catch {
            failure = error
          }
        }
        once.resume(returning: .failure(failure))
      }
    }
    do { return try result.get() } catch { throw error.error }
  }

  private func choose(
    _ path: String?, _ stream: StreamDescription, _ logger: Logger
  ) throws(DeviceFailure) -> HardwareDevice {
    if let path {
      let device = try open(path, logger)
      if let obstacle = obstacle(device, stream) { throw obstacle }
      return device
    }
    let nodes = nodes()
    guard !nodes.isEmpty else { throw Self.noNode }
    var obstacles: [DeviceFailure] = []
    for candidate in DeviceAdvice.order(advice(nodes, stream)) {
      let path = candidate.path
      if let obstacle = Self.obstacle(candidate.known, path) {
        obstacles.append(obstacle)
        continue
      }
      do {
        let device = try open(path, logger)
        let known = candidate.known.knowing(driver: device.display?.vendor, for: stream)
        guard let obstacle = obstacle(device, stream) ?? Self.obstacle(known, path) else { return device }
        obstacles.append(obstacle)
      } catch {
        obstacles.append(error)
      }
    }
    guard let first = obstacles.first else {
      throw Self.noNode
    }
    guard obstacles.count > 1 else { throw first }
    let why = obstacles.map { "\($0.what): \($0.why)" }.joined(separator: "; ")
    throw DeviceFailure(first.kind, what: "VA-API", why: why, remedy: first.remedy)
  }

  private func open(_ named: String, _ logger: Logger) throws(DeviceFailure) -> HardwareDevice {
    // libva finds no driver for a card; the render node beside it does as well.
    let path = RenderNode.path(toOpen: named)
    let (known, isHung) = state.withLock { ($0.open[path], $0.hung.contains(path)) }
    if isHung { throw Self.stuck("VA-API on \(path)") }
    if let device = known?.device, !device.isLost { return device }
    // One that was lost may have to be gone before it can be opened again.
    if known != nil, !DeviceTeardown.hasFinished(within: patience.driver) {
      hung(path)
      throw Self.stuck("VA-API on \(path)")
    }
    let display: OwnedDisplay
    let isThrough = CancelFlag()
    after(patience.driver) { [weak self] in if !isThrough.isRaised { self?.hung(path) } }
    defer { isThrough.raise() }
    do {
      display = try OwnedDisplay.open(path: path) { message in
        logger.debug("libva", metadata: ["device": "\(path)", "message": "\(message.text)"])
      }
    } catch {
      let error = error.error
      throw DeviceFailure(.noDevice, what: error.what, why: error.why, remedy: error.remedy)
    }
    let generation = state.withLock { state in
      state.generation += 1
      return state.generation
    }
    let device = try HardwareDevice(display, generation: generation, limits: limits, patience: patience)
    _ = device.watch.whenHung { [weak self] in self?.hung(path) }
    state.withLock { $0.open[path] = Weak(device: device) }
    return device
  }

  private func after(_ pause: Duration, _ body: @escaping @Sendable () -> Void) {
    DispatchQueue.global().asyncAfter(deadline: .now() + .nanoseconds(Int(pause.nanoseconds)), execute: body)
  }

  private static func obstacle(_ known: DeviceAdvice, _ path: String) -> DeviceFailure? {
    guard case .bad(let why) = known else { return nil }
    return DeviceFailure(
      .unsupported, what: "VA-API on \(path)", why: why,
      remedy: "`vabuf probe --refresh` finds out what it decodes right; `Options.device` \(path) takes it all the same")
  }

  /// Why the driver does not take a stream; nil where it says that it does.
  private func obstacle(_ device: HardwareDevice, _ stream: StreamDescription) -> DeviceFailure? {
    guard let display = device.display else {
      return device.loss
    }
    let profiles = VAProfile.candidates(for: stream)
    // A codec that is not known here: libavcodec decides.
    guard !profiles.isEmpty else { return nil }
    let format: RTFormats = SurfaceFormat(stream) == .p010 ? .yuv420x10 : .yuv420
    var last: DecodeSupport?
    for profile in profiles {
      let support = device.watch.watched {
        display.canDecode(profile, rtFormat: format, width: stream.width, height: stream.height)
      }
      if support.isSupported { return nil }
      last = last ?? support
    }
    guard let last else { return nil }
    let kind: DeviceFailure.Kind
    if case .failed = last { kind = .failed } else { kind = .unsupported }
    return DeviceFailure(
      kind, what: "VA-API on \(device.path)", why: last.reason ?? "it does not decode \(stream.codec)",
      remedy: "use `Options.backend` auto or software; `vabuf probe` shows what the device can")
  }
}

extension VAProfile {
  /// The profiles with which a driver could decode a stream, the best first; empty for codecs not known here.
  static func candidates(for stream: StreamDescription) -> [VAProfile] {
    let isDeep = SurfaceFormat(stream) == .p010
    switch stream.codec {
    case "h264":
      switch stream.profile {
      case "High": return [.h264High]
      case "Main": return [.h264Main, .h264High]
      default: return [.h264ConstrainedBaseline, .h264Main, .h264High]
      }
    case "hevc": return isDeep ? [.hevcMain10] : [.hevcMain, .hevcMain10]
    case "vp8": return [.vp8]
    case "vp9": return isDeep ? [.vp9Profile2] : [.vp9Profile0]
    case "av1": return [.av1Profile0]
    case "mpeg2video": return [.mpeg2Main, .mpeg2Simple]
    case "mjpeg": return [.jpegBaseline]
    default: return []
    }
  }
}
