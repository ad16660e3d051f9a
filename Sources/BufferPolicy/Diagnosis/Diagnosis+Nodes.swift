internal import FrameModel

extension Diagnosis {
  /// What is wrong with the nodes that are missing.
  static func nodes(_ facts: Capabilities, _ named: NamedNode?) -> [Finding] {
    let hasNode = facts.devices.contains { $0.canRender && $0.access != nil }
    let adapters = facts.host.adapters.filter { !$0.hasNode }.flatMap { withoutNode($0, facts.host) }
    if hasNode { return adapters }
    guard let named else { return adapters + [noRenderNode(facts.host)] }
    guard facts.devices.allSatisfy({ $0.access == nil }) else {
      return adapters + [
        Finding(
          .noDecoder, .error, device: named.path,
          cause: "\(named.path) drives displays only: its device has no render node", cure: "name a render node",
          commands: ["ls -l /dev/dri"])
      ]
    }
    return adapters + [notThere(named)]
  }

  private static func withoutNode(_ adapter: HostReport.Adapter, _ host: HostReport) -> [Finding] {
    // Servers' management chips draw a console and have no decoder.
    guard PCI.decodes(adapter.vendorID) else { return [] }
    let name =
      adapter.model ?? "display adapter \(adapter.vendorID.hexadecimal()):\(adapter.deviceID.hexadecimal())"
    let what = "\(name) at \(adapter.address)"
    guard let driver = adapter.kernelDriver else {
      let driver = PCI.kernelDriver(adapter.vendorID)
      return [
        Finding(
          .noKernelDriver, .error, cause: "\(what) has no kernel driver",
          cure:
            "load \(driver); firmware may be missing, `sudo dmesg` tells; virtual machines need the GPU passed through",
          commands: ["sudo modprobe \(driver)"])
      ]
    }
    let cause = "\(what) has the kernel driver \(driver), and no node in /dev/dri here: "
    if driver == "vfio-pci" {
      return [
        Finding(
          .kernelDriverWithoutNode, .info, cause: cause + "it is kept for virtual machines (vfio-pci)",
          cure: "bind it to its own driver to use it on this machine")
      ]
    }
    if let container = host.container {
      return [
        Finding(
          .kernelDriverWithoutNode, .warning, cause: cause + "this container does not have it",
          Containers.remedy(container, group: nil))
      ]
    }
    if driver == "nvidia", !host.modules.contains("nvidia_drm") {
      return [
        Finding(
          .kernelDriverWithoutNode, .warning, cause: cause + "nvidia-drm, which makes it, is not loaded",
          cure: "load it", commands: ["sudo modprobe nvidia-drm modeset=1"])
      ]
    }
    return [
      Finding(
        .kernelDriverWithoutNode, .warning, cause: cause + "the driver \(driver) made none",
        cure: "`sudo dmesg | grep \(driver)` tells why; \(driver) may have been started with nomodeset")
    ]
  }

  /// A node that was named is another matter than a machine without any.
  private static func notThere(_ node: NamedNode) -> Finding {
    Finding(
      .noRenderNode, .error, device: node.path,
      cause: "there is no \(node.path)" + (node.origin.map { ", which \($0) names" } ?? ""),
      cure: "name a node that is there, with its whole path", commands: ["ls -l /dev/dri"])
  }

  private static func noRenderNode(_ host: HostReport) -> Finding {
    let place = host.hasDRIFolder ? "/dev/dri has no render node" : "there is no /dev/dri"
    let hasGPU = host.adapters.contains { PCI.decodes($0.vendorID) }
    if let container = host.container {
      var remedy = Containers.remedy(container, group: nil)
      remedy.words += (hasGPU ? "" : ", where the host has one") + "; \(Containers.numberOfGroup)"
      return Finding(
        .noRenderNode, .error,
        cause: "\(place) in this container (\(container))" + (hasGPU ? "" : ", and /sys shows no GPU"), remedy)
    }
    guard hasGPU else {
      return Finding(
        .noRenderNode, .error,
        cause: "\(place), and no GPU is on the PCI bus",
        cure: "software decoding works without one; a virtual machine needs a GPU passed through, or virtio-gpu with "
          + "virglrenderer and video decoding")
    }
    return Finding(
      .noRenderNode, .error, cause: "\(place), though there is a GPU",
      cure: "see the findings about it; a kernel that was started with nomodeset makes no nodes",
      commands: ["sudo dmesg | grep -iE 'drm|i915|amdgpu|nvidia'"])
  }

  // MARK: - A node that cannot be opened

  /// Somebody forbids it; anything else is not about rights.
  static func isDenied(_ access: DeviceReport.Access) -> Bool {
    !access.isOpenable && [nil, "EACCES", "EPERM"].contains(access.error)
  }

  static func closed(_ device: DeviceReport, _ access: DeviceReport.Access, _ host: HostReport) -> Finding {
    guard isDenied(access) else {
      return Finding(
        .nodeUnusable, .error, device: device.path,
        cause:
          "\(device.path) is there, and leads to no device: \(access.reason ?? access.error ?? "it does not open")",
        cure:
          "the device may be gone, or asleep for good: look for messages of it; a node that was made by hand may have wrong numbers",
        commands: ["ls -l \(device.path)", "sudo dmesg | tail -50"])
    }
    let lines = "\(device.path) is \(access.mode), owner \(access.owner.title), group \(access.group.title)"
    let why = "user \(host.user.title) may not open \(device.path) (\(access.reason ?? "denied")): \(lines)"
    return Finding(.nodeDenied, .error, device: device.path, cause: why, remedy(access, host))
  }

  private static func remedy(_ access: DeviceReport.Access, _ host: HostReport) -> Remedy {
    let group = access.group
    if access.lets(host.user, in: host.groups) {
      guard let container = host.container else {
        return Remedy(
          words:
            "the node lets this user in: a sandbox or security module denies it (systemd: DeviceAllow=, PrivateDevices=; Flatpak: --device=dri; Snap; SELinux)"
        )
      }
      var remedy = Containers.remedy(container, group: group.id)
      remedy.words =
        "the node lets this user in, so the container's device rules deny it (a folder that was only mounted brings none): \(remedy.words)"
      return remedy
    }
    // A group that may not, and one that nobody should be in.
    guard access.groupMayUse, group.id != 0 else {
      return Remedy(
        words: "let the group `render` use it, by a udev rule that lasts"
          + (host.container == nil ? "" : ", outside of the container") + "; then join that group",
        commands: [
          #"echo 'SUBSYSTEM=="drm", KERNEL=="renderD*", GROUP="render", MODE="0660"' | sudo tee /etc/udev/rules.d/70-render.rules"#,
          "sudo udevadm trigger --subsystem-match=drm",
        ])
    }
    if let container = host.container {
      var remedy = Containers.remedy(container, group: group.id)
      remedy.words = "run the container with the group of the node, by its number: names differ inside"
      return remedy
    }
    guard let name = group.name else {
      return Remedy(
        words: "make a group of the number \(group.id), which has no name here, and join it",
        commands: ["sudo groupadd -g \(group.id) render-host", "sudo usermod -aG render-host \(host.userName)"])
    }
    return Remedy(
      words: "join the group, then log in again", commands: ["sudo usermod -aG \(name) \(host.userName)"])
  }
}

extension DeviceReport.Access {
  private var bits: Int { Int(mode, radix: 8) ?? 0 }

  /// Its group may read and write it.
  fileprivate var groupMayUse: Bool { bits >> 3 & 6 == 6 }

  /// The bits let a user in: of owner, group and others the first that fits decides. Root needs none.
  fileprivate func lets(_ user: HostReport.Account, in groups: [HostReport.Account]) -> Bool {
    if user.id == 0 { return true }
    if user.id == owner.id { return bits >> 6 & 6 == 6 }
    return groups.contains { $0.id == group.id } ? groupMayUse : bits & 6 == 6
  }
}
