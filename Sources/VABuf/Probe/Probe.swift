internal import Decoding
public import FrameModel

/// Finds out what this machine really decodes: reads what the system and the drivers say, decodes clips of its own and
/// compares the pictures, and names what is in the way.
///
/// ```swift
/// var options = Probe.Options()
/// options.worker = ["/usr/local/bin/vabuf", "probe-worker"]
/// let capabilities = try await Probe.run(options)
/// ```
public enum Probe {
  /// How to probe.
  public struct Options: Sendable {
    /// The program that examines devices, and its first arguments: `vabuf probe-worker`, or one that calls
    /// `ProbeWorker.run` with its last argument. Empty examines nothing that is not remembered: no driver is loaded.
    public var worker: [String] = []
    /// The node to look at; nil looks at all.
    public var device: String?
    /// What named that node, for findings: an option or a variable, as `VABUF_DEVICE`.
    public var deviceOrigin: String?
    /// Decode the clips; else only claims are read.
    public var decodes = true
    /// Measure again what is remembered.
    public var refreshes = false
    /// Keep the answers in the user's cache folder, and use those that are there.
    public var remembers = true
    /// Decode only the clips whose names begin so, as `h264` or `hevc-main10-2160p`; empty decodes all. A part is not
    /// remembered, nor taken from what is.
    public var clips: [String] = []
    /// How long nothing may come of a step, as of a clip, before it counts as hung; the whole step may take six times as
    /// long.
    public var stepLimit = Duration.seconds(10)
    /// Where the system is, for tests: a folder with `sys`, `dev`, `proc` and `etc`. No driver is loaded elsewhere than
    /// in `/`.
    public var root = "/"
    /// What the examining processes write to standard error is shown.
    public var showsErrors = false
    /// Called when something begins: what it is, and how much is done, from 0 to 1.
    public var progress: (@Sendable (String, Double) -> Void)?

    /// The defaults.
    public init() {}
  }

  /// Looks at the machine. Takes some seconds where much is to be decoded, and a moment where all is remembered.
  ///
  /// - Parameter options: what to look at, and how.
  /// - Throws: `CancellationError` only.
  public static func run(_ options: Options = Options()) async throws -> Capabilities {
    let cancel = CancelFlag()
    let capabilities = await withTaskCancellationHandler {
      await blocking { ProbeRun(options, cancel).run() }
    } onCancel: {
      cancel.raise()
    }
    if cancel.isRaised { throw CancellationError() }
    return capabilities
  }
}

extension Probe {
  /// What is remembered of nodes, for a stream. Opens no device, and never waits for a probe.
  static func remembered(_ paths: [String], _ stream: StreamDescription) -> [DeviceAdvice.Candidate] {
    let store = ProbeStore.ofUser(root: "/", environment: HostFacts.environment)
    return paths.map { path in
      let (evidence, driver) = store?.remembered(path) ?? ([], nil)
      return DeviceAdvice.Candidate(
        path: path, known: DeviceAdvice(evidence, driver: driver, for: stream), evidence: evidence)
    }
  }
}

extension ProbeStore {
  /// The store of this user; nil where no cache folder is known.
  static func ofUser(root: String, environment: [String: String]) -> ProbeStore? {
    IndexStore.userFolder(environment: environment).map {
      ProbeStore(
        folder: $0, root: root, environment: environment, version: VABufVersions.vabuf,
        clips: EvidenceClip.all.map(\.name))
    }
  }
}
