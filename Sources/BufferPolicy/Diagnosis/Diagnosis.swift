package import FrameModel

/// From what is known of a machine to what is wrong with it, why, and what to do: a function, so that a test can describe
/// any machine.
package enum Diagnosis {
  /// All findings, the worst first.
  package static func findings(_ facts: Capabilities) -> [Finding] {
    var findings = machine(facts)
    for device in facts.devices where device.canRender { findings += self.device(device, facts) }
    findings += several(facts) + software(facts)
    let order = Finding.Severity.allCases
    return findings.enumerated().sorted { one, other in
      let (a, b) = (order.firstIndex(of: one.element.severity) ?? 0, order.firstIndex(of: other.element.severity) ?? 0)
      return (a, one.offset) < (b, other.offset)
    }.map(\.element)
  }

  // MARK: - The machine

  private static func machine(_ facts: Capabilities) -> [Finding] {
    let host = facts.host
    var findings: [Finding] = []
    let hasNode = facts.devices.contains { $0.canRender && $0.access != nil }
    for adapter in host.adapters where !adapter.hasNode { findings += withoutNode(adapter, host) }
    if !hasNode {
      // A named node that is not there is another matter than a machine without any.
      findings.append(noRenderNode(facts))
    }
    let isDenied = facts.devices.contains { $0.access?.isOpenable == false }
    if host.user.id != 0, host.groups.count < 2, isDenied {
      findings.append(
        Finding(
          .userWithoutGroups, .warning,
          cause:
            "user \(host.user.title) is in no group but \(host.groups.first?.title ?? "its own"), so no device is open to it",
          cure: "add the user to the group of the node, and log in again; services need SupplementaryGroups="))
    }
    if !host.hasDisplay, facts.devices.contains(where: { $0.driver?.works == true }) {
      findings.append(
        Finding(
          .headless, .info, cause: "no X or Wayland display is in the environment",
          cure: "nothing is to be done: decoding needs none; programs that use VA-API by X need `--display drm`"))
    }
    return findings
  }

  private static func withoutNode(_ adapter: HostReport.Adapter, _ host: HostReport) -> [Finding] {
    let name = adapter.model ?? "display adapter \(adapter.vendorID.hex):\(adapter.deviceID.hex)"
    let what = "\(name) at \(adapter.address)"
    if adapter.vendorID == PCI.nvidia, adapter.kernelDriver == "nvidia", host.nvidiaModeset == false {
      return [
        Finding(
          .nvidiaWithoutModeset, .error,
          cause: "\(what) has no DRM node: NVIDIA's driver does not set modes (nvidia-drm.modeset=0)",
          cure: "load nvidia-drm with modeset=1, and start again",
          commands: [
            "echo 'options nvidia-drm modeset=1' | sudo tee /etc/modprobe.d/nvidia-drm.conf",
            "sudo update-initramfs -u || sudo dracut --force",
          ])
      ]
    }
    guard let driver = adapter.kernelDriver else {
      // Servers' management chips draw a console and have no decoder.
      guard PCI.decodes(adapter.vendorID) else { return [] }
      return [
        Finding(
          .noKernelDriver, .error, cause: "\(what) has no kernel driver",
          cure:
            "load \(PCI.kernelDriver(adapter.vendorID)); firmware may be missing, `sudo dmesg` tells; virtual machines need the GPU passed through",
          commands: ["sudo modprobe \(PCI.kernelDriver(adapter.vendorID))"])
      ]
    }
    guard PCI.decodes(adapter.vendorID) else { return [] }
    let isPassed = driver == "vfio-pci"
    let why =
      isPassed
      ? "it is kept for virtual machines (vfio-pci)"
      : host.container != nil ? "this container does not have it" : "the driver \(driver) made none"
    return [
      Finding(
        .kernelDriverWithoutNode, isPassed ? .info : .warning,
        cause: "\(what) has the kernel driver \(driver), and no node in /dev/dri here: \(why)",
        cure: isPassed
          ? "bind it to its own driver to use it on this machine"
          : host.container.map { Containers.cure($0) }
            ?? "`sudo dmesg | grep \(driver)` tells why; \(driver) may have been started with nomodeset",
        commands: isPassed ? [] : host.container.map { Containers.commands($0, group: nil) } ?? [])
    ]
  }

  private static func noRenderNode(_ facts: Capabilities) -> Finding {
    let host = facts.host
    let named = facts.devices.first?.path
    if let named, named != "", !facts.devices.contains(where: { $0.access != nil }), named.hasPrefix("/"),
      host.hasDRIFolder
    {
      return Finding(
        .noRenderNode, .error, device: named, cause: "there is no \(named)",
        cure: "name a node that is there", commands: ["ls -l /dev/dri"])
    }
    let place = host.hasDRIFolder ? "/dev/dri has no render node" : "there is no /dev/dri"
    if let container = host.container {
      let hasGPU = host.adapters.contains { PCI.decodes($0.vendorID) }
      return Finding(
        .noRenderNode, .error,
        cause: "\(place) in this container (\(container))" + (hasGPU ? "" : ", and /sys shows no GPU"),
        cure: Containers.cure(container) + (hasGPU ? "" : ", where the host has one"),
        commands: Containers.commands(container, group: nil))
    }
    if !host.adapters.contains(where: { PCI.decodes($0.vendorID) }) {
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

  // MARK: - Several devices, software

  private static func several(_ facts: Capabilities) -> [Finding] {
    let usable = facts.devices.filter { $0.canRender && $0.driver?.works == true }
    guard usable.count > 1, let first = usable.first, let best = facts.chosenDevice, best.path != first.path,
      best.exactCount > first.exactCount
    else { return [] }
    return [
      Finding(
        .betterDevice, .info, device: best.path,
        cause: "the first device, \(first.path), decodes \(first.exactCount) clips, \(best.path) \(best.exactCount)",
        cure: "vabuf takes \(best.path) by itself; tell other programs to",
        commands: ["ffmpeg -hwaccel vaapi -hwaccel_device \(best.path) ..."])
    ]
  }

  private static func software(_ facts: Capabilities) -> [Finding] {
    var findings: [Finding] = []
    for codec in facts.software.codecs where codec.decoders.isEmpty {
      findings.append(
        Finding(
          .codecNotInFFmpeg, .warning,
          cause: "this FFmpeg (\(facts.host.ffmpeg)) has no software decoder for \(codec.codec)",
          cure: Packages.ffmpeg(facts.host)))
    }
    let wrong = facts.software.evidence.filter { ![.exact, .notOffered, .notTried].contains($0.verdict) }
    if !wrong.isEmpty {
      findings.append(
        Finding(
          .softwareFails, .error, cause: "software decoding is wrong for " + wrong.list,
          cure: "this FFmpeg is broken or changed: reinstall it, and report it with the output of `vabuf probe --json`")
      )
    }
    return findings
  }
}
