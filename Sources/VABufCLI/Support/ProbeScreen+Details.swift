import VABuf

extension ProbeScreen {
  /// Everything else that is known: for `--verbose`.
  var details: String {
    (capabilities.devices.map(details) + [hostDetails]).joined(separator: "\n")
  }

  private func details(_ device: DeviceReport) -> String {
    var text = style(device.path, .strong) + "\n" + Text.table(indented(deviceRows(device)))
    if let claims = device.claims { text += claimsText(claims) }
    let rows = device.evidence.map { row in
      ("  " + row.clip, row.verdict.words + detail(row))
    }
    if !rows.isEmpty { text += "  evidence\n" + Text.table(indented(rows)) }
    let rates = device.downloads.map { rate in
      (
        "  \(rate.format) \(rate.width)x\(rate.height) \(rate.way)",
        "\(Text.fixed(rate.milliseconds, 2)) ms\(rate.isBest ? ", used" : "")"
      )
    }
    if !rates.isEmpty { text += "  downloads\n" + Text.table(indented(rates)) }
    return text
  }

  private func detail(_ row: Evidence) -> String {
    var parts: [String] = []
    if let rate = row.framesPerSecond { parts.append("\(Text.fixed(rate, 1)) frames a second") }
    if row.wrongFrames > 0 { parts.append("\(row.wrongFrames) of \(row.frames) frames") }
    if let psnr = row.psnr { parts.append("PSNR \(Text.fixed(psnr, 1)) dB") }
    if let call = row.call { parts.append(call + (row.status.map { " \($0)" } ?? "")) }
    if let signal = row.signal { parts.append(signal) }
    if let reason = row.reason, row.verdict != .differs { parts.append(reason) }
    if let decoder = row.decoder, row.verdict == .exact { parts.append("by \(decoder)") }
    return parts.isEmpty ? "" : ": " + parts.joined(separator: ", ")
  }

  /// Those of which something is known.
  private func indented(_ rows: [(String, String)]) -> [(String, String)] {
    rows.filter { !$0.1.isEmpty }.map { ("  " + $0.0, $0.1) }
  }

  private func deviceRows(_ device: DeviceReport) -> [(String, String)] {
    func number(_ value: Int?) -> String {
      value.map { Text.left(String($0, radix: 16), 4, "0") + " " } ?? ""
    }
    var rows: [(String, String)] = [
      ("nodes", [device.renderNode, device.cardNode].compactMap(\.self).joined(separator: ", ")),
      ("bus", [device.bus, device.address].compactMap(\.self).joined(separator: " ")),
      ("model", number(device.vendorID) + number(device.deviceID) + (device.model ?? device.vendor ?? "")),
      (
        "kernel driver",
        [device.kernelDriver, device.kernelDriverVersion].compactMap(\.self).joined(separator: " ")
      ),
      ("chosen", (device.isChosen ? "yes" : "no") + (device.choiceReason.isEmpty ? "" : ": \(device.choiceReason)")),
    ]
    if let access = device.access {
      rows.append(
        (
          "access",
          "\(access.mode), owner \(account(access.owner)), group \(account(access.group)): "
            + (access.isOpenable ? "can be opened" : access.reason ?? "denied")
        ))
    }
    guard let driver = device.driver else { return rows }
    rows.append(
      ("VA driver", "\(driver.name ?? "-") (from \(driver.source == .libva ? "libva" : "LIBVA_DRIVER_NAME"))"))
    rows.append(("file", "\(driver.file ?? "-")\(driver.fileExists == false ? ", which is not there" : "")"))
    if let vendor = driver.vendor { rows.append(("calls itself", vendor)) }
    rows.append(("VA-API", "libva \(driver.apiVersion ?? "-"), driver \(driver.driverAPIVersion ?? "-")"))
    if let failure = driver.failure {
      rows.append(
        ("failure", [failure.call, failure.status, failure.message].compactMap(\.self).joined(separator: ", ")))
    }
    if let plain = driver.withoutEnvironment {
      let what =
        plain.works ? "\(plain.name ?? "") works: \(plain.vendor ?? "")" : plain.failure?.message ?? "none starts"
      rows.append(("without the environment", what))
    }
    return rows + driver.messages.map { ("libva says", $0) }
  }

  private func claimsText(_ claims: Claims) -> String {
    var text = "  claims\n"
    for claim in claims.profiles {
      let size = claim.maxWidth.map { "up to \($0)x\(claim.maxHeight ?? 0)" } ?? ""
      let parts = [
        claim.rtFormats.joined(separator: "+"), claim.surfaceFormats.joined(separator: ","), size,
        claim.memoryTypes.joined(separator: ","), claim.takesModifiers ? "modifiers" : "",
        claim.failure?.message ?? "",
      ]
      text +=
        "    " + Text.right("\(claim.profile) / \(claim.entrypoint.isEmpty ? "?" : claim.entrypoint)", 52)
        + parts.filter { !$0.isEmpty }.joined(separator: "  ") + "\n"
      let attributes = claim.attributes.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
      if !attributes.isEmpty {
        text += "      " + style(style.wrapped(attributes.joined(separator: " "), first: 6, indent: 6), .faint) + "\n"
      }
    }
    text += "    image formats: \(claims.imageFormats.joined(separator: ", "))\n"
    for export in claims.exports {
      let what =
        export.works
        ? "\(export.layerFormats.joined(separator: "+")), \(Text.count(export.objects, "object")), modifier \(export.modifier ?? "-")"
        : "does not work: \(export.failure?.message ?? "")"
      text += "    DMA-BUF export \(export.format), \(export.layers) layers: \(what)\n"
    }
    if let failure = claims.failure { text += "    incomplete: \(failure.message)\n" }
    return text
  }

  private var hostDetails: String {
    let host = capabilities.host
    let adapters = host.adapters.map { adapter in
      "\(adapter.address) \(adapter.model ?? String(adapter.vendorID, radix: 16)), "
        + "driver \(adapter.kernelDriver ?? "none"), \(adapter.hasNode ? "has a node" : "no node")"
    }
    var rows: [(String, String)] = [
      ("user", account(host.user)), ("groups", host.groups.map(account).joined(separator: ", ")),
      ("display", host.hasDisplay ? "yes" : "none"), ("modules", host.modules.joined(separator: ", ")),
    ]
    rows += adapters.map { ("adapter", $0) }
    rows += host.environment.sorted { $0.key < $1.key }.map { ("environment", "\($0.key)=\($0.value)") }
    rows += host.installedDrivers.map { ("installed driver", $0.path) }
    rows += host.ffmpegLibraries.map { ("library", $0) } + [("VA-API headers", host.vaapi)]
    rows += capabilities.software.codecs.map {
      ("\($0.codec) in software", $0.decoders.isEmpty ? "no decoder" : $0.decoders.joined(separator: ", "))
    }
    rows += capabilities.software.evidence.filter { $0.verdict != .exact }.map {
      ($0.clip, $0.verdict.words + detail($0))
    }
    return style("host", .strong) + "\n" + Text.table(indented(rows))
  }
}
