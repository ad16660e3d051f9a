import SystemPackage
import VABuf

#if canImport(Glibc)
  import Glibc
#endif

/// The demo clip as a file that no folder shows.
final class DemoFile {
  private let file: FileDescriptor

  init() throws(VABufError) {
    do {
      let folder = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
      var name = Array("\(folder)/vabuf-demo.XXXXXX".utf8CString)
      let number = mkstemp(&name)
      guard number >= 0 else { throw Errno(rawValue: errno) }
      file = FileDescriptor(rawValue: number)
      guard unlink(name) == 0 else { throw Errno(rawValue: errno) }
      try file.writeAll(DemoClip.bytes())
    } catch {
      throw VABufError(
        .cannotWrite, what: "the demo clip", why: "\(error)", remedy: "name a folder that can be written with TMPDIR")
    }
  }

  // Nothing is left to be lost: the file has no name any more.
  deinit { try? file.close() }

  var source: BufferOptions.Source {
    var source = BufferOptions.Source("/proc/self/fd/\(file.rawValue)")
    source.name = "the demo clip"
    source.keepsIndex = false
    return source
  }
}
