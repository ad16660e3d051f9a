internal import FFmpegMedia
internal import SystemPackage

#if canImport(Glibc)
  internal import Glibc
#endif

/// What tells whether a file is still the one that was indexed.
package struct FileIdentity: Hashable, Sendable {
  package let device: UInt64
  package let inode: UInt64
  package let size: Int64
  package let modifiedSeconds: Int64
  package let modifiedNanoseconds: Int64
  /// A hash of the first and the last 64 KiB: catches a change within the clock's resolution.
  package let content: UInt64
  package let stream: Int64
  /// Another FFmpeg may split a stream into other packets.
  package let libraries: UInt64

  private static let sampleBytes = 1 << 16

  /// - Returns: nil where the file has no lasting identity (a pipe, a deleted file) or cannot be read.
  package init?(path: String, stream: Int) {
    guard let file = try? FileDescriptor.open(FilePath(path), .readOnly) else { return nil }
    defer { try? file.close() }
    var status = stat()
    guard fstat(file.rawValue, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_nlink > 0 else {
      return nil
    }
    var hash = Fingerprint.seed
    let tail = max(0, Int64(status.st_size) - Int64(Self.sampleBytes))
    for offset in [0, tail] {
      let bytes = [UInt8](unsafeUninitializedCapacity: Self.sampleBytes) { buffer, count in
        count = (try? file.read(fromAbsoluteOffset: offset, into: UnsafeMutableRawBufferPointer(buffer))) ?? 0
      }
      hash = bytes.withUnsafeBytes { Fingerprint.of($0, seed: hash) }
    }
    device = UInt64(status.st_dev)
    inode = UInt64(status.st_ino)
    size = Int64(status.st_size)
    modifiedSeconds = Int64(status.st_mtim.tv_sec)
    modifiedNanoseconds = Int64(status.st_mtim.tv_nsec)
    content = hash
    self.stream = Int64(stream)
    libraries = FFmpegVersions.fingerprint
  }

  /// A pipe or a socket: frames by number need what can be read at any place, again and again. Opening one may wait for ever.
  static func isPipe(_ path: String) -> Bool {
    var status = stat()
    guard stat(path, &status) == 0 else { return false }
    return [S_IFIFO, S_IFSOCK].contains(status.st_mode & S_IFMT)
  }

  /// All members, in the order in which they are stored.
  var words: [UInt64] {
    [
      device, inode, UInt64(bitPattern: size), UInt64(bitPattern: modifiedSeconds),
      UInt64(bitPattern: modifiedNanoseconds), content, UInt64(bitPattern: stream), libraries,
    ]
  }

  /// The name under which the index of the file is kept. A changed file keeps its name, so that a stale index is
  /// replaced.
  var fileName: String {
    let place = [device, inode, UInt64(bitPattern: stream)]
    let hash = place.withUnsafeBytes { Fingerprint.of($0) }
    return String(hash, radix: 16) + ".vabufindex"
  }
}
