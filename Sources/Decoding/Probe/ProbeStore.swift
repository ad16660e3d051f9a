package import FrameModel
internal import FFmpegMedia
internal import FoundationEssentials
internal import Glibc
package import SystemPackage
internal import VAAPI

/// What was found out about devices earlier, in the user's cache folder.
///
/// An answer holds for what it was found on: vabuf, FFmpeg and the kernel; of devices also the node and its device, the
/// kernel driver, libva, the files of all VA drivers, and the variables that drivers read. Any other is as good as none.
/// What the system tells of a device is not kept: it is read again.
package struct ProbeStore: Sendable {
  private let folder: FilePath
  private let tree: SystemTree
  /// What all answers hold for.
  private let common: [String]
  /// What answers of devices hold for beside it.
  private let drivers: [String]

  /// - Parameters:
  ///   - folder: where answers are kept.
  ///   - root: where the system is; `/` but for tests.
  ///   - environment: of the process.
  ///   - version: vabuf's.
  ///   - clips: the names of those that are decoded.
  package init(
    folder: FilePath, root: String, environment: [String: String], version: String, clips: [String]
  ) {
    self.folder = folder
    let tree = SystemTree(root: root)
    self.tree = tree
    let variables = environment.map { "\($0.key)=\($0.value)" }.sorted()
    common =
      [version, clips.joined(separator: " "), FFmpegVersions.configuration] + LibraryVersions.ffmpegLibraries
      + LoadedLibraries.stamps(["libavcodec"]) + [tree.text("/proc/sys/kernel/osrelease") ?? ""]
      + variables.filter { $0.hasPrefix("LD_") }
    let files = DriverFacts.files(in: HostFacts.driverFolders(environment), tree)
    // What drivers are told by the environment: their variables begin with the names of their makers or their own.
    let makers = ["LIBVA_", "LIBGL_", "MESA_", "AMD_", "RADV_", "INTEL_", "I965_", "IHD_", "NVD_", "GALLIUM_"]
    let prefixes = makers + files.compactMap { DriverFacts.name(ofFile: $0).map { $0.uppercased() + "_" } }
    drivers =
      [LibraryVersions.vaapi] + LoadedLibraries.stamps(["libva"]) + files.map { "\($0)=\(tree.stamp($0) ?? "")" }
      // NVIDIA's driver is one with its libraries, and tells its version here only.
      + [tree.text("/sys/module/nvidia/version") ?? ""]
      + variables.filter { line in
        prefixes.contains { line.hasPrefix($0) } && !line.prefix { $0 != "=" }.hasSuffix("_LOG")
      }
  }

  /// What is kept.
  private struct Record<Value: Codable>: Codable {
    var key: [String]
    var value: Value
  }

  /// What was measured of a device.
  private struct Measured: Codable {
    var driver: DriverReport?
    /// Of the driver's file, which may lie where nobody looks for it.
    var driverStamp: String?
    var claims: Claims?
    var evidence: [Evidence]
    var downloads: [DownloadRate]
  }

  private func key(_ path: String) -> [String] { common + drivers + [path] + tree.identity(ofNode: path) }

  private func measured(_ path: String) -> Measured? {
    guard let known: Measured = load(fileName(path), key(path)), known.driverStamp == stamp(known.driver) else {
      return nil
    }
    return known
  }

  private func stamp(_ driver: DriverReport?) -> String? { driver?.file.flatMap { tree.stamp($0) } }

  /// What decoding the clips on a node came to, empty where that is not known, and what its driver calls itself. Opens nothing.
  ///
  /// - Parameter path: of the node.
  package func remembered(_ path: String) -> (evidence: [Evidence], driver: String?) {
    let known = measured(path)
    return (known?.evidence ?? [], known?.driver?.vendor)
  }

  /// A device with what was measured of it; nil where nothing is known.
  ///
  /// - Parameter device: what the system tells of it now.
  package func load(_ device: DeviceReport) -> DeviceReport? {
    guard let known = measured(device.path) else { return nil }
    var device = device
    (device.driver, device.claims) = (known.driver, known.claims)
    (device.evidence, device.downloads) = (known.evidence, known.downloads)
    device.isRemembered = true
    return device
  }

  /// Keeps what was found out.
  ///
  /// - Parameter device: with its driver, claims and evidence.
  package func save(_ device: DeviceReport) throws(VABufError) {
    let measured = Measured(
      driver: device.driver, driverStamp: stamp(device.driver), claims: device.claims, evidence: device.evidence,
      downloads: device.downloads)
    try save(fileName(device.path), key(device.path), measured)
  }

  /// What decoding the clips in software came to; nil where that is not known.
  package func loadSoftware() -> [Evidence]? { load(fileName("software"), common) }

  /// Keeps what was found out about software decoding.
  ///
  /// - Parameter evidence: what decoding the clips came to.
  package func save(_ evidence: [Evidence]) throws(VABufError) { try save(fileName("software"), common, evidence) }

  private func fileName(_ what: String) -> FilePath {
    let hash = Array((tree.root + what).utf8).withUnsafeBytes { Fingerprint.of($0) }
    return folder.appending("probe-" + String(hash, radix: 16) + ".json")
  }

  private func load<Value: Codable>(_ file: FilePath, _ key: [String]) -> Value? {
    guard let bytes = SystemTree().bytes(file.string),
      let record = try? JSONDecoder().decode(Record<Value>.self, from: Data(bytes)), record.key == key
    else { return nil }
    return record.value
  }

  private func save<Value: Codable>(_ file: FilePath, _ key: [String], _ value: Value) throws(VABufError) {
    let draft = FilePath("\(file.string).\(getpid()).\(UInt32.random(in: 0...UInt32.max))")
    do {
      try IndexStore(folder: folder).makeFolder()
      let data = try JSONEncoder().encode(Record(key: key, value: value))
      let descriptor = try FileDescriptor.open(
        draft, .writeOnly, options: [.create, .exclusiveCreate], permissions: .ownerReadWrite)
      try descriptor.closeAfter { _ = try descriptor.writeAll(data) }
      guard rename(draft.string, file.string) == 0 else { throw Errno(rawValue: errno) }
    } catch {
      unlink(draft.string)
      throw VABufError(
        .cannotWrite, what: file.string, why: "\(error)",
        remedy: "make the folder writable, or name another one with VABUF_CACHE_DIR")
    }
  }
}
