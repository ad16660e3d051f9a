internal import CDRM
internal import Glibc

/// What libdrm tells of a device, without opening it.
struct DRMDevice {
  var renderPath: String?
  var cardPath: String?
  var bus: RenderNode.Bus = .unknown
  var vendorID: Int?
  var deviceID: Int?

  /// All devices that libdrm lists. Empty where there are none, or no `/dev/dri`.
  static func all() -> [DRMDevice] {
    // The number may have grown since it was asked for: some are asked for beyond it. Without flags libdrm opens none.
    let expected = drmGetDevices2(0, nil, 0)
    guard expected > 0 else { return [] }
    let capacity = Int(expected) + 16
    return withUnsafeTemporaryAllocation(of: drmDevicePtr?.self, capacity: capacity) { devices in
      devices.initialize(repeating: nil)
      let count = drmGetDevices2(0, devices.baseAddress, Int32(capacity))
      guard count > 0 else { return [] }
      defer { drmFreeDevices(devices.baseAddress, count) }
      return devices.prefix(Int(count)).compactMap { $0.map { DRMDevice($0.pointee) } }
    }
  }

  init(renderPath: String?, cardPath: String?) {
    self.renderPath = renderPath
    self.cardPath = cardPath
  }

  /// The render nodes in a folder: also those that libdrm does not list, as where `/sys` is not that of the host.
  static func renderNodes(in folder: String) -> [String] {
    guard let entries = opendir(folder) else { return [] }
    defer { closedir(entries) }
    var nodes: [String] = []
    while let entry = readdir(entries) {
      let name = text(entry.pointee.d_name)
      if name.hasPrefix("renderD") { nodes.append(folder + "/" + name) }
    }
    return nodes
  }

  private init(_ device: drmDevice) {
    func node(_ type: Int32) -> String? {
      guard device.available_nodes & (1 << type) != 0 else { return nil }
      return device.nodes[Int(type)].map { String(cString: $0) }
    }
    renderPath = node(DRM_NODE_RENDER)
    cardPath = node(DRM_NODE_PRIMARY)
    switch device.bustype {
    case DRM_BUS_PCI:
      if let address = device.businfo.pci?.pointee {
        bus = .pci(
          hex(Int(address.domain), 4) + ":" + hex(Int(address.bus), 2) + ":" + hex(Int(address.dev), 2)
            + ".\(address.func)")
      }
      vendorID = device.deviceinfo.pci.map { Int($0.pointee.vendor_id) }
      deviceID = device.deviceinfo.pci.map { Int($0.pointee.device_id) }
    case DRM_BUS_USB:
      if let address = device.businfo.usb?.pointee { bus = .usb(bus: Int(address.bus), device: Int(address.dev)) }
      vendorID = device.deviceinfo.usb.map { Int($0.pointee.vendor) }
      deviceID = device.deviceinfo.usb.map { Int($0.pointee.product) }
    case DRM_BUS_PLATFORM:
      if let name = device.businfo.platform.map({ text($0.pointee.fullname) }) { bus = .platform(name) }
    case DRM_BUS_HOST1X:
      if let name = device.businfo.host1x.map({ text($0.pointee.fullname) }) { bus = .host1x(name) }
    default: break
    }
  }
}

/// The kernel's driver of a node.
struct KernelDriver {
  var name: String
  var version: String?

  /// Asks the node; sysfs where it cannot be opened. nil where neither knows, as for what is no DRM node.
  init?(path: String) {
    let descriptor = open(path, O_RDWR | O_CLOEXEC)
    if descriptor >= 0 {
      defer { closeChecked(descriptor) }
      if let version = drmGetVersion(descriptor) {
        defer { drmFreeVersion(version) }
        let (number, text) = (version.pointee, version.pointee.name)
        name = text.map { String(cString: $0) } ?? ""
        self.version = "\(number.version_major).\(number.version_minor).\(number.version_patchlevel)"
        return
      }
    }
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFCHR else { return nil }
    // The kernel's split of a device number: macros in C, which Swift does not import.
    let (major, minor) = (status.st_rdev >> 8 & 0xfff, status.st_rdev & 0xff | status.st_rdev >> 12 & ~0xff)
    let link = "/sys/dev/char/\(major):\(minor)/device/driver"
    guard let target = realpath(link, nil) else { return nil }
    defer { free(target) }
    name = String(String(cString: target).split(separator: "/").last ?? "")
  }
}

private func hex(_ number: Int, _ digits: Int) -> String {
  let text = String(number, radix: 16)
  return String(repeating: "0", count: max(0, digits - text.count)) + text
}

/// The text in an array of characters of fixed size, which Swift imports as a tuple.
private func text<T>(_ characters: T) -> String {
  withUnsafeBytes(of: characters) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
}
