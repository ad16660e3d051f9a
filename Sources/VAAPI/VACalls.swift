internal import Synchronization

/// The calls of libva that vabuf makes by itself, under libva's names. What FFmpeg calls is not among them.
package enum VACall: Int, Hashable, Sendable, CaseIterable {
  case vaGetDisplayDRM, vaInitialize, vaTerminate
  case vaQueryConfigProfiles, vaQueryConfigEntrypoints, vaGetConfigAttributes, vaQuerySurfaceAttributes
  case vaQueryImageFormats
  case vaCreateConfig, vaDestroyConfig
  case vaCreateSurfaces, vaDestroySurfaces, vaSyncSurface, vaSyncSurface2, vaQuerySurfaceStatus
  case vaCreateImage, vaDeriveImage, vaDestroyImage, vaGetImage, vaPutImage, vaMapBuffer, vaUnmapBuffer
  case vaExportSurfaceHandle

  /// Those that carry pixels between GPU and host: a path without copies makes none of them.
  package static let pixelAccess: Set<VACall> = [
    .vaCreateImage, .vaDeriveImage, .vaGetImage, .vaPutImage, .vaMapBuffer,
  ]

  /// Those that give something back.
  fileprivate var undoes: Bool {
    switch self {
    case .vaTerminate, .vaDestroyConfig, .vaDestroySurfaces, .vaDestroyImage, .vaUnmapBuffer: true
    default: false
    }
  }
}

/// The one door to libva: every call of this module that can fail passes here, is counted, and may be made to fail by
/// a test.
///
/// One for each display, or shared by several. Any thread; a count is an atomic, no lock is taken.
package final class VACalls: Sendable {
  // One counter a case of VACall; a test compares the numbers.
  static let count = 23
  private let counts = InlineArray<23, Atomic<Int>> { _ in Atomic(0) }
  private let refusal: (@Sendable (VACall) -> VAStatus?)?

  /// - Parameter refusal: asked before each call, on the thread that makes it; a status that it returns stands for the
  ///   result, and libva is not called, but for calls that give something back: these are made all the same, so that
  ///   what is alive in the end tells of vabuf alone. For tests and for `vabuf probe`.
  package init(refusal: (@Sendable (VACall) -> VAStatus?)? = nil) {
    self.refusal = refusal
  }

  /// How often the call was made, failures included.
  package func count(of call: VACall) -> Int { counts[call.rawValue].load(ordering: .relaxed) }

  /// How often any of these calls was made.
  package func count(of calls: Set<VACall>) -> Int { calls.reduce(0) { $0 + count(of: $1) } }

  /// All calls that were made, with their counts.
  package var made: [VACall: Int] {
    var made: [VACall: Int] = [:]
    for call in VACall.allCases where count(of: call) > 0 { made[call] = count(of: call) }
    return made
  }

  /// Makes a call and returns its status.
  func status(_ call: VACall, _ body: () -> Int32) -> VAStatus {
    counts[call.rawValue].add(1, ordering: .relaxed)
    guard let refused = refusal?(call) else { return VAStatus(rawValue: body()) }
    if call.undoes { _ = body() }  // its own failure would be the same to the caller
    return refused
  }

  /// Makes a call that must succeed.
  func make(_ call: VACall, _ body: () -> Int32) throws(VAError) {
    let status = status(call, body)
    guard status == .success else { throw VAError(call, status) }
  }
}
