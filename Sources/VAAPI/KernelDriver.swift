internal import CDRM

/// The kernel's driver of a node, as the node itself tells.
struct KernelDriver: Hashable {
  var name: String
  var version: String

  /// - Parameter descriptor: the node, open. nil for what is no DRM node.
  init?(_ descriptor: Int32) {
    guard let version = drmGetVersion(descriptor) else { return nil }
    defer { drmFreeVersion(version) }
    let (number, text) = (version.pointee, version.pointee.name)
    name = text.map { String(cString: $0) } ?? ""
    self.version = "\(number.version_major).\(number.version_minor).\(number.version_patchlevel)"
  }
}
