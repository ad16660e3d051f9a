import Foundation

/// Runs the command that was built beside these tests.
struct Program {
  var status: Int32
  var output: Data
  var errors: String
  var seconds: Double

  var text: String { String(decoding: output, as: UTF8.self) }
  var lines: [String] { text.split(separator: "\n").map(String.init) }
  /// The lines of standard error.
  var complaints: [String] { errors.split(separator: "\n").map(String.init) }

  /// Standard output as a JSON object.
  func json() throws -> [String: Any] {
    try JSONSerialization.jsonObject(with: output) as? [String: Any] ?? [:]
  }

  /// `VABUF`, or the one in the folder of this test program.
  static let path: String = {
    if let path = ProcessInfo.processInfo.environment["VABUF"] { return path }
    let tests = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    return tests.deletingLastPathComponent().path + "/vabuf"
  }()

  /// Where the indexes of these tests are kept.
  static let cache = scratch("index")

  /// Of these tests alone; it goes with their process.
  private static let scratch: String = {
    atexit { try? FileManager.default.removeItem(atPath: Program.scratch) }
    return NSTemporaryDirectory() + "/vabuf-cli-tests-\(getpid())"
  }()

  /// A folder for files of these tests.
  static func scratch(_ name: String) -> String {
    let path = "\(scratch)/\(name)"
    try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    return path
  }

  /// Runs `vabuf` to its end.
  ///
  /// - Parameters:
  ///   - signal: what to send, and after how many seconds.
  static func vabuf(
    _ arguments: String..., output: String? = nil, environment: [String: String] = [:],
    signal: (number: Int32, after: Double)? = nil
  ) throws -> Program {
    try run(path, arguments, output: output, environment: environment, signal: signal)
  }

  /// Runs `ffmpeg`; it must end with 0.
  static func ffmpeg(_ arguments: [String]) throws -> Data {
    let result = try run("/usr/bin/env", ["ffmpeg", "-nostdin", "-v", "error", "-y"] + arguments)
    guard result.status == 0 else { throw Failure(message: "ffmpeg \(arguments): \(result.errors)") }
    return result.output
  }

  struct Failure: Error { var message: String }

  static func run(
    _ path: String, _ arguments: [String], output: String? = nil, environment: [String: String] = [:],
    signal: (number: Int32, after: Double)? = nil
  ) throws -> Program {
    let files = scratch(UUID().uuidString)
    defer { try? FileManager.default.removeItem(atPath: files) }
    let (outputPath, errorPath) = (output ?? files + "/out", files + "/err")
    for path in [outputPath, errorPath] where !FileManager.default.fileExists(atPath: path) {
      _ = FileManager.default.createFile(atPath: path, contents: nil)
    }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: path)
    process.arguments = arguments
    // Other tests set those of the driver for themselves, in this process, at the same time.
    let own = ["VABUF_", "LIBVA_", "SOFTVA_"]
    process.environment = ProcessInfo.processInfo.environment.filter { name, _ in !own.contains { name.hasPrefix($0) } }
      .merging(["VABUF_CACHE_DIR": cache]) { _, new in new }.merging(environment) { _, new in new }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try FileHandle(forWritingTo: URL(fileURLWithPath: outputPath))
    process.standardError = try FileHandle(forWritingTo: URL(fileURLWithPath: errorPath))
    let start = Date()
    try process.run()
    if let signal {
      Thread.sleep(forTimeInterval: signal.after)
      kill(process.processIdentifier, signal.number)
    }
    process.waitUntilExit()
    let status = process.terminationReason == .exit ? process.terminationStatus : 128 + process.terminationStatus
    return Program(
      status: status, output: output == nil ? try Data(contentsOf: URL(fileURLWithPath: outputPath)) : Data(),
      errors: String(decoding: try Data(contentsOf: URL(fileURLWithPath: errorPath)), as: UTF8.self),
      seconds: Date().timeIntervalSince(start))
  }
}
