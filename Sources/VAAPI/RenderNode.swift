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
    /// The system does not tell, or does not know the node at all.
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
  /// The kernel driver's version, as `1.6.0`; where the node cannot be opened, only if its module tells.
  package var kernelDriverVersion: String?
  /// Who may open `path`, and whether we may; nil where the node is not there (a container may show the device in
  /// `/sys` and not in `/dev`), or where nobody looked.
  package var access: NodeAccess?
  /// `/sys` lists it. Others were given by name, or lie in `/dev/dri` while `/sys` does not know them.
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

  // Render nodes first, then by number: renderD128, renderD129, card0.
  var order: (Int, Int, String) {
    (canRender ? 0 : 1, Int(String(path.reversed().prefix { $0.isNumber }.reversed())) ?? 0, path)
  }
}
