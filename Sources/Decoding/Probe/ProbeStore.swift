package import FrameModel
internal import FoundationEssentials
internal import Glibc
package import SystemPackage
internal import VAAPI

/// What was found out about devices earlier, in the user's cache folder.
///
/// An answer holds for what it was found on: node, model, kernel, the files of all VA drivers, libva's variables, FFmpeg
/// and vabuf. Any other is as good as none.
package struct ProbeStore: Sendable {
  private let folder: FilePath
  private let root: String
  private let common: [String]

  /// - Parameters:
  ///   - folder: where answers are kept.
  ///   - root: where the system is; `/` but for tests.
  ///   - version: vabuf's.
  ///   - clips: the names of those that are decoded.
  package init(
    folder: FilePath, root: String, environment: [String: String], version: String, clips: [String]
  ) {
    let tree = SystemTree(root: root)
    self.folder = folder
    self.root = tree.root
    let kernel = tree.text("/proc/sys/kernel/osrelease") ?? ""
    let files = DriverFacts.files(in: HostFacts.driverFolders(environment), tree)
    let drivers = files.map { "\($0)=\(tree.stamp($0) ?? "")" }
    // What drivers are told by the environment: their variables begin with the names of their makers or their own.
    let makers = ["LIBVA_", "LIBGL_", "MESA_", "AMD_", "RADV_", "INTEL_", "I965_", "IHD_", "NVD_", "GALLIUM_", "LD_"]
    let prefixes = makers + files.compactMap { DriverFacts.name(ofFile: $0).map { $0.uppercased() + "_" } }
    let variables = environment.filter { variable in prefixes.contains { variable.key.hasPrefix($0) } }
      .filter { !$0.key.hasSuffix("_LOG") }.map { "\($0.key)=\($0.value)" }.sorted()
    common =
      [version, clips.joined(separator: " "), VAVersion.headers] + LibraryVersions.ffmpegLibraries + [kernel] + drivers
      + variables
  }

  /// What is kept.
  private struct Record<Value: Codable>: Codable {
    var key: [String]
    var value: Value
  }

  private func key(_ device: DeviceReport) -> [String] {
    let isOpenable = device.access?.isOpenable == true
    return common + [
      device.path, "\(device.vendorID ?? 0):\(device.deviceID ?? 0)", device.address ?? "", device.kernelDriver ?? "",
      device.kernelDriverVersion ?? "", "\(isOpenable)",
    ]
  }

  /// What is known of a device beside what the system tells; nil where nothing is.
  package func load(_ device: DeviceReport) -> DeviceReport? {
    guard var known: DeviceReport = load(fileName(device.path), key(device)) else { return nil }
    known.isRemembered = true
    return known
  }

  /// Keeps what was found out.
  package func save(_ device: DeviceReport) throws(VABufError) { try save(fileName(device.path), key(device), device) }

  /// What is known of software decoding.
  package func loadSoftware() -> SoftwareReport? {
    guard var known: SoftwareReport = load(fileName("software"), common) else { return nil }
    known.isRemembered = true
    return known
  }

  /// Keeps what was found out about software decoding.
  package func save(_ software: SoftwareReport) throws(VABufError) {
    try save(fileName("software"), common, software)
  }

  private func fileName(_ what: String) -> FilePath {
    let hash = Array((root + what).utf8).withUnsafeBytes { Fingerprint.of($0) }
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
