package import SystemPackage

internal import FrameModel

#if canImport(Glibc)
  internal import Glibc
#endif

/// Keeps indexes in a folder, so that a file is indexed once.
///
/// Safe for several processes: a file appears under its name only when it is whole (written beside it, then renamed),
/// and one that is damaged, of another version or of another file is as good as none.
package struct IndexStore: Sendable {
  package let folder: FilePath

  package init(folder: FilePath) { self.folder = folder }

  /// `$VABUF_CACHE_DIR`, else `$XDG_CACHE_HOME/vabuf`, else `~/.cache/vabuf`; nil where none of them is set.
  package static func userFolder(environment: [String: String]) -> FilePath? {
    if let path = environment["VABUF_CACHE_DIR"], !path.isEmpty { return FilePath(path) }
    if let path = environment["XDG_CACHE_HOME"], path.hasPrefix("/") { return FilePath(path).appending("vabuf") }
    if let path = environment["HOME"], path.hasPrefix("/") { return FilePath(path).appending(".cache/vabuf") }
    return nil
  }

  /// The kept index of a file; nil where there is none that fits.
  package func load(_ identity: FileIdentity) -> FrameIndex? {
    guard let file = try? FileDescriptor.open(folder.appending(identity.fileName), .readOnly) else { return nil }
    defer { try? file.close() }
    guard let size = try? file.seek(offset: 0, from: .end), size < Self.largestFile,
      let bytes = try? [UInt8](
        unsafeUninitializedCapacity: Int(size),
        initializingWith: { buffer, count in
          while count < Int(size) {
            let rest = UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[count...])
            let read = try file.read(fromAbsoluteOffset: Int64(count), into: rest)
            if read == 0 { break }
            count += read
          }
        })
    else { return nil }
    return IndexCoding.decode(bytes, identity: identity)
  }

  /// A day of video at 60 frames a second takes 300 MB; more is damage.
  private static let largestFile: Int64 = 1 << 30

  /// Keeps an index.
  package func save(_ index: FrameIndex, _ identity: FileIdentity) throws {
    try makeFolder()
    let name = folder.appending(identity.fileName)
    let draft = FilePath("\(name.string).\(getpid()).\(UInt32.random(in: 0...UInt32.max))")
    do {
      let file = try FileDescriptor.open(
        draft, .writeOnly, options: [.create, .exclusiveCreate], permissions: .ownerReadWrite)
      try file.closeAfter { _ = try file.writeAll(IndexCoding.encode(index, identity: identity)) }
      guard rename(draft.string, name.string) == 0 else { throw Errno(rawValue: errno) }
    } catch {
      unlink(draft.string)
      throw VABufError(
        .cannotWrite, what: name.string, why: "\(error)",
        remedy: "make the folder writable, or name another one with VABUF_CACHE_DIR")
    }
  }

  func makeFolder() throws {
    var path = FilePath(root: folder.root)
    for component in folder.components {
      path.append(component)
      if mkdir(path.string, 0o700) != 0, errno != EEXIST, errno != EROFS, errno != EACCES {
        throw VABufError(
          .cannotWrite, what: path.string, why: "\(Errno(rawValue: errno))",
          remedy: "make the folder writable, or name another one with VABUF_CACHE_DIR")
      }
    }
  }
}
