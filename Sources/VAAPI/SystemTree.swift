internal import Glibc

/// The files in which the system tells of itself, below a root that tests may choose: `/sys`, `/dev`, `/proc`, `/etc`.
package struct SystemTree: Hashable, Sendable {
  /// In front of every path; empty for the system itself.
  package let root: String

  package init(root: String = "/") {
    var root = root
    while root.hasSuffix("/") { root.removeLast() }
    self.root = root
  }

  package var isReal: Bool { root.isEmpty }

  /// Where a file of the system is.
  package func path(_ path: String) -> String { root + path }

  package func exists(_ path: String) -> Bool { access(root + path, F_OK) == 0 }

  /// A small file's text, without spaces at its ends; nil where it cannot be read.
  package func text(_ path: String) -> String? {
    guard let bytes = bytes(path) else { return nil }
    // Byte by byte: of characters, /proc/self/maps alone has fifty thousand.
    let isSpace: (UInt8) -> Bool = { $0 == 0x20 || 0x09...0x0d ~= $0 }
    guard let start = bytes.firstIndex(where: { !isSpace($0) }), let end = bytes.lastIndex(where: { !isSpace($0) })
    else { return "" }
    return String(decoding: bytes[start...end], as: UTF8.self)
  }

  /// A file's bytes; nil where it cannot be read.
  package func bytes(_ path: String) -> [UInt8]? {
    let descriptor = open(root + path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { closeChecked(descriptor) }
    var bytes: [UInt8] = []
    let chunk = 1 << 16
    while true {
      var result = 0
      let part = [UInt8](unsafeUninitializedCapacity: chunk) { buffer, count in
        repeat { result = read(descriptor, buffer.baseAddress, chunk) } while result < 0 && errno == EINTR
        count = max(0, result)
      }
      // A file of /proc may go while it is read: what of it came is not the file.
      guard result >= 0 else { return nil }
      if part.isEmpty { return bytes }
      bytes += part
    }
  }

  /// A number in a file: decimal, or hexadecimal after `0x`.
  package func number(_ path: String) -> Int? {
    guard let text = text(path) else { return nil }
    return text.hasPrefix("0x") ? Int(text.dropFirst(2), radix: 16) : Int(text)
  }

  /// The names in a folder, sorted; empty where it cannot be read.
  package func names(in folder: String) -> [String] {
    guard let entries = opendir(root + folder) else { return [] }
    defer { closedir(entries) }
    var names: [String] = []
    while let entry = readdir(entries) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) {
        String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  /// Where a link, or a path with links in it, leads to; nil where that is nowhere.
  package func resolved(_ path: String) -> String? {
    guard let real = realpath(root + path, nil) else { return nil }
    defer { free(real) }
    return String(cString: real)
  }

  /// The last part of what a link leads to, also where that is not there.
  package func target(_ path: String) -> String? {
    let target = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 4096) { buffer -> String? in
      guard let start = buffer.baseAddress else { return nil }
      let count = readlink(root + path, start, buffer.count)
      guard count > 0 else { return nil }
      return String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
    return target?.split(separator: "/").last.map(String.init)
  }

  /// The numbers of a character device, in the kernel's split; nil for anything else.
  package func deviceNumber(_ path: String) -> (major: UInt64, minor: UInt64)? {
    var status = stat()
    guard stat(root + path, &status) == 0, status.st_mode & S_IFMT == S_IFCHR else { return nil }
    // Macros in C, which Swift does not import.
    let number = UInt64(status.st_rdev)
    return (number >> 8 & 0xfff, number & 0xff | number >> 12 & ~0xff)
  }

  /// The value of `NAME=value` in a file.
  package func setting(_ name: String, in file: String) -> String? {
    text(file)?.split(separator: "\n").first { $0.hasPrefix(name + "=") }.map {
      let value = $0.dropFirst(name.count + 1)
      return String(value.count > 1 && value.first == "\"" && value.last == "\"" ? value.dropFirst().dropLast() : value)
    }
  }

  /// What tells a file from another one of the same name: its size, and when it was written; nil where it is not there.
  package func stamp(_ path: String) -> String? {
    var status = stat()
    guard stat(root + path, &status) == 0 else { return nil }
    return "\(status.st_size)-\(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec)"
  }

  /// The name of a group or user by its number, in this system's list.
  package func accountName(_ id: Int, in list: String) -> String? {
    guard let text = text(list) else { return nil }
    for line in text.split(separator: "\n") {
      let fields = line.split(separator: ":", omittingEmptySubsequences: false)
      if fields.count > 2, Int(fields[2]) == id { return String(fields[0]) }
    }
    return nil
  }
}
