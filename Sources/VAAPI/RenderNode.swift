internal import Glibc

/// A DRM device as this machine offers it.
package struct RenderNode: Hashable, Sendable {
  /// How a device is attached.
  package enum Bus: Hashable, Sendable {
    /// The PCI address, as `0000:00:02.0`.
    case pci(String)
    case usb(bus: Int, device: Int)
    /// The name in the device tree, or of the virtual device (vgem).
    case platform(String)
    case host1x(String)
    /// libdrm knows the node, but not its bus, or does not know it at all.
    case unknown
  }

  /// The node to open: the render node, or the card where there is no render node.
  package var path: String
  /// The node for rendering and decoding, which needs no display rights, as `/dev/dri/renderD128`.
  package var renderPath: String?
  /// The node that also drives displays, as `/dev/dri/card0`.
  package var cardPath: String?
  package var bus: Bus
  /// The number of the vendor and of the model (PCI, USB); nil on other buses.
  package var vendorID: Int?
  package var deviceID: Int?
  /// The kernel driver, as `i915`; nil where neither the node nor sysfs tells it.
  package var kernelDriver: String?
  /// The kernel driver's version, as `1.6.0`; only where the node can be opened.
  package var kernelDriverVersion: String?
  /// Who may open `path`, and whether we may; nil where the node is not there (a container may show the device in
  /// `/sys` and not in `/dev`).
  package var access: NodeAccess?
  /// libdrm lists it. Others were given by name, or lie in `/dev/dri` while `/sys` does not know them.
  package var isListed: Bool

  package init(
    path: String, renderPath: String? = nil, cardPath: String? = nil, bus: Bus = .unknown, vendorID: Int? = nil,
    deviceID: Int? = nil, kernelDriver: String? = nil, kernelDriverVersion: String? = nil, access: NodeAccess? = nil,
    isListed: Bool = true
  ) {
    self.path = path
    self.renderPath = renderPath
    self.cardPath = cardPath
    self.bus = bus
    self.vendorID = vendorID
    self.deviceID = deviceID
    self.kernelDriver = kernelDriver
    self.kernelDriverVersion = kernelDriverVersion
    self.access = access
    self.isListed = isListed
  }

  /// It can decode: display controllers without a GPU have no render node.
  package var canRender: Bool { renderPath != nil || !isListed }

  /// The maker's short name, for the vendors whose GPUs decode video; else nil.
  package var vendorName: String? {
    switch vendorID {
    case 0x8086: "Intel"
    case 0x1002: "AMD"
    case 0x10de: "NVIDIA"
    case 0x1af4: "virtio"
    case 0x15ad: "VMware"
    default: nil
    }
  }

  /// All DRM devices, render nodes first, by the numbers of their nodes. Nodes that are denied are there too; none is
  /// left open. Empty on a machine without `/dev/dri`.
  ///
  /// Opens and closes each node, which may wake a sleeping GPU.
  package static func all() -> [RenderNode] { describe(DRMDevice.all(), folder: "/dev/dri") }

  /// The device of a node given by name. Also one that libdrm does not list; `access` is nil where nothing is there.
  package static func at(_ path: String) -> RenderNode { find(path, in: DRMDevice.all()) }

  static func describe(_ devices: [DRMDevice], folder: String) -> [RenderNode] {
    let listed = devices.filter { $0.renderPath != nil || $0.cardPath != nil }.map(RenderNode.init(_:))
    let others = Set(DRMDevice.renderNodes(in: folder)).subtracting(listed.compactMap(\.renderPath))
    return (listed + others.map { find($0, in: []) }).sorted { $0.order < $1.order }
  }

  static func find(_ path: String, in devices: [DRMDevice]) -> RenderNode {
    // Links, as those in /dev/dri/by-path, are followed.
    let real = realpath(path, nil).map { resolved in
      defer { free(resolved) }
      return String(cString: resolved)
    }
    for device in devices {
      for known in [device.renderPath, device.cardPath] where known != nil && (known == real || known == path) {
        var node = RenderNode(device)
        node.path = path
        node.open(path)
        return node
      }
    }
    var node = RenderNode(path: path, isListed: false)
    node.open(path)
    return node
  }

  private init(_ device: DRMDevice) {
    let path = device.renderPath ?? device.cardPath ?? ""
    self.init(
      path: path, renderPath: device.renderPath, cardPath: device.cardPath, bus: device.bus,
      vendorID: device.vendorID, deviceID: device.deviceID)
    open(path)
  }

  private mutating func open(_ path: String) {
    access = NodeAccess(path: path)
    let version = KernelDriver(path: path)
    kernelDriver = version?.name
    kernelDriverVersion = version?.version
  }

  // Render nodes first, then by number: renderD128, renderD129, card0.
  var order: (Int, Int, String) {
    (canRender ? 0 : 1, Int(String(path.reversed().prefix { $0.isNumber }.reversed())) ?? 0, path)
  }
}
