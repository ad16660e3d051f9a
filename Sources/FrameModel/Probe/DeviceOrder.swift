extension [Evidence] {
  /// How many of the clips are decoded to the last bit.
  package var exactCount: Int { count { $0.verdict == .exact } }

  /// The rate of the slowest exact clip.
  fileprivate var slowestRate: Double { filter { $0.verdict == .exact }.compactMap(\.framesPerSecond).min() ?? 0 }
}

extension DeviceAdvice {
  /// A device, and what is known of it.
  package struct Candidate: Hashable, Sendable {
    /// The node.
    package var path: String
    /// What is known of it for the stream; where there is none, nothing.
    package var known: DeviceAdvice
    /// What decoding the clips came to.
    package var evidence: [Evidence]

    /// Describes a device.
    ///
    /// - Parameters:
    ///   - path: the node.
    ///   - known: what is known of it for the stream.
    ///   - evidence: what decoding the clips came to.
    package init(path: String, known: DeviceAdvice = .unknown, evidence: [Evidence] = []) {
      self.path = path
      self.known = known
      self.evidence = evidence
    }
  }

  /// Devices in the order in which they are tried: those that are known to be good for the stream, then those of which
  /// nothing is known, the bad ones last. Of equals the one that decodes the like faster, then the one that decodes more
  /// of the clips, then the one that decodes them faster, else the first. Faster is by a tenth at least: less is noise.
  package static func order(_ candidates: [Candidate]) -> [Candidate] {
    // No sort: what is less than a tenth apart is in no order of its own.
    var rest = candidates
    var order: [Candidate] = []
    while var best = rest.indices.first {
      for other in rest.indices where rest[other].isBetter(than: rest[best]) { best = other }
      order.append(rest.remove(at: best))
    }
    return order
  }
}

extension DeviceAdvice.Candidate {
  private var rank: Int {
    switch known {
    case .good: 0
    case .unknown: 1
    case .bad: 2
    }
  }

  private var rate: Double { if case .good(let rate) = known { rate } else { 0 } }

  fileprivate func isBetter(than other: Self) -> Bool {
    func isFaster(_ one: Double, _ other: Double) -> Bool? {
      one > other * 1.1 ? true : other > one * 1.1 ? false : nil
    }
    if rank != other.rank { return rank < other.rank }
    if let isFaster = isFaster(rate, other.rate) { return isFaster }
    if evidence.exactCount != other.evidence.exactCount { return evidence.exactCount > other.evidence.exactCount }
    return isFaster(evidence.slowestRate, other.evidence.slowestRate) ?? false
  }
}
