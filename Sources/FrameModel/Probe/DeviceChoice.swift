extension DeviceReport {
  /// It can decode: display controllers without a GPU have no render node.
  public var canRender: Bool { renderNode != nil || cardNode == nil }

  /// How many of the clips it decodes to the last bit.
  public var exactCount: Int { evidence.exactCount }

  /// Why it cannot be used, as far as is known; nil where it can.
  package var fault: String? {
    guard canRender else { return "it has no render node" }
    guard let access else { return "its node is not there" }
    guard access.isOpenable else { return "it cannot be opened" }
    if let driver, !driver.works {
      return driver.failure == nil ? "its driver was not tried" : "its driver does not start"
    }
    if claims?.decodesNothing == true { return "its driver decodes nothing" }
    return evidence.isEmpty || exactCount > 0 ? nil : "it decodes no clip as it should"
  }
}

extension Capabilities {
  /// Says which device is used where nobody names one: the first of those that can be used, in the order of
  /// `DeviceAdvice`.
  package mutating func choose() {
    let usable = devices.filter { $0.fault == nil }
    let best = DeviceAdvice.order(usable.map { DeviceAdvice.Candidate(path: $0.path, evidence: $0.evidence) }).first?
      .path
    for index in devices.indices {
      devices[index].isChosen = devices[index].path == best
      devices[index].choiceReason = reason(devices[index], usable)
    }
  }

  private func reason(_ device: DeviceReport, _ usable: [DeviceReport]) -> String {
    if let fault = device.fault { return fault }
    guard device.isChosen else {
      return devices.first(where: \.isChosen).map { "\($0.path) is preferred" } ?? "another one is preferred"
    }
    let others = usable.filter { $0.path != device.path }
    if others.isEmpty { return devices.count == 1 ? "the only device" : "the only one that can be used" }
    if others.contains(where: { $0.exactCount < device.exactCount }) {
      return "it decodes most: \(device.exactCount) clips"
    }
    return usable.first?.path == device.path ? "the first of those that decode as much" : "it decodes faster"
  }
}
