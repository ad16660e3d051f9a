extension DeviceReport {
  /// It can decode: display controllers without a GPU have no render node.
  public var canRender: Bool { renderNode != nil || cardNode == nil }

  /// How many of the clips it decodes to the last bit.
  public var exactCount: Int { evidence.count { $0.verdict == .exact } }

  /// It can be used, as far as is known.
  package var isUsable: Bool {
    canRender && access?.isOpenable == true && driver?.works != false
      && (evidence.isEmpty || exactCount > 0)
  }

  /// The rate of the slowest exact clip of that size.
  fileprivate var slowestRate: Double {
    evidence.filter { $0.verdict == .exact }.compactMap(\.framesPerSecond).min() ?? 0
  }
}

extension Capabilities {
  /// Says which device is used where nobody names one: of those that can be used the one that decodes most clips, of
  /// equals one that is faster by a tenth, else the first.
  package mutating func choose() {
    var best: Int?
    for index in devices.indices where devices[index].isUsable {
      guard let known = best else {
        best = index
        continue
      }
      let (one, other) = (devices[index], devices[known])
      let isFaster = one.exactCount == other.exactCount && one.slowestRate > other.slowestRate * 1.1
      if one.exactCount > other.exactCount || isFaster { best = index }
    }
    for index in devices.indices {
      devices[index].isChosen = index == best
      devices[index].choiceReason = reason(index, best)
    }
  }

  private func reason(_ index: Int, _ best: Int?) -> String {
    let device = devices[index]
    if index == best {
      let others = devices.indices.filter { $0 != index && devices[$0].isUsable }
      if others.isEmpty { return devices.count == 1 ? "the only device" : "the only one that can be used" }
      if others.contains(where: { devices[$0].exactCount < device.exactCount }) {
        return "it decodes most: \(device.exactCount) clips"
      }
      return others.contains { $0 < index } ? "it decodes faster" : "the first of those that decode as much"
    }
    guard device.canRender else { return "it has no render node" }
    guard let access = device.access else { return "its node is not there" }
    guard access.isOpenable else { return "it cannot be opened" }
    guard device.driver?.works != false else { return "its driver does not start" }
    guard device.isUsable else { return "it decodes no clip as it should" }
    return best.map { "\(devices[$0].path) is preferred" } ?? ""
  }
}
