import FFmpegMedia
import Foundation
import VAAPI

/// The software VA driver (`hwtests/SoftwareDriver`), in this process or in programs that a test starts.
///
/// A suite that needs it says `.enabled(if: SoftwareDriver.isUsable, SoftwareDriver.reason)`: where it cannot be
/// built, the suite is skipped, and the reason is printed.
public enum SoftwareDriver {
  /// What to open: with the driver, this is its render node.
  public static let device = "/dev/null"

  /// The driver's folder, built now if need be; or why there is none.
  private static let built: Result<String, SoftwareDriverError> = Result { () throws(SoftwareDriverError) in
    try build()
  }

  /// The driver can be used on this machine.
  public static var isUsable: Bool { (try? built.get()) != nil }

  /// Why it cannot be used.
  public static var reason: String {
    guard case .failure(let error) = built else { return "the software VA driver can be used" }
    return "\(error)"
  }

  /// Runs programs under the driver: `with-software-driver COMMAND...`, with `launcherEnvironment`.
  public static let launcher = repository + "/hwtests/with-software-driver"

  /// Where the launcher finds the driver that was built for this FFmpeg.
  public static let launcherEnvironment = ["SOFTVA_BUILD": buildFolder]

  private static let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

  // One for each FFmpeg: a repository may be mounted into another system.
  private static let buildFolder = repository + "/.build/softva-" + String(FFmpegVersions.fingerprint, radix: 16)

  private static func build() throws(SoftwareDriverError) -> String {
    do {
      let settings = launcherEnvironment.map { "\($0)=\($1)" }
      let folder = try Command.run("env", settings + [launcher, "printenv", "LIBVA_DRIVERS_PATH"])
      return folder.trimmingCharacters(in: .whitespacesAndNewlines)
    } catch {
      print("the software VA driver cannot be built: \(error)")
      throw SoftwareDriverError(reason: "the software VA driver cannot be built: \(error)")
    }
  }

  /// One run: what the driver was told, and what it wrote down.
  public struct Run: Sendable {
    /// The render node of the driver.
    public var device: String { SoftwareDriver.device }
    fileprivate let log: String

    /// What happened on each display that was terminated so far, oldest first.
    public func reports() throws -> [SoftwareDriverReport] { try SoftwareDriverReport.read(log) }
  }

  /// Runs `body` with the driver in this process. Runs one after the other: the driver's settings are of the process.
  ///
  /// All displays must be gone when `body` returns.
  ///
  /// - Parameters:
  ///   - controls: what the driver is to do wrong. `crash` and `hang` would take the test program with them: give those
  ///     to a program under `launcher`.
  ///   - expectsMisuse: misuse and leaks are part of the test. Else they are thrown.
  ///   - patience: how long to wait for displays that other threads are still closing when `body` returns.
  /// - Throws: what `body` throws; `SoftwareDriverError` for misuse, for what is still alive, or without the driver.
  @discardableResult
  public static func run<R>(
    _ controls: SoftwareDriverControls = SoftwareDriverControls(), expectsMisuse: Bool = false,
    patience: Duration = .seconds(5), isolation: isolated (any Actor)? = #isolation, _ body: (Run) async throws -> R
  ) async throws -> R {
    let folder = try built.get()
    let log = NSTemporaryDirectory() + "/softva-\(getpid())-\(UUID().uuidString).jsonl"
    defer { try? FileManager.default.removeItem(atPath: log) }
    let environment = SoftwareDriverControls.nothing.merging(
      ["LIBVA_DRIVERS_PATH": folder, "LIBVA_DRIVER_NAME": "softva", "SOFTVA_LOG": nil]) { _, new in new }
    return try await TestProcess.alone(nullIsRenderNode: true, environment: environment) {
      // The driver counts on where it is told the same again: a display without settings makes it forget.
      _ = try OwnedDisplay.open(path: device)
      try TestProcess.set(controls.environment)
      try TestProcess.set(["SOFTVA_LOG": log])
      let run = Run(log: log)
      let result = try await body(run)
      let end = ContinuousClock.now + patience
      while OwnedDisplay.openCount > 0, ContinuousClock.now < end { try await Task.sleep(for: .milliseconds(2)) }
      if !expectsMisuse {
        if OwnedDisplay.openCount > 0 { throw SoftwareDriverError(reason: "a display is still open") }
        for report in try run.reports() {
          if let complaint = report.complaint { throw SoftwareDriverError(reason: complaint) }
        }
      }
      return result
    }
  }
}

/// What the driver is to do wrong; the variables are those of `docs/software-va-driver.md`.
public struct SoftwareDriverControls: Hashable, Sendable {
  /// Calls that fail, as `vaEndPicture:after=3:count=1:status=DECODING_ERROR`.
  public var fail: [String]
  /// Calls that take longer, in milliseconds, as `vaEndPicture=20`.
  public var slow: [String]
  /// How many surfaces there may be.
  public var maxSurfaces: Int?
  /// How many surfaces a context takes, each for itself alone; nil where surfaces belong to no context.
  public var binds: Int?
  /// Which picture has wrong pixels, from 1.
  public var corrupt: Int?
  /// After how many pictures the device is lost.
  public var lost: String?
  /// Calls that never return, as `vaSyncSurface:after=2`.
  public var hang: [String]
  /// Calls that end the process.
  public var crash: [String]
  /// What it advertises, as `h264`; nil is all.
  public var codecs: [String]?

  /// Tells the driver what to do; nothing is wrong by itself.
  public init(
    fail: [String] = [], slow: [String] = [], maxSurfaces: Int? = nil, corrupt: Int? = nil, lost: String? = nil,
    hang: [String] = [], crash: [String] = [], codecs: [String]? = nil, binds: Int? = nil
  ) {
    self.fail = fail
    self.slow = slow
    self.maxSurfaces = maxSurfaces
    self.corrupt = corrupt
    self.lost = lost
    self.hang = hang
    self.crash = crash
    self.codecs = codecs
    self.binds = binds
  }

  /// The variables for a program under `SoftwareDriver.launcher`; nil takes one away.
  public var environment: [String: String?] {
    func list(_ items: [String]) -> String? { items.isEmpty ? nil : items.joined(separator: ",") }
    return [
      "SOFTVA_FAIL": list(fail), "SOFTVA_SLOW": list(slow), "SOFTVA_HANG": list(hang), "SOFTVA_CRASH": list(crash),
      "SOFTVA_MAX_SURFACES": maxSurfaces.map(String.init), "SOFTVA_CORRUPT": corrupt.map(String.init),
      "SOFTVA_BINDS": binds.map(String.init), "SOFTVA_LOST": lost, "SOFTVA_CODECS": codecs?.joined(separator: ","),
    ]
  }

  static let nothing = SoftwareDriverControls().environment
}

/// The driver could not be used, or was used wrongly.
public struct SoftwareDriverError: Error, CustomStringConvertible, Hashable {
  /// What is wrong.
  public let reason: String
  /// The message.
  public var description: String { reason }
}
