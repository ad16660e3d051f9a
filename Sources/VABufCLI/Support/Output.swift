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

  /// Fails where writing to a path would destroy a file that is to be read, or was written before.
  ///
  /// - Parameter name: what that file is.
  static func refuse(_ path: String, as other: String, _ name: String = "the video itself") throws(VABufError) {
    guard isSame(path, other) else { return }
    throw VABufError(.cannotWrite, what: path, why: "it is \(name)", remedy: "name another file")
  }

  /// Whether two paths name the same file, be it there or not.
  private static func isSame(_ one: String, _ other: String) -> Bool {
    switch (identity(one), identity(other)) {
    case (let one?, let other?): one == other
    case (nil, nil):
      FilePath(one).lastComponent == FilePath(other).lastComponent && identity(folder(one)) == identity(folder(other))
    default: false
    }
  }

  /// Which file or folder a path leads to; nil where there is none. A terminal may be read and written at once.
  private static func identity(_ path: String) -> [UInt64]? {
    var status = stat()
    guard stat(path, &status) == 0, [S_IFREG, S_IFDIR].contains(status.st_mode & S_IFMT) else { return nil }
    return [UInt64(status.st_dev), UInt64(status.st_ino)]
  }

  private static func folder(_ path: String) -> String {
    let folder = FilePath(path).removingLastComponent()
    return folder.isEmpty ? "." : folder.string
  }

  /// Fails where a file cannot be written. Leaves nothing behind, and what is in it stays until there is something better.
  static func checkWritable(_ path: String) throws(VABufError) {
    var status = stat()
    let isThere = stat(path, &status) == 0
    // To open a pipe may wait for its reader, and a link to nothing is no new file.
    if isThere ? ![S_IFREG, S_IFDIR].contains(status.st_mode & S_IFMT) : lstat(path, &status) == 0 { return }
    do {
      try FileDescriptor.open(
        FilePath(path), .writeOnly, options: isThere ? [] : [.create, .exclusiveCreate], permissions: filePermissions
      ).close()
    } catch {
      throw cannotWrite(path, error)
    }
    // Its folder was written to a moment ago.
    if !isThere { _ = unlink(path) }
  }

  private static let filePermissions: FilePermissions = [.ownerReadWrite, .groupRead, .otherRead]

  private static func cannotWrite(_ path: String, _ error: any Error) -> VABufError {
    VABufError(
      .cannotWrite, what: path, why: "\(error)", remedy: "check the folder, its permissions and the space in it")
  }

  /// Writes a whole file.
  static func writeFile(_ path: String, _ bytes: [UInt8]) throws(VABufError) {
    do {
      let file = try FileDescriptor.open(
        FilePath(path), .writeOnly, options: [.create, .truncate],
        permissions: filePermissions)
      try file.closeAfter { _ = try file.writeAll(bytes) }
    } catch {
      throw cannotWrite(path, error)
    }
  }
}
