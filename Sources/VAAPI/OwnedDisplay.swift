internal import CVA
internal import Glibc
internal import Synchronization

/// A surface of a display, by libva's number. FFmpeg has the same in `AVFrame.data[3]`.
package typealias SurfaceID = UInt32

/// A message of libva or of its driver.
package enum DriverMessage: Hashable, Sendable {
  case error(String)
  case info(String)

  package var text: String {
    switch self {
    case .error(let text), .info(let text): text
    }
  }
}

/// Owns a `VADisplay` and the descriptor of its render node.
///
/// A class and not `~Copyable`: sessions on several threads share it, FFmpeg's device context points to it, and every
/// owner of a surface, image or config refers to it, so that none of them can outlive it. The last reference terminates
/// the display on the thread that drops it, then closes the descriptor: drop it on a thread that may block, not on one
/// of Swift's cooperative threads.
///
/// libva's calls are thread-safe; what a call does to one surface, image or context is for one thread at a time.
///
/// `@unchecked Sendable`: all stored properties are immutable, and libva locks by itself.
package final class OwnedDisplay: @unchecked Sendable {
  /// The node that it was opened on.
  package let path: String
  /// The version of VA-API that the driver speaks.
  package let version: (major: Int, minor: Int)
  /// The driver's name for itself, as `Intel iHD driver for Intel(R) Gen Graphics - 23.1.1 ()`.
  package let vendor: String
  /// The driver's file; nil where libva does not tell it.
  package let driverFile: String?
  /// Counts every libva call on this display.
  package let calls: VACalls
  /// The `VADisplay`, for FFmpeg's device context. Valid as long as this object.
  package let rawDisplay: UnsafeMutableRawPointer

  private let descriptor: Int32
  private let messages: Messages
  private static let alive = Atomic(0)

  /// How many displays are open in this process.
  package static var openCount: Int { alive.load(ordering: .acquiring) }

  /// Receives libva's messages. libva has a pointer to it from before `vaInitialize` to the end of `vaTerminate`.
  private final class Messages: Sendable {
    let receiver: @Sendable (DriverMessage) -> Void
    private let early = Mutex<[String]?>([])
    init(_ receiver: @escaping @Sendable (DriverMessage) -> Void) { self.receiver = receiver }

    func receive(_ message: DriverMessage) {
      early.withLock { $0?.append(message.text) }
      receiver(message)
    }

    /// What came while the display was opened; later messages are not kept.
    func takeEarly() -> [String] {
      early.withLock { early in
        defer { early = nil }
        return early ?? []
      }
    }
  }

  /// Opens a render node and starts its driver.
  ///
  /// Loads the driver into the process. May block as long as the driver likes, and a broken driver may crash: a probe
  /// does this in a process of its own.
  ///
  /// - Parameters:
  ///   - path: the node, as `/dev/dri/renderD128`.
  ///   - calls: counts the calls, and refuses them in tests.
  ///   - log: gets what libva and the driver have to say, from any thread, until the display is gone. Nothing is
  ///     printed.
  package static func open(
    path: String, calls: VACalls = VACalls(), log: @escaping @Sendable (DriverMessage) -> Void = { _ in }
  ) throws(DisplayError) -> OwnedDisplay {
    let descriptor = Glibc.open(path, O_RDWR | O_CLOEXEC)
    guard descriptor >= 0 else { throw DisplayError(path: path, step: .open(errno), messages: []) }
    let messages = Messages(log)
    var display: VADisplay?
    let status = calls.status(.vaGetDisplayDRM) {
      display = vaGetDisplayDRM(descriptor)
      return VAStatus.success.rawValue
    }
    guard status == .success, let display else {
      closeChecked(descriptor)
      throw DisplayError(path: path, step: .noDisplay, messages: messages.takeEarly())
    }
    // Both return the callback that was there before: libva's own printers.
    let context = Unmanaged.passUnretained(messages).toOpaque()
    _ = vaSetErrorCallback(display, { OwnedDisplay.forward($0, $1, DriverMessage.error) }, context)
    _ = vaSetInfoCallback(display, { OwnedDisplay.forward($0, $1, DriverMessage.info) }, context)
    var (major, minor): (Int32, Int32) = (0, 0)
    do {
      try calls.make(.vaInitialize) { vaInitialize(display, &major, &minor) }
    } catch {
      // The display's memory goes by this call alone, started or not.
      let end = calls.status(.vaTerminate) { vaTerminate(display) }
      if end != .success { log(.error("\(VACall.vaTerminate): \(end)")) }
      closeChecked(descriptor)
      throw DisplayError(path: path, step: .initialize(error.status), messages: messages.takeEarly())
    }
    return OwnedDisplay(
      path: path, version: (Int(major), Int(minor)), display: display, descriptor: descriptor, calls: calls,
      messages: messages)
  }

  private init(
    path: String, version: (major: Int, minor: Int), display: UnsafeMutableRawPointer, descriptor: Int32,
    calls: VACalls, messages: Messages
  ) {
    self.path = path
    self.version = version
    self.calls = calls
    self.descriptor = descriptor
    self.messages = messages
    rawDisplay = display
    vendor = vaQueryVendorString(display).map { String(cString: $0) } ?? ""
    driverFile = DriverFacts(messages.takeEarly()).file()
    Self.alive.add(1, ordering: .acquiringAndReleasing)
  }

  deinit {
    finish(.vaTerminate) { vaTerminate(rawDisplay) }
    // Drivers use it until the end of vaTerminate, the last messages came before it too.
    closeChecked(descriptor)
    Self.alive.subtract(1, ordering: .acquiringAndReleasing)
  }

  private static func forward(
    _ context: UnsafeMutableRawPointer?, _ text: UnsafePointer<CChar>?, _ make: (String) -> DriverMessage
  ) {
    guard let context, let text else { return }
    var line = String(cString: text)
    while line.last?.isNewline == true { line.removeLast() }
    guard !line.isEmpty else { return }
    Unmanaged<Messages>.fromOpaque(context).takeUnretainedValue().receive(make(line))
  }

  /// Makes a call that must succeed.
  func make(_ call: VACall, _ body: () -> Int32) throws(VAError) { try calls.make(call, body) }

  /// Makes a call that undoes something, where nobody is left to whom an error could be thrown: it goes to the log.
  func finish(_ call: VACall, _ body: () -> Int32) {
    let status = calls.status(call, body)
    if status != .success { messages.receiver(.error("\(call): \(status)")) }
  }
}
