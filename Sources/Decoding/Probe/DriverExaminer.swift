package import FrameModel
internal import Synchronization
internal import VAAPI

/// The VA driver of a node, started, and what it claims. Loads the driver into the process, which a broken one may take
/// with it: for a process that can be spared.
///
/// Any thread that may block; one at a time.
package final class DriverExaminer: Sendable {
  private let display = Mutex<OwnedDisplay?>(nil)

  package init() {}

  /// Starts the driver.
  package func start(_ path: String, environment: [String: String]) -> DriverReport {
    let heard = Heard()
    var report = DriverReport()
    var display: OwnedDisplay?
    do {
      display = try OwnedDisplay.open(path: path) { heard.add($0.text) }
      report.works = true
      report.vendor = display?.vendor
    } catch {
      report.failure = StepFailure(error)
    }
    report.messages = heard.all
    let facts = DriverFacts(report.messages)
    report.file = facts.file() ?? display?.driverFile
    report.fileExists = report.file.map { SystemTree().exists($0) }
    let named = environment["LIBVA_DRIVER_NAME"].flatMap { $0.isEmpty ? nil : $0 }
    report.name = report.file.flatMap(DriverFacts.name(ofFile:)) ?? named
    report.source = named == nil ? .libva : .environment
    report.apiVersion = facts.apiVersion ?? display.map { "\($0.version.major).\($0.version.minor)" }
    report.driverAPIVersion = facts.driverAPIVersion
    self.display.withLock { $0 = display }
    return report
  }

  /// Ends the driver.
  package func end() {
    let display = display.withLock { $0.take() }
    _ = consume display
  }

  private final class Heard: Sendable {
    private let lines = Mutex<[String]>([])
    var all: [String] { lines.withLock { $0 } }
    // What a driver says while it decodes is not kept.
    func add(_ line: String) { lines.withLock { if $0.count < 50 { $0.append(line) } } }
  }

  /// Everything that the driver says of itself. What it fails to say of one profile costs that profile only.
  package func claims() -> Claims {
    var claims = Claims()
    guard let display = display.withLock({ $0 }) else { return claims }
    do throws(VAError) {
      for profile in try display.profiles() { claims.profiles += Self.describe(profile, display) }
    } catch {
      claims.failure = StepFailure(error)
    }
    do throws(VAError) {
      claims.imageFormats = try display.imageFormats().map { "\($0.fourcc)" }
    } catch {
      claims.failure = claims.failure ?? StepFailure(error)
    }
    return claims
  }

  private static func describe(_ profile: VAProfile, _ display: OwnedDisplay) -> [Claims.Profile] {
    do throws(VAError) {
      return try display.entrypoints(of: profile).map { describe(profile, $0, display) }
    } catch {
      // It lists the profile, and does not have it: vainfo says nothing of those either.
      guard error.status != .unsupportedProfile else { return [] }
      var claim = Claims.Profile(profile: profile.name, entrypoint: "")
      claim.failure = StepFailure(error)
      return [claim]
    }
  }

  private static func describe(
    _ profile: VAProfile, _ entrypoint: VAEntrypoint, _ display: OwnedDisplay
  ) -> Claims.Profile {
    var claim = Claims.Profile(profile: profile.name, entrypoint: entrypoint.name)
    do throws(VAError) {
      let attributes = try display.attributes(profile, entrypoint)
      claim.rtFormats = attributes.rtFormats.names
      let prefix = "VAConfigAttrib"
      for (number, value) in attributes.values {
        let name = ConfigAttributes.name(number)
        claim.attributes[name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : name] = Int(value)
      }
      let config = try OwnedConfig(display, profile: profile, entrypoint: entrypoint)
      let surfaces = try display.surfaceCapabilities(of: config)
      claim.surfaceFormats = surfaces.formats.map { "\($0)" }
      (claim.minWidth, claim.minHeight) = (surfaces.minWidth, surfaces.minHeight)
      // Drivers tell the limit of the codec in one place, that of surfaces in the other, or only one of them.
      claim.maxWidth = least(attributes.maxWidth, surfaces.maxWidth)
      claim.maxHeight = least(attributes.maxHeight, surfaces.maxHeight)
      claim.memoryTypes = memoryTypes.filter { surfaces.memoryTypes & $0.0 != 0 }.map(\.1)
      claim.takesModifiers = surfaces.takesModifiers
    } catch {
      claim.failure = StepFailure(error)
    }
    return claim
  }

  private static func least(_ one: Int?, _ other: Int?) -> Int? {
    guard let one, let other else { return one ?? other }
    return min(one, other)
  }

  // The bits of VA_SURFACE_ATTRIB_MEM_TYPE_....
  private static let memoryTypes: [(UInt32, String)] = [
    (0x1, "VA"), (0x2, "V4L2"), (0x4, "USER_PTR"), (0x1000_0000, "KERNEL_DRM"), (0x2000_0000, "DRM_PRIME"),
    (0x4000_0000, "DRM_PRIME_2"), (0x800_0000, "DRM_PRIME_3"),
  ]

  /// Exports a surface of each format that decoders use, both ways.
  package func exports(_ claims: Claims) -> [Claims.Export] {
    guard let display = display.withLock({ $0 }) else { return [] }
    let decoded = Set(claims.profiles.filter(\.decodes).flatMap(\.surfaceFormats))
    let formats: [FourCC] = [.nv12, .p010].filter { decoded.isEmpty ? $0 == .nv12 : decoded.contains("\($0)") }
    return formats.flatMap { format in
      [SurfaceReference.Layers.composed, .separate].map { layers in
        var export = Claims.Export(
          format: "\(format)", layers: layers == .composed ? "composed" : "separate", works: false)
        do {
          let surfaces = try OwnedSurfaces(
            display, SurfaceDescription(format: format, width: 640, height: 480), count: 1)
          let shared = try surfaces[0].export(layers, timeout: .seconds(1))
          export.works = true
          export.layerFormats = shared.layers.map { "\($0.format)" }
          export.objects = shared.objects.count
          export.modifier = shared.objects.first.map { "0x" + String($0.modifier, radix: 16) }
        } catch let error as VAError {
          export.failure = StepFailure(error)
        } catch ExportError.refused(let error) {
          export.failure = StepFailure(error)
        } catch {
          export.failure = StepFailure(.failed, call: "vaExportSurfaceHandle", message: "\(error)")
        }
        return export
      }
    }
  }
}

extension StepFailure {
  init(_ error: VAError) {
    self.init(.failed, call: "\(error.call)", status: error.status.name, message: "\(error)")
  }

  init(_ error: DisplayError) {
    let status: String? =
      switch error.step {
      case .open(let number): errnoName(number)
      case .noDisplay: nil
      case .initialize(let status): status.name
      }
    self.init(.failed, call: error.call, status: status, message: error.error.why)
  }

  /// The failure in the words of an error that a decoder threw, and FFmpeg's own lines about it.
  ///
  /// - Parameter lines: what FFmpeg logged, oldest first.
  package init(_ error: VABufError, lines: [String]) {
    if let known = VAError(endOf: error.why) {
      self.init(known)
    } else if let line = lines.lazy.compactMap(FFmpegFailure.init(line:)).first {
      self.init(.failed, call: line.call, status: VAStatus(rawValue: line.status).name, message: "\(error.why)")
    } else {
      self.init(.failed, message: error.why)
    }
  }
}

/// A failed call of libva in FFmpeg's words, as `Failed to end picture decode issue: 23 (internal decoding error).`
struct FFmpegFailure: Hashable {
  var call: String
  var status: Int32

  /// How FFmpeg's lines begin (libavcodec/vaapi_decode.c, libavutil/hwcontext_vaapi.c), and the call that each is about.
  private static let calls: [(String, String)] = [
    ("begin picture", "vaBeginPicture"), ("upload decode parameters", "vaRenderPicture"),
    ("upload slices", "vaRenderPicture"), ("end picture", "vaEndPicture"),
    ("create parameter buffer", "vaCreateBuffer"), ("create slice parameter buffer", "vaCreateBuffer"),
    ("create slice data buffer", "vaCreateBuffer"), ("create decode configuration", "vaCreateConfig"),
    ("create decode context", "vaCreateContext"), ("query profiles", "vaQueryConfigProfiles"),
    ("query surface attributes", "vaQuerySurfaceAttributes"), ("create surface", "vaCreateSurfaces"),
    ("query image formats", "vaQueryImageFormats"),
  ]

  init?(line: String) {
    guard let start = line.firstRange(of: "Failed to ") else { return nil }
    let rest = line[start.upperBound...]
    guard let call = Self.calls.first(where: { rest.hasPrefix($0.0) })?.1, let colon = rest.lastIndex(of: ":") else {
      return nil
    }
    let digits = rest[rest.index(after: colon)...].drop { $0 == " " }.prefix { $0.isNumber || $0 == "-" }
    guard let status = Int32(digits) else { return nil }
    self.call = call
    self.status = status
  }
}
