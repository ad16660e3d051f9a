package import FrameModel

/// From what is known of a machine to what is wrong with it, why, and what to do: a function, so that a test can describe
/// any machine.
package enum Diagnosis {
  /// A node that somebody named.
  package struct NamedNode: Hashable, Sendable {
    /// As it was written.
    package var path: String
    /// What named it, as `--device` or a variable; nil where a program did.
    package var origin: String?

    /// Names a node.
    ///
    /// - Parameters:
    ///   - path: as it was written.
    ///   - origin: what named it.
    package init(path: String, origin: String? = nil) {
      self.path = path
      self.origin = origin
    }
  }

  /// All findings, the worst first.
  ///
  /// - Parameters:
  ///   - facts: what is known of the machine.
  ///   - named: the node that was asked for; nil where all were.
  package static func findings(_ facts: Capabilities, named: NamedNode? = nil) -> [Finding] {
    var findings = nodes(facts, named) + machine(facts)
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
    let denied = facts.devices.filter { $0.canRender && $0.access.map(isDenied) == true }
    if host.user.id != 0, host.groups.count < 2, !denied.isEmpty {
      findings.append(
        Finding(
          .userWithoutGroups, .warning,
          cause:
            "user \(host.user.title) is in no group but \(host.groups.first?.title ?? "its own"), so it may not open \(denied.map(\.path).joined(separator: ", "))",
          cure: "add the user to the group of the node, and log in again; services need SupplementaryGroups="))
    }
    if !host.hasDisplay, facts.devices.contains(where: { $0.driver?.works == true }) {
      findings.append(
        Finding(
          .headless, .info, cause: "no X or Wayland display is in the environment",
          cure: "nothing is to be done: decoding needs none; programs that use VA-API by X need `--display drm`"))
    }
    return findings + environment(host)
  }

  /// What the environment makes of vabuf's own choices.
  private static func environment(_ host: HostReport) -> [Finding] {
    func finding(_ name: String, _ effect: String) -> Finding {
      Finding(
        .changedByEnvironment, .info, cause: "\(name)=\(host.environment[name] ?? "") in the environment: \(effect)",
        cure: "leave it if it is meant", commands: ["unset \(name)"])
    }
    var findings: [Finding] = []
    switch host.environment["VABUF_BACKEND"] {
    case nil, "auto": break
    case "software": findings.append(finding("VABUF_BACKEND", "vabuf uses no device, whatever they can"))
    case "vaapi": findings.append(finding("VABUF_BACKEND", "vabuf refuses what no device decodes"))
    default: findings.append(finding("VABUF_BACKEND", "it is none of auto, vaapi and software, so vabuf refuses all"))
    }
    if let path = host.environment["VABUF_DEVICE"] {
      findings.append(finding("VABUF_DEVICE", "vabuf uses no device but \(path)"))
    }
    return findings
  }
}
