import SystemPackage
import VABuf

#if canImport(Glibc)
  import Glibc
#endif

/// Standard input, output and error.
enum Standard {
  /// Opens what the shell closed (`>&-`), so that no video and no temporary file takes its number. Writing there fails.
  static func occupy() {
    for number: CInt in 0...2 where (try? FileDescriptor(rawValue: number).duplicate().close()) == nil {
      // It takes the lowest free number. Where even that fails, the first write says so.
      _ = try? FileDescriptor.open("/dev/null", .readOnly)
    }
  }
}

/// Standard output cannot be written.
enum OutputError: Error {
  /// The reader went away.
  case closed
  /// Anything else, as a full disk.
  case failed(String, Errno)

  /// What to say of it; nil for nothing.
  var line: String? {
    switch self {
    case .closed: nil
    case .failed(let what, let error): "\(what): \(error): free space there, or write elsewhere"
    }
  }
}

/// A file that is written, buffered, every error noticed.
///
/// Used by one task.
final class Output {
  private let file: FileDescriptor
  private let name: String
  private var buffer: [UInt8] = []
  private static let capacity = 1 << 16

  init(_ file: FileDescriptor = .standardOutput, name: String = "standard output") {
    self.file = file
    self.name = name
    buffer.reserveCapacity(Self.capacity)
  }

  func write(_ text: String) throws(OutputError) {
    buffer.append(contentsOf: text.utf8)
    if buffer.count >= Self.capacity { try flush() }
  }

  /// Writes a line now, so that a reader sees it before the next frame is decoded.
  func writeLine(_ text: String) throws(OutputError) {
    try write(text + "\n")
    try flush()
  }

  // The rows of a plane, as the library gives them; they are copied or written before it returns.
  func write(_ bytes: UnsafeRawBufferPointer) throws(OutputError) {
    if bytes.count >= Self.capacity {
      try flush()
      try attempt { _ = try file.writeAll(bytes) }
    } else {
      buffer.append(contentsOf: bytes)
      if buffer.count >= Self.capacity { try flush() }
    }
  }

  func flush() throws(OutputError) {
    guard !buffer.isEmpty else { return }
    defer { buffer.removeAll(keepingCapacity: true) }
    try attempt { _ = try file.writeAll(buffer) }
  }

  private func attempt(_ body: () throws -> Void) throws(OutputError) {
    do {
      try body()
    } catch let error as Errno {
      throw error == .brokenPipe ? .closed : .failed(name, error)
    } catch {
      throw .failed(name, .ioError)
    }
  }

  /// Fails where writing to a path would destroy the file that is to be read.
  static func refuse(_ path: String, as source: String) throws(VABufError) {
    var (target, origin) = (stat(), stat())
    // What is not there is not the same.
    guard stat(path, &target) == 0, stat(source, &origin) == 0, target.st_dev == origin.st_dev,
      target.st_ino == origin.st_ino
    else { return }
    throw VABufError(.cannotWrite, what: path, why: "it is the video itself", remedy: "name another file")
  }

  /// Writes a whole file.
  static func writeFile(_ path: String, _ bytes: [UInt8]) throws(VABufError) {
    do {
      let file = try FileDescriptor.open(
        FilePath(path), .writeOnly, options: [.create, .truncate],
        permissions: [.ownerReadWrite, .groupRead, .otherRead])
      try file.closeAfter { _ = try file.writeAll(bytes) }
    } catch {
      throw VABufError(
        .cannotWrite, what: path, why: "\(error)", remedy: "check the folder, its permissions and the space in it")
    }
  }
}
