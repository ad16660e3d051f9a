internal import CDRM

/// The nodes that libdrm lists.
enum DRMNodes {
  /// The paths of all nodes of all devices: cards and render nodes. Opens none. Empty where there are none, or no `/dev/dri`.
  static func paths() -> [String] {
    // The number may have grown since it was asked for: some are asked for beyond it. Without flags libdrm opens none.
    let expected = drmGetDevices2(0, nil, 0)
    guard expected > 0 else { return [] }
    let capacity = Int(expected) + 16
    return withUnsafeTemporaryAllocation(of: drmDevicePtr?.self, capacity: capacity) { devices in
      devices.initialize(repeating: nil)
      let count = drmGetDevices2(0, devices.baseAddress, Int32(capacity))
      guard count > 0 else { return [] }
      defer { drmFreeDevices(devices.baseAddress, count) }
      return devices.prefix(Int(count)).flatMap { device in device.map { paths($0.pointee) } ?? [] }
    }
  }

  private static func paths(_ device: drmDevice) -> [String] {
    [DRM_NODE_PRIMARY, DRM_NODE_RENDER].compactMap { kind in
      guard device.available_nodes & 1 << kind != 0 else { return nil }
      return device.nodes[Int(kind)].map { String(cString: $0) }
    }
  }
}
