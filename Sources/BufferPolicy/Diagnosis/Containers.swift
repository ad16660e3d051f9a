/// How a container gets a GPU.
enum Containers {
  /// - Parameters:
  ///   - kind: of container.
  ///   - group: the number of the node's group, where it is known.
  static func remedy(_ kind: String, group: Int?) -> Remedy {
    Remedy(words: words(kind), examples: examples(kind, group: group.map { "\($0)" } ?? "GID"))
  }

  /// What the numbers in the examples are, where they are not known in here.
  static let numberOfGroup = "GID is what `stat -c %g /dev/dri/renderD128` says outside"

  private static func words(_ kind: String) -> String {
    switch kind {
    case "docker": "start the container with the device"
    case "podman": "start the container with the device, and keep the user's groups"
    case "kubernetes": "ask for a GPU in the pod, by the device plugin of its vendor (Intel, AMD, NVIDIA)"
    case "lxc": "pass the device in the container's configuration, and let it be used"
    case "systemd-nspawn": "bind the device into the container, and allow it"
    default: "pass the folder /dev/dri into the container"
    }
  }

  private static func examples(_ kind: String, group: String) -> [String] {
    switch kind {
    case "docker": ["docker run --device /dev/dri --group-add \(group) ..."]
    case "podman": ["podman run --device /dev/dri --group-add keep-groups ..."]
    case "kubernetes":
      [
        "resources: {limits: {gpu.intel.com/i915: 1}}   # amd.com/gpu, nvidia.com/gpu",
        "securityContext: {supplementalGroups: [\(group)]}",
      ]
    case "lxc":
      [
        "lxc config device add NAME gpu gpu gid=\(group)",
        "# or in the configuration file: lxc.cgroup2.devices.allow = c 226:* rwm",
        "# lxc.mount.entry = /dev/dri dev/dri none bind,optional,create=dir",
      ]
    case "systemd-nspawn": ["systemd-nspawn --bind=/dev/dri --property=DeviceAllow='char-drm rw' ..."]
    default: []
    }
  }
}
