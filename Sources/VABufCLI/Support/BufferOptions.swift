import ArgumentParser
import Logging
import Synchronization
import VABuf

#if canImport(Glibc)
  import Glibc
#endif

/// `--backend`.
enum BackendChoice: String, ExpressibleByArgument, CaseIterable {
  case auto, vaapi, software

  var preference: BackendPreference {
    switch self {
    case .auto: .auto
    case .vaapi: .vaapi
    case .software: .software
    }
  }
}

/// `--host-format`.
enum HostFormatChoice: String, ExpressibleByArgument, CaseIterable {
  case software, surface

  var format: HostFormat {
    switch self {
    case .software: .software
    case .surface: .surface
    }
  }
}

/// The options of every command that opens a file.
struct BufferOptions: ParsableArguments {
  // Numbers are parsed unconditionally, here and in the commands: -1 is then a value that can be told to be wrong, no option.
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("The stream's number in the file; by default the first video stream.", valueName: "n"))
  var stream: Int?

  @Option(
    help: ArgumentHelp("Which decoders may be used: auto, vaapi or software (VABUF_BACKEND).", valueName: "backend"))
  var backend: BackendChoice?

  @Option(help: ArgumentHelp("The render node for VA-API, as /dev/dri/renderD128 (VABUF_DEVICE).", valueName: "path"))
  var device: String?

  @Option(
    help: ArgumentHelp(
      "Memory for frames, as 512M or 2GiB; by default an eighth of the machine's, 256M to 2G.", valueName: "size"),
    transform: ByteSize.init(parsing:))
  var hostMemory: ByteSize?

  @Flag(help: "Let frames go where memory is short, instead of packing those that were not used lately.")
  var noPacking = false

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("The most surfaces on the GPU; software decoding needs none.", valueName: "n"))
  var gpuSurfaces: Int?

  @Option(
    help: ArgumentHelp(
      "How frames that hardware decoded lie in host memory: software (planes, the same bytes on every path) or surface "
        + "(NV12, P010).", valueName: "format"))
  var hostFormat = HostFormatChoice.software

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Threads of the decoder; 0 takes one a core and one more.", valueName: "n"))
  var threads: Int = 0

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Sessions that share the threads for a long range, each with a part of it; 1: none but one. As many as were "
        + "measured to be faster where it is left out.", valueName: "n"))
  var rangeSessions: Int?

  @Flag(help: "JSON on standard output, for programs.")
  var json = false

  @Flag(name: .shortAndLong, help: "No progress and no warnings.")
  var quiet = false

  @Flag(name: .shortAndLong, help: "Say on standard error what is done, FFmpeg's own lines too.")
  var verbose = false

  func validate() throws {
    if let stream, stream < 0 { throw ValidationError("--stream \(stream): streams are numbered from 0.") }
    if let gpuSurfaces, gpuSurfaces < 1 { throw ValidationError("--gpu-surfaces \(gpuSurfaces): give at least 1.") }
    guard (0...256).contains(threads) else { throw ValidationError("--threads \(threads): give 0 to 256.") }
    guard (1...256).contains(rangeSessions ?? 1) else {
      throw ValidationError("--range-sessions \(rangeSessions ?? 0): give 1 to 256.")
    }
    if quiet, verbose { throw ValidationError("--quiet and --verbose: give one of them.") }
    _ = try chosenBackend
    _ = try Self.deviceDeadline
  }

  private var chosenBackend: BackendChoice { get throws { try Self.chosenBackend(backend) } }

  /// The backend of an option, else of `VABUF_BACKEND`.
  static func chosenBackend(_ option: BackendChoice?) throws -> BackendChoice {
    if let option { return option }
    guard let text = variable("VABUF_BACKEND") else { return .auto }
    guard let backend = BackendChoice(rawValue: text) else {
      throw ValidationError("VABUF_BACKEND is '\(text)': set it to auto, vaapi or software.")
    }
    return backend
  }

  /// The render node that was asked for; nil where the first that works will do.
  var chosenDevice: String? { device ?? Self.variable("VABUF_DEVICE") }

  /// How long a driver may take for a call; nil takes the library's.
  private static var deviceDeadline: Duration? {
    get throws {
      guard let text = variable("VABUF_DEVICE_DEADLINE") else { return nil }
      guard let seconds = Double(text), (0.1...3600).contains(seconds) else {
        throw ValidationError("VABUF_DEVICE_DEADLINE is '\(text)': set it to seconds, 0.1 to 3600.")
      }
      return .seconds(seconds)
    }
  }

  static func variable(_ name: String) -> String? {
    guard let value = getenv(name) else { return nil }
    let text = String(cString: value)
    return text.isEmpty ? nil : text
  }

  /// A file to open, and what to call it in messages.
  struct Source {
    var path: String
    var name: String
    /// Keep the index for the next time.
    var keepsIndex = true
    var verifiesIndex = false

    init(_ path: String) {
      self.path = path
      name = path
    }
  }

  /// Opens a file, with a progress bar where it takes long; closes it after `body`, however that ends.
  func withBuffer<R>(
    _ source: Source, configuration: Configuration? = nil, lowPriority: Bool = false,
    _ body: (FrameBuffer) async throws -> R
  ) async throws -> R {
    let buffer = try await open(source, configuration, lowPriority: lowPriority)
    let result: R
    do {
      result = try await body(buffer)
      if buffer.frameCount == 0 {
        throw VABufError(
          .invalidMedia, what: source.path, why: "no frame of its video stream can be decoded",
          remedy: "if the file was cut off or damaged, copy it again")
      }
    } catch {
      await buffer.close()
      throw rename(error, source)
    }
    await buffer.close()
    return result
  }

  private func open(
    _ source: Source, _ configuration: Configuration?, lowPriority: Bool
  ) async throws -> FrameBuffer {
    let logger = startLogging()
    var options = FrameBuffer.Options()
    options.stream = stream
    options.backend = try chosenBackend.preference
    options.configuration = configuration
    options.hostMemory = hostMemory?.bytes
    options.packsFrames = !noPacking
    options.threads = threads
    options.rangeSessions = rangeSessions
    options.decodesAtLowPriority = lowPriority
    options.keepsIndex = source.keepsIndex
    options.verifiesIndex = source.verifiesIndex
    options.logger = logger
    options.device = chosenDevice
    options.gpuSurfaces = gpuSurfaces
    options.hostFormat = hostFormat.format
    if let deadline = try Self.deviceDeadline { options.deviceDeadline = deadline }
    let status = StatusLine(isOn: !quiet && !verbose, delay: .milliseconds(500), interval: .milliseconds(100))
    defer { status.end() }
    options.progress = { done in status.update { Self.bar(done, source.name) } }
    do {
      return try await FrameBuffer.open(source.path, options: options)
    } catch {
      throw rename(error, source)
    }
  }

  private func rename(_ error: any Error, _ source: Source) -> any Error {
    guard var error = error as? VABufError, source.name != source.path else { return error }
    error.what = error.what.replacing(source.path, with: source.name)
    return error
  }

  /// Sends log lines to standard error; FFmpeg's own only where all are wanted.
  private static let logLevel = Mutex(Logger.Level.warning)
  /// A process starts logging once, however many files it opens.
  private static let bootstrapped: Void = LoggingSystem.bootstrap { _ in ErrorLogHandler(logLevel.withLock { $0 }) }

  private func startLogging() -> Logger {
    let level: Logger.Level = verbose ? .debug : quiet ? .error : .warning
    Self.logLevel.withLock { $0 = level }
    _ = Self.bootstrapped
    let logger = Logger(label: "vabuf")
    if verbose { FFmpegLogging.forward(to: Logger(label: "ffmpeg")) } else { FFmpegLogging.silence() }
    return logger
  }

  private static func bar(_ done: Double, _ name: String) -> String {
    let share = min(max(done.isFinite ? done : 0, 0), 1)
    let filled = Int(share * 24)
    let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: 24 - filled)
    return "indexing [\(bar)] \(Text.left(Text.fixed(share * 100, 0), 3)) %  \(name)"
  }
}

/// A count of bytes, as people write it.
struct ByteSize: Equatable {
  var bytes: Int

  /// Reads `268435456`, `512M`, `1.5G`, `2GiB`, `500MB`: K, M, G, T and KiB... count by 1024, KB... by 1000.
  init(parsing text: String) throws {
    let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
    let unit = text.dropFirst(digits.count).trimmed.uppercased()
    let units: [String: Double] = [
      "": 1, "B": 1, "K": 0x1p10, "M": 0x1p20, "G": 0x1p30, "T": 0x1p40, "KIB": 0x1p10, "MIB": 0x1p20, "GIB": 0x1p30,
      "TIB": 0x1p40, "KB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12,
    ]
    guard let value = Double(digits), let factor = units[unit] else {
      throw ValidationError("'\(text)' is no size: give bytes, or a number with K, M, G, KiB, MiB or GiB, as 512M.")
    }
    let bytes = value * factor
    guard bytes >= 1, bytes < 9e18 else {
      throw ValidationError("'\(text)' is no size that can be had: give 1M or more.")
    }
    self.bytes = Int(bytes)
  }
}

extension Substring {
  /// Without spaces at both ends.
  var trimmed: Substring {
    var text = self
    while text.first?.isWhitespace == true { text.removeFirst() }
    while text.last?.isWhitespace == true { text.removeLast() }
    return text
  }
}
