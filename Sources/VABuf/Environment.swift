#if canImport(Glibc)
  internal import Glibc
#endif

/// What the process knows of its machine.
enum Environment {
  /// All environment variables.
  static var all: [String: String] {
    var result: [String: String] = [:]
    for name in ["VABUF_CACHE_DIR", "XDG_CACHE_HOME", "HOME"] {
      if let value = getenv(name) { result[name] = String(cString: value) }
    }
    return result
  }

  /// Processors that are online.
  static var cores: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }

  /// Bytes of memory in the machine.
  static var physicalMemory: Int {
    max(0, sysconf(Int32(_SC_PHYS_PAGES))) * max(0, sysconf(Int32(_SC_PAGESIZE)))
  }
}
