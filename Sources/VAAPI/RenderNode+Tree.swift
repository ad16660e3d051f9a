// Devices as /sys and /dev tell of them, below any root.

extension RenderNode {
  /// All DRM devices of a system, render nodes first, by the numbers of their nodes; paths are those within the system.
  /// Devices that are in `/sys` and not in `/dev` are there too. Opens none: a sleeping GPU sleeps on.
  ///
  /// - Parameter tree: the system.
  package static func list(in tree: SystemTree = SystemTree()) -> [RenderNode] {
    var devices: [String: RenderNode] = [:]
    var unknown: [RenderNode] = []
    var known: Set<String> = []
    func add(_ path: String, _ name: String) {
      known.insert(name)
      let key = tree.resolved(SystemTree.deviceFolder(name)) ?? name
      var node = devices[key] ?? RenderNode(tree, SystemTree.deviceFolder(name))
      if name.isNode("renderD") {
        node.renderPath = node.renderPath ?? path
      } else {
        node.cardPath = node.cardPath ?? path
      }
      devices[key] = node
    }
    // libdrm's list, of the system itself; then what it does not know, as where `/sys` is not that of the host.
    let listed = tree.isReal ? DRMNodes.paths() : []
    let others = tree.names(in: "/dev/dri").filter(\.isNode).map { "/dev/dri/" + $0 }
    for path in listed + others.filter({ !listed.contains($0) }) {
      if let known = tree.drmName(ofNode: path) {
        add(path, known)
      } else if path.hasPrefix("/dev/dri/renderD") {
        unknown.append(RenderNode(path: path, isListed: false))
      }
    }
    // In a container, another device may have its name.
    for name in tree.names(in: "/sys/class/drm")
    where name.isNode && !known.contains(name) && !tree.exists("/dev/dri/" + name) { add("/dev/dri/" + name, name) }
    let nodes = devices.values.map { node in
      var node = node
      node.path = node.renderPath ?? node.cardPath ?? ""
      return node
    }
    return (nodes + unknown).sorted { $0.order < $1.order }
  }

  /// The devices of `list`, with who may open them. Opens and closes each node once, which may wake a sleeping GPU.
  ///
  /// - Parameter tree: the system.
  package static func all(in tree: SystemTree = SystemTree()) -> [RenderNode] {
    list(in: tree).map { $0.looked(at: tree) }
  }

  /// A node by name, with who may open it: also a link to one, or one that the system does not list. A card is no node to
  /// decode on: then it is the render node of the same device.
  ///
  /// - Parameters:
  ///   - path: of the node, within the system.
  ///   - tree: the system.
  package static func at(_ path: String, in tree: SystemTree = SystemTree()) -> RenderNode {
    find(path, in: tree).looked(at: tree)
  }

  /// The render nodes that are there, by their paths. Opens none.
  package static var paths: [String] {
    let tree = SystemTree()
    return list(in: tree).filter { $0.canRender && tree.exists($0.path) }.map(\.path)
  }

  /// The node to open for one that was named: the render node of a card, else the same. Opens none.
  ///
  /// - Parameter path: as it was named.
  package static func path(toOpen path: String) -> String { find(path, in: SystemTree()).path }

  private static func find(_ path: String, in tree: SystemTree) -> RenderNode {
    let real = tree.resolved(path)
    func isNamed(_ node: String?) -> Bool {
      guard let node else { return false }
      return real == nil ? node == path : tree.resolved(node) == real
    }
    for var node in list(in: tree) {
      if isNamed(node.renderPath) {
        node.path = path
        return node
      }
      if isNamed(node.cardPath) {
        node.path = node.renderPath.flatMap { tree.exists($0) ? $0 : nil } ?? path
        return node
      }
    }
    return RenderNode(path: path, isListed: false)
  }

  private func looked(at tree: SystemTree) -> RenderNode {
    var node = self
    var driver: KernelDriver?
    node.access = NodeAccess(path: tree.path(path)) { if tree.isReal { driver = KernelDriver($0) } }
    if let access = node.access, !tree.isReal {
      node.access?.ownerName = tree.accountName(Int(access.owner), in: "/etc/passwd")
      node.access?.groupName = tree.accountName(Int(access.group), in: "/etc/group")
    }
    if let driver { (node.kernelDriver, node.kernelDriverVersion) = (driver.name, driver.version) }
    return node
  }

  /// The device of a folder in `/sys`, without its nodes.
  private init(_ tree: SystemTree, _ folder: String) {
    self.init(path: "")
    kernelDriver = tree.target(folder + "/driver")
    kernelDriverVersion = kernelDriver.flatMap { tree.text(SystemTree.moduleFolder($0) + "/version") }
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
  /// The name in `/sys/class/drm` of a node in `/dev`; nil where the system knows none. The node's numbers tell, not its
  /// name, which may be another's in a container.
  ///
  /// - Parameter path: of the node.
  package func drmName(ofNode path: String) -> String? {
    let name: String?
    if let number = deviceNumber(path) {
      name = target("/sys/dev/char/\(number.major):\(number.minor)")
    } else {
      // Tests have plain files for nodes.
      name = (resolved(path) ?? path).split(separator: "/").last.map(String.init)
    }
    guard let name, name.isNode, exists("/sys/class/drm/\(name)") else { return nil }
    return name
  }

  /// What tells the device of a node, with its kernel driver, from another one of the same name. Opens nothing.
  ///
  /// - Parameter path: of the node.
  package func identity(ofNode path: String) -> [String] {
    guard let name = drmName(ofNode: path) else { return [] }
    let folder = Self.deviceFolder(name)
    let driver = target(folder + "/driver")
    // A driver that was not built with the kernel changes by itself.
    let module = driver.map(Self.moduleFolder)
    let files = ["uevent", "vendor", "device"].map { folder + "/" + $0 }
    let versions = ["version", "srcversion"].map { name in module.map { "\($0)/\(name)" } }
    return [resolved(folder) ?? "", driver ?? ""]
      + (files + versions.compactMap(\.self)).map { text($0) ?? "" }
  }

  fileprivate static func deviceFolder(_ name: String) -> String { "/sys/class/drm/\(name)/device" }
  fileprivate static func moduleFolder(_ driver: String) -> String {
    "/sys/module/" + driver.replacing("-", with: "_")
  }
}

extension String {
  /// It is a node of DRM by its name.
  fileprivate var isNode: Bool { isNode("renderD") || isNode("card") }

  /// It is a prefix and a number, as `renderD128`.
  fileprivate func isNode(_ prefix: String) -> Bool {
    hasPrefix(prefix) && count > prefix.count && dropFirst(prefix.count).allSatisfy { $0.isASCII && $0.isNumber }
  }
}
