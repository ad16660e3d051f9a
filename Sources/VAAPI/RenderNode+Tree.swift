internal import Glibc

// Devices as /sys and /dev tell of them, below any root. libdrm, which finds the devices to decode on, knows one root
// only, and does not list what it does not understand.

extension RenderNode {
  /// All DRM devices of a system, render nodes first, by the numbers of their nodes. Paths are those within the system.
  package static func all(in tree: SystemTree) -> [RenderNode] {
    var devices: [String: DRMDevice] = [:]
    for name in tree.names(in: "/sys/class/drm") {
      let isRender = name.isNode("renderD")
      guard isRender || name.isNode("card") else { continue }
      let folder = "/sys/class/drm/\(name)/device"
      let key = tree.resolved(folder) ?? name
      var device = devices[key] ?? DRMDevice(tree, folder)
      if isRender { device.renderPath = "/dev/dri/" + name } else { device.cardPath = "/dev/dri/" + name }
      devices[key] = device
    }
    var nodes = devices.values.map { RenderNode($0, in: tree) }
    let known = Set(nodes.flatMap { [$0.renderPath, $0.cardPath] })
    for name in tree.names(in: "/dev/dri") where name.isNode("renderD") {
      let path = "/dev/dri/" + name
      guard !known.contains(path) else { continue }
      var node = RenderNode(path: path, isListed: false)
      node.look(in: tree)
      nodes.append(node)
    }
    return nodes.sorted { $0.order < $1.order }
  }

  /// A node by name, in this system.
  package static func at(_ path: String, in tree: SystemTree) -> RenderNode {
    let real = tree.resolved(path) ?? tree.path(path)
    for node in all(in: tree) {
      for known in [node.renderPath, node.cardPath].compactMap(\.self)
      where known == path || tree.path(known) == real || tree.resolved(known) == real {
        var node = node
        node.path = path
        node.look(in: tree)
        return node
      }
    }
    var node = RenderNode(path: path, isListed: false)
    node.look(in: tree)
    return node
  }

  private init(_ device: DRMDevice, in tree: SystemTree) {
    self.init(
      path: device.renderPath ?? device.cardPath ?? "", renderPath: device.renderPath, cardPath: device.cardPath,
      bus: device.bus, vendorID: device.vendorID, deviceID: device.deviceID)
    look(in: tree)
  }

  private mutating func look(in tree: SystemTree) {
    access = NodeAccess(path: tree.path(path))
    if let access, !tree.isReal {
      self.access?.ownerName = tree.accountName(Int(access.owner), in: "/etc/passwd")
      self.access?.groupName = tree.accountName(Int(access.group), in: "/etc/group")
    }
    if tree.isReal, let driver = KernelDriver(path: path) {
      (kernelDriver, kernelDriverVersion) = (driver.name, driver.version)
    }
    guard kernelDriver == nil, let name = path.split(separator: "/").last else { return }
    kernelDriver = tree.target("/sys/class/drm/\(name)/device/driver")
    if let kernelDriver { kernelDriverVersion = tree.text("/sys/module/\(kernelDriver)/version") }
  }
}

extension DRMDevice {
  fileprivate init(_ tree: SystemTree, _ folder: String) {
    self.init(renderPath: nil, cardPath: nil)
    var folder = folder
    var kind = tree.target(folder + "/subsystem")
    // What a virtual machine's GPU is, its parent on the PCI bus tells.
    if kind == "virtio", let parent = tree.resolved(folder + "/.."), parent.hasPrefix(tree.root) {
      let above = String(parent.dropFirst(tree.root.count))
      if tree.target(above + "/subsystem") == "pci" { (folder, kind) = (above, "pci") }
    }
    let name = tree.resolved(folder)?.split(separator: "/").last.map(String.init)
    switch kind {
    case "pci":
      if let address = tree.setting("PCI_SLOT_NAME", in: folder + "/uevent") ?? name { bus = .pci(address) }
      vendorID = tree.number(folder + "/vendor")
      deviceID = tree.number(folder + "/device")
    case "usb":
      let above = folder + "/.."
      if let number = tree.number(above + "/busnum"), let device = tree.number(above + "/devnum") {
        bus = .usb(bus: number, device: device)
      }
      vendorID = tree.text(above + "/idVendor").flatMap { Int($0, radix: 16) }
      deviceID = tree.text(above + "/idProduct").flatMap { Int($0, radix: 16) }
    case "platform": bus = .platform(tree.setting("OF_FULLNAME", in: folder + "/uevent") ?? name ?? "")
    case "host1x": bus = .host1x(tree.setting("OF_FULLNAME", in: folder + "/uevent") ?? name ?? "")
    default: break
    }
  }
}

extension SystemTree {
  /// The value of `NAME=value` in a file.
  package func setting(_ name: String, in file: String) -> String? {
    text(file)?.split(separator: "\n").first { $0.hasPrefix(name + "=") }.map {
      let value = $0.dropFirst(name.count + 1)
      return String(value.count > 1 && value.first == "\"" && value.last == "\"" ? value.dropFirst().dropLast() : value)
    }
  }
}

extension String {
  /// It is a prefix and a number, as `renderD128`.
  fileprivate func isNode(_ prefix: String) -> Bool {
    hasPrefix(prefix) && count > prefix.count && dropFirst(prefix.count).allSatisfy { $0.isASCII && $0.isNumber }
  }
}
