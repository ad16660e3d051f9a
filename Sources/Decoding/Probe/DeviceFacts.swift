package import FrameModel
internal import VAAPI

/// Reads what the system tells of DRM devices, without loading a driver.
package enum DeviceFacts {
  /// All devices, or the one of a node given by name.
  ///
  /// - Parameters:
  ///   - root: where the system is; `/` but for tests.
  ///   - path: the node; nil for all.
  package static func read(root: String, path: String?) -> [DeviceReport] {
    let tree = SystemTree(root: root)
    let names = PCINames(tree)
    let nodes = path.map { [RenderNode.at($0, in: tree)] } ?? RenderNode.all(in: tree)
    return nodes.map { report($0, names) }
  }

  private static func report(_ node: RenderNode, _ names: PCINames) -> DeviceReport {
    var report = DeviceReport(path: node.path)
    report.renderNode = node.renderPath
    report.cardNode = node.cardPath
    (report.bus, report.address) = describe(node.bus)
    report.vendorID = node.vendorID
    report.deviceID = node.deviceID
    report.vendor = node.vendorName
    if let vendor = node.vendorID, let device = node.deviceID { report.model = names.model(vendor, device) }
    report.kernelDriver = node.kernelDriver
    report.kernelDriverVersion = node.kernelDriverVersion
    report.access = node.access.map { access in
      DeviceReport.Access(
        mode: "0" + String(access.mode, radix: 8),
        owner: HostReport.Account(id: Int(access.owner), name: access.ownerName),
        group: HostReport.Account(id: Int(access.group), name: access.groupName), isOpenable: access.isOpenable,
        error: access.errorName, reason: access.reason)
    }
    return report
  }

  private static func describe(_ bus: RenderNode.Bus) -> (String, String?) {
    switch bus {
    case .pci(let address): ("pci", address)
    case .usb(let number, let device): ("usb", "\(number)-\(device)")
    case .platform(let name): ("platform", name)
    case .host1x(let name): ("host1x", name)
    case .unknown: ("unknown", nil)
    }
  }
}

extension DeviceReport {
  /// The driver that libva would look for, as far as its table and the folders tell; nothing is loaded.
  ///
  /// - Parameters:
  ///   - root: where the system is; `/` but for tests.
  ///   - environment: of the process.
  package func expectedDriver(root: String, environment: [String: String]) -> DriverReport {
    let tree = SystemTree(root: root)
    var report = DriverReport()
    let named = environment["LIBVA_DRIVER_NAME"].flatMap { $0.isEmpty ? nil : $0 }
    report.source = named == nil ? .libva : .environment
    report.candidates = kernelDriver.map { DriverFacts.names(forKernelDriver: $0) } ?? []
    let names = named.map { [$0] } ?? report.candidates
    let folders = HostFacts.driverFolders(environment)
    let files = names.flatMap { name in folders.map { (name, "\($0)/\(name)_drv_video.so") } }
    let found = files.first { tree.exists($0.1) }
    let likely = folders.first { tree.exists($0) } ?? folders.first
    report.name = found?.0 ?? names.first
    report.file = found?.1 ?? report.name.flatMap { name in likely.map { "\($0)/\(name)_drv_video.so" } }
    report.fileExists = report.file == nil ? nil : found != nil
    return report
  }
}
