import VABuf

/// What `vabuf probe` says to people: the machine, its devices, a matrix of codecs against devices, and the findings.
struct ProbeScreen {
  let capabilities: Capabilities
  let style: ScreenStyle
  let isVerbose: Bool

  init(_ capabilities: Capabilities, style: ScreenStyle, isVerbose: Bool) {
    self.capabilities = capabilities
    self.style = style
    self.isVerbose = isVerbose
  }

  func text(_ plan: FilePlan?, _ answers: [Requirement.Answer]) -> String {
    var parts = [head, devices]
    if let plan { parts.append(file(plan)) }
    if plan == nil || isVerbose { parts.append(matrix) }
    if isVerbose { parts.append(details) }
    if !answers.isEmpty { parts.append(requirements(answers)) }
    if plan == nil || isVerbose { parts.append(findings) }
    return parts.filter { !$0.isEmpty }.joined(separator: "\n")
  }

  // MARK: - Head

  private var head: String {
    let host = capabilities.host
    let place = host.container.map { " (\($0))" } ?? ""
    let system = host.distributionName.isEmpty ? "Linux" : host.distributionName
    return "vabuf \(capabilities.version), FFmpeg \(host.ffmpeg), on \(system)\(place), Linux \(host.kernel), "
      + Text.count(host.cores, "core") + "\n"
  }

  private var devices: String {
    guard !capabilities.devices.isEmpty else { return style("no DRM device", .doubtful) + "\n" }
    return capabilities.devices.map { device in
      let mark = device.isChosen ? style("*", .good) : " "
      let model = device.model ?? [device.vendor, device.kernelDriver].compactMap(\.self).joined(separator: " ")
      let first = "\(mark) \(style(device.path, .strong))  \(model.isEmpty ? "unknown device" : model)"
      let state = state(device)
      let room = style.width - 4
      let second = style.wrapped(state.text, first: 4, indent: 4)
      return first + "\n    " + style(second.count > room * 3 ? String(second.prefix(room * 3)) : second, state.colour)
    }.joined(separator: "\n") + "\n"
  }

  private func state(_ device: DeviceReport) -> (text: String, colour: ScreenStyle.Colour?) {
    guard device.canRender else { return ("no render node: it cannot decode", .faint) }
    guard let access = device.access else { return ("the node is not there", .bad) }
    guard access.isOpenable else {
      return (
        "cannot be opened (\(access.reason ?? "denied")): mode \(access.mode), group \(account(access.group))", .bad
      )
    }
    guard let driver = device.driver else { return ("not looked at", .faint) }
    guard driver.works else {
      let name = driver.name.map { "driver \($0)" } ?? "no driver"
      guard let failure = driver.failure else {
        return ("\(name): " + (driver.fileExists == false ? "its file is not there" : "not looked at"), .faint)
      }
      return ("\(name) does not start: \(failure.message)", .bad)
    }
    let used = device.isChosen ? "used: \(device.choiceReason)" : "not used: \(device.choiceReason)"
    return ("\(driver.name ?? "driver"): \(driver.vendor ?? ""); \(used)", nil)
  }

  func account(_ account: HostReport.Account) -> String {
    account.name.map { "\($0) (\(account.id))" } ?? "\(account.id)"
  }

  // MARK: - Matrix

  /// A column of the matrix: a place, and the clips of one size.
  private struct Column {
    var place: String
    var size: String
    var evidence: [Evidence]
  }

  private var matrix: String {
    let places =
      capabilities.devices.filter { !$0.evidence.isEmpty }.map { (short($0.path), $0.evidence) }
      + (capabilities.software.evidence.isEmpty ? [] : [("software", capabilities.software.evidence)])
    guard !places.isEmpty else { return style("Nothing was decoded.", .faint) + "\n" }
    let heights = Set(places.flatMap { $0.1.map(\.height) }).sorted()
    let columns = places.flatMap { place, evidence in
      heights.map { height in
        Column(place: place, size: "\(height)p", evidence: evidence.filter { $0.height == height })
      }
    }
    let room = max(heights.count, (style.width - Self.label) / Self.cell / heights.count * heights.count)
    return stride(from: 0, to: columns.count, by: room).map { start in
      block(Array(columns[start..<min(start + room, columns.count)]), perPlace: heights.count)
    }.joined(separator: "\n") + legend
  }

  private static let label = 28
  private static let cell = 11

  private func block(_ columns: [Column], perPlace: Int) -> String {
    var first = String(repeating: " ", count: Self.label)
    for start in stride(from: 0, to: columns.count, by: perPlace) {
      first += Text.right(String(columns[start].place.prefix(Self.cell * perPlace - 1)), Self.cell * perPlace)
    }
    let second = String(repeating: " ", count: Self.label) + columns.map { Text.right($0.size, Self.cell) }.joined()
    var rows: [(codec: String, profile: String)] = []
    for row in columns.flatMap(\.evidence) where !rows.contains(where: { $0 == (row.codec, row.profile) }) {
      rows.append((row.codec, row.profile))
    }
    let lines = rows.compactMap { codec, profile -> String? in
      let cells = columns.map { column in
        column.evidence.first { $0.codec == codec && $0.profile == profile }
      }
      guard cells.contains(where: { $0 != nil }) else { return nil }
      let name = codec == profile ? codec : "\(codec) \(profile)"
      return Text.right("  " + name, Self.label) + cells.map(cell).joined()
    }
    return ([style(first.trimmedRight, .strong), style(second.trimmedRight, .faint)] + lines.map(\.trimmedRight))
      .joined(separator: "\n") + "\n"
  }

  private func cell(_ row: Evidence?) -> String {
    guard let row else { return Text.right("", Self.cell) }
    let (text, colour): (String, ScreenStyle.Colour?) =
      switch row.verdict {
      case .exact:
        if let rate = row.framesPerSecond {
          (Text.fixed(rate, 0), rate < 30 ? .doubtful : .good)
        } else {
          ("exact", .good)
        }
      case .differs, .fails, .timedOut, .crashed: (row.verdict.words, .bad)
      case .notOffered: ("-", .faint)
      case .notTried: ("not tried", .faint)
      }
    // Colours have no width.
    return style(text, colour) + String(repeating: " ", count: max(0, Self.cell - text.count))
  }

  private var legend: String {
    let words = "Numbers: frames a second, every picture exact. -: not offered."
    let isOld = capabilities.devices.contains(where: \.isRemembered) || capabilities.software.isRemembered
    return style(words + (isOld ? " Remembered; --refresh measures again." : ""), .faint) + "\n"
  }

  private func short(_ path: String) -> String { path.split(separator: "/").last.map(String.init) ?? path }

  // MARK: - Requirements, findings, file

  private func requirements(_ answers: [Requirement.Answer]) -> String {
    answers.map { answer in
      let word = style(answer.isMet ? "met    " : "not met", answer.isMet ? .good : .bad)
      let place = answer.device.map { "\($0): " } ?? ""
      return "\(word)  \(answer.requirement): \(place)\(answer.reason)"
    }.joined(separator: "\n") + "\n"
  }

  private var findings: String {
    let shown = capabilities.findings
    guard !shown.isEmpty else { return style("Nothing is in the way.", .good) + "\n" }
    return shown.map { finding in
      let colour: ScreenStyle.Colour =
        switch finding.severity {
        case .error: .bad
        case .warning: .doubtful
        case .info: .faint
        }
      let device = finding.device.map { " \($0)" } ?? ""
      let head = style("\(finding.severity.rawValue): \(finding.code.rawValue)", colour) + device
      let cause = "  " + style.wrapped(finding.cause, first: 2, indent: 2)
      let cure = "  " + style.wrapped("-> \(finding.cure)", first: 2, indent: 5)
      let lines = finding.commands.map { style($0, .strong) } + finding.examples.map { style("e.g. ", .faint) + $0 }
      return ([head, cause, cure] + lines.map { "     " + $0 }).joined(separator: "\n")
    }.joined(separator: "\n") + "\n"
  }

  private func file(_ plan: FilePlan) -> String {
    let rate = plan.frameRate.map { ", \(Text.fixed($0, 2)) frames a second" } ?? ""
    let way = plan.backend == nil ? "no way" : plan.device ?? "software"
    var rows: [(String, String)] = [
      ("file", plan.file),
      (
        "stream",
        "\(plan.stream): \(plan.codec)\(plan.profile.map { " (\($0))" } ?? ""), \(plan.width)x\(plan.height), "
          + "\(plan.bitDepth) bits, \(plan.chroma)\(rate)"
      ),
      ("goes by", style(way, plan.backend == nil ? .bad : plan.backend == .vaapi ? .good : .doubtful)),
    ]
    for candidate in plan.candidates {
      let speed = candidate.framesPerSecond.map { " (the like at \(Text.fixed($0, 0)) frames a second)" } ?? ""
      rows.append((candidate.takes ? "can" : "cannot", "\(candidate.device): \(candidate.reason)\(speed)"))
    }
    rows.append(("a frame", "\(Text.bytes(plan.frameBytes)) in host memory, \(Text.bytes(plan.surfaceBytes)) on a GPU"))
    rows.append(("surfaces", "\(plan.surfacesUsual) as a rule, \(plan.surfacesMost) at most, for the decoder"))
    for preset in plan.presets {
      let fits = min(preset.framesThatFit, preset.cacheFrames)
      rows.append(
        (
          "preset \(preset.name)",
          "\(Text.bytes(preset.poolBytes)): caches \(fits) of \(Text.count(preset.cacheFrames, "frame"))"
        ))
    }
    return Text.table(rows)
  }
}

extension String {
  /// Without spaces at the end.
  var trimmedRight: String {
    var text = self
    while text.last == " " { text.removeLast() }
    return text
  }
}
