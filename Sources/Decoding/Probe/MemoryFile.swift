internal import CVABufShims
package import FrameModel
internal import Glibc

/// A file in memory that no folder shows, gone with this object.
package final class MemoryFile: Sendable {
  private let descriptor: Int32

  /// - Parameter name: for messages.
  package init(_ name: String, _ bytes: [UInt8]) throws(VABufError) {
    let descriptor = vabuf_memory_file(name)
    guard descriptor >= 0 else {
      throw VABufError(.cannotWrite, what: name, why: String(cString: strerror(errno)), remedy: "free memory")
    }
    var written = 0
    while written < bytes.count {
      let count = bytes[written...].withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
      guard count > 0 else {
        let why = String(cString: strerror(errno))
        close(descriptor)
        throw VABufError(.cannotWrite, what: name, why: why, remedy: "free memory")
      }
      written += count
    }
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }

  /// Where it can be opened in this process.
  package var path: String { "/proc/self/fd/\(descriptor)" }
}
