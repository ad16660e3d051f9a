internal import CVABufShims
internal import FFmpegMedia
package import FrameModel
package import Logging

/// A decoder on a thread of its own: the engine, behind an actor whose executor is that thread.
package actor DecodeSession {
  private nonisolated let executor: DecodeExecutor
  private nonisolated let interrupt = InterruptFlag()
  private var engine: DecodeEngine?

  package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

  package init(name: String) {
    executor = DecodeExecutor(name: name)
  }

  // On the session's thread, like everything else that ends up in libavcodec or a driver.
  isolated deinit {}

  /// What is known of a stream once it is open.
  package struct Opened: Sendable {
    package var stream: StreamDescription
    package var index: FrameIndex
    package var decoderName: String
  }

  /// Opens the file, on the session's thread; indexes it where no index is kept.
  package func open(_ options: SessionOptions, allocator: any HostAllocator) throws -> Opened {
    if options.hasLowPriority { lowerPriority(options.logger) }
    let engine = try DecodeEngine(options, allocator: allocator, interrupt: interrupt)
    self.engine = engine
    return Opened(stream: engine.stream, index: engine.index, decoderName: engine.decoderName)
  }

  /// A third of the share of a thread that does not give way, where both want the same core.
  private static let stepsDown: Int32 = 5

  /// Of this thread, before libavcodec makes its own, which take over what it has.
  private func lowerPriority(_ logger: Logger) {
    let result = vabuf_lower_thread_priority(Self.stepsDown)
    // It decodes as well without.
    if result != 0 { logger.debug("the decoder's priority was not lowered", metadata: ["errno": "\(result)"]) }
  }

  /// Makes blocking reads fail, so that the session comes to an end soon. Any thread.
  package nonisolated func interruptReads() { interrupt.raise() }

  /// Closes the file and the decoder. Frames that were given out stay valid.
  package func close() {
    engine?.finish()
    engine = nil
  }

  /// Opens a device and goes on with it, from wherever `seek` says next.
  ///
  /// - Returns: the device, and the pictures that the decoder is going to make.
  /// - Throws: `DeviceFailure`; the decoder is then the one that it was.
  package func useDevice(
    of devices: HardwareDevices, at path: String?, cancel: CancelFlag, logger: Logger
  ) throws -> (device: HardwareDevice, run: SurfaceRun) {
    guard let engine else { throw Self.notOpen }
    if let obstacle = engine.hardwareObstacle {
      throw DeviceFailure(
        .unsupported, what: "hardware decoding", why: obstacle, remedy: "use `Options.backend` auto or software")
    }
    engine.dropParked()
    // A lost device ends with its last session; the driver may want that before it opens another one.
    if engine.hardware?.device.isLost == true { try engine.use(nil) }
    let device = try devices.device(at: path, for: engine.stream, logger: logger)
    let hardware = try HardwareSession(device, for: engine.stream, replacing: engine.hardware, cancel: cancel)
    do {
      try engine.use(hardware)
    } catch let error as VABufError {
      // A codec that libavcodec does not combine with VA-API, for one; software goes on.
      throw DeviceFailure(.unsupported, what: "VA-API on \(device.path)", why: error.why, remedy: error.remedy)
    }
    return (device, hardware.run)
  }

  /// Goes on in software.
  package func useSoftware() throws {
    guard let engine else { throw Self.notOpen }
    try engine.use(nil)
  }

  package var backend: Backend { engine?.backend ?? .software }
  package var position: Int? { engine?.position }
  package var decodedFrames: Int { engine?.decodedFrames ?? 0 }
  package var indexGeneration: Int { engine?.indexGeneration ?? 0 }
  package var index: FrameIndex? { engine?.index }

  /// How many decoders are open: the one at work, and those that wait.
  package var decoderCount: Int { engine?.decoderCount ?? 0 }

  /// How many decoders it may keep open from now on; in software no more than have room in memory.
  package func allow(decoders: Int, inMemory: Int) {
    engine?.mostDecoders = decoders
    engine?.mostInMemory = inMemory
  }

  package func seek(
    to number: Int, keeping: Int, needing: Int? = nil, isDemand: Bool = true, parks: Bool = true,
    end: DecodeEngine.RunEnd? = nil
  ) throws {
    guard let engine else { throw Self.notOpen }
    try engine.seek(to: number, keeping: keeping, needing: needing, isDemand: isDemand, parks: parks, end: end)
  }

  package func step() throws -> DecodeEngine.Step {
    guard let engine else { throw Self.notOpen }
    return try engine.step()
  }

  private static var notOpen: VABufError {
    VABufError(.closed, what: "decode session", why: "it is not open", remedy: "open it before it is used")
  }
}
