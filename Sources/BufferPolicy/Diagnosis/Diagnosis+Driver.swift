internal import FrameModel

extension Diagnosis {
  /// What is wrong though the driver runs.
  static func works(_ device: DeviceReport, _ driver: DriverReport, _ facts: Capabilities) -> [Finding] {
    var findings: [Finding] = []
    if driver.source == .environment, let plain = driver.withoutEnvironment, plain.name != driver.name || !plain.works {
      findings.append(
        Finding(
          .driverChangedByEnvironment, .info, device: device.path,
          cause: "the environment names the driver \(driver.name ?? ""); without it "
            + (plain.works ? "libva takes \(plain.name ?? "another")" : "none starts"),
          cure: "leave it if it is meant"))
    }
    if let claims = device.claims {
      if claims.decodesNothing { findings.append(noDecoder(device)) }
      findings += restricted(device, driver, claims, facts.host) + gap(device, claims) + questions(device, claims)
    }
    return findings + Self.evidence(device)
  }

  /// What the driver does not survive being asked.
  private static func questions(_ device: DeviceReport, _ claims: Claims) -> [Finding] {
    let export = claims.exports.lazy.compactMap(\.failure).first { $0.kind != .failed }
    let asked = claims.failure.flatMap { $0.kind == .failed ? nil : $0 }
    let steps = [(asked, "it is asked what it can"), (export, "a surface is exported as a DMA-BUF")]
    return steps.compactMap { failure, when in
      guard let failure else { return nil }
      let isCrash = failure.kind == .crashed
      return Finding(
        isCrash ? .driverCrashes : .driverHangs, .error, device: device.path,
        cause: "the driver \(isCrash ? "ends the process" : "does not come back") when \(when): \(failure.message)",
        cure: "update the driver, and report this to its makers")
    }
  }

  /// What the driver does not tell.
  private static func gap(_ device: DeviceReport, _ claims: Claims) -> [Finding] {
    guard let gap = claims.gap, gap.kind == .failed else { return [] }
    let place = gap.call.map { " (\($0)\(gap.status.map { ": \($0)" } ?? ""))" } ?? ""
    return [
      Finding(
        .claimsIncomplete, .warning, device: device.path,
        cause: "the driver does not tell all that it can: \(gap.message)\(place)",
        cure: "update the driver; what is missing here may decode all the same")
    ]
  }

  private static func noDecoder(_ device: DeviceReport) -> Finding {
    Finding(
      .noDecoder, .warning, device: device.path,
      cause: "\(device.title) decodes nothing by VA-API"
        + (device.claims?.failure.map { ": \($0.message)" } ?? ""),
      cure: "use another device, or software; virtual GPUs need a host that decodes for them")
  }

  /// Codecs with patents are left out by some distributions, while the chip has them.
  private static func restricted(
    _ device: DeviceReport, _ driver: DriverReport, _ claims: Claims, _ host: HostReport
  ) -> [Finding] {
    guard let vendor = device.vendorID, claims.failure == nil else { return [] }
    let decoded = claims.profiles.filter(\.decodes).map(\.profile)
    let missing = ["H264", "HEVC"].filter { codec in !decoded.contains { $0.contains(codec) } }
    // Every chip that these drivers run on and that decodes anything has H.264. Mesa processes video only where there is a
    // decoder; Intel has GPUs for computing that have none.
    let hasDecoder =
      switch vendor {
      case PCI.amd: !claims.profiles.isEmpty
      case PCI.intel: !decoded.isEmpty
      default: false
      }
    guard missing.contains("H264"), hasDecoder else { return [] }
    return [
      Finding(
        .profilesRestricted, .warning, device: device.path,
        cause:
          "\(driver.vendor ?? "the driver") has no \(missing.joined(separator: " and no ")), though the chip does: it was built without codecs that have patents",
        Packages.full(vendor, host))
    ]
  }

  // MARK: - Evidence

  private static func evidence(_ device: DeviceReport) -> [Finding] {
    var findings: [Finding] = []
    func rows(_ verdict: Evidence.Verdict) -> [Evidence] { device.evidence.filter { $0.verdict == verdict } }
    let wrong = rows(.differs)
    if !wrong.isEmpty {
      findings.append(
        Finding(
          .wrongPictures, .error, device: device.path,
          cause: "the driver decodes wrong pictures without saying so: \(wrong.list)",
          cure:
            "vabuf decodes these in software by itself; update the driver, and report this with the output of `vabuf probe --json`"
        ))
    }
    let failed = rows(.fails)
    if let first = failed.first {
      findings.append(
        Finding(
          .decodingFails, .warning, device: device.path,
          cause: "the driver claims what it does not do: \(failed.list)"
            + (first.call.map { " (\($0)\(first.status.map { ": \($0)" } ?? ""))" } ?? ""),
          cure: "look for messages of the GPU, and for a newer driver", commands: ["sudo dmesg | tail -50"]))
    }
    let crashed = rows(.crashed)
    if !crashed.isEmpty {
      findings.append(
        Finding(
          .driverCrashes, .error, device: device.path,
          cause: "the driver ends the process (\(crashed.first?.signal ?? "exit")) with \(crashed.list)",
          cure: "do not decode these on it; update the driver, and report this to its makers"))
    }
    let hung = rows(.timedOut)
    if !hung.isEmpty {
      findings.append(
        Finding(
          .driverHangs, .error, device: device.path,
          cause: "the driver does not come back from decoding \(hung.list)",
          cure: "look for a GPU hang, and update the driver and the firmware", commands: ["sudo dmesg | grep -i hang"]))
    }
    return findings
  }
}
