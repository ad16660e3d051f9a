internal import VAAPI

/// The libraries that this process has loaded.
enum LoadedLibraries {
  /// Path and stamp of each whose name begins so: another build of the same version is another file.
  ///
  /// - Parameter names: as `libva`, for `libva.so.2` and `libva-drm.so.2`.
  static func stamps(_ names: [String]) -> [String] {
    let tree = SystemTree()
    guard let maps = tree.text("/proc/self/maps") else { return [] }
    return paths(inMaps: maps, names).map { "\($0)=\(tree.stamp($0) ?? "")" }
  }

  /// The files of a list of mappings, each once, sorted.
  ///
  /// - Parameters:
  ///   - text: as `/proc/self/maps`.
  ///   - names: how the libraries' names begin, without the `.so` or `-`.
  static func paths(inMaps text: String, _ names: [String]) -> [String] {
    var paths: Set<Substring> = []
    for line in text.utf8.split(separator: UInt8(ascii: "\n")) {
      guard let start = line.firstIndex(of: UInt8(ascii: "/")) else { continue }
      let path = line[start...]
      guard let name = path.split(separator: UInt8(ascii: "/")).last.map({ Substring($0) }) else { continue }
      if names.contains(where: { name.hasPrefix($0 + ".so") || name.hasPrefix($0 + "-") }) {
        paths.insert(Substring(path))
      }
    }
    return paths.map(String.init).sorted()
  }
}
