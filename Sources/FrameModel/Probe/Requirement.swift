/// Something that a machine must decode, as `hevc:main10@3840x2160p60`.
public struct Requirement: Hashable, Sendable {
  /// FFmpeg's name of the codec.
  public var codec: String
  /// The profile's id, as `main10`.
  public var profile: String
  /// Width of the pictures in pixels; nil where any will do.
  public var width: Int?
  /// Height of the pictures in pixels; nil where any will do.
  public var height: Int?
  /// Frames a second; nil where any will do.
  public var framesPerSecond: Double?
  /// As it was written.
  public var text: String

  /// The profiles of each codec that clips prove, the usual one first.
  public static let profiles: [(codec: String, profiles: [String])] = [
    ("h264", ["high", "main", "constrained-baseline", "high-interlaced"]), ("hevc", ["main", "main10"]),
    ("av1", ["main", "main10"]), ("vp9", ["profile0", "profile2"]), ("vp8", ["vp8"]), ("mpeg2video", ["main"]),
    ("mjpeg", ["baseline"]),
  ]

  private static let otherNames = ["avc": "h264", "h265": "hevc", "mpeg2": "mpeg2video", "jpeg": "mjpeg"]

  /// Reads `codec[:profile][@WIDTHxHEIGHT[pRATE]]`.
  ///
  /// - Returns: nil for anything else, for codecs and for profiles that vabuf has no clip of.
  public init?(_ text: String) {
    let halves = text.lowercased().split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
    let names = halves[0].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    let codec = Self.otherNames[names[0]] ?? names[0]
    guard let known = Self.profiles.first(where: { $0.codec == codec })?.profiles, let usual = known.first else {
      return nil
    }
    self.codec = codec
    profile = names.count > 1 ? names[1] : usual
    self.text = text
    guard known.contains(profile) else { return nil }
    guard halves.count > 1 else { return }
    let parts = halves[1].split(separator: "p", maxSplits: 1, omittingEmptySubsequences: false)
    let size = parts[0].split(separator: "x", omittingEmptySubsequences: false)
    guard size.count == 2, let width = Self.number(size[0]), let height = Self.number(size[1]), width > 0, height > 0
    else { return nil }
    (self.width, self.height) = (width, height)
    guard parts.count > 1 else { return }
    let digits = parts[1].split(separator: ".", omittingEmptySubsequences: false)
    guard digits.count < 3, digits.allSatisfy({ Self.number($0) != nil }), let rate = Double(parts[1]), rate > 0 else {
      return nil
    }
    framesPerSecond = rate
  }

  /// A number of digits only: no sign, and no other base.
  private static func number(_ text: Substring) -> Int? {
    text.allSatisfy { $0.isASCII && $0.isNumber } ? Int(text) : nil
  }

  /// Whether a requirement is met, and why.
  public struct Answer: Hashable, Sendable, Codable {
    /// As it was written.
    public var requirement: String
    /// It is.
    public var isMet: Bool
    /// The node that meets it, or `software`.
    public var device: String?
    /// The proof, or what is missing.
    public var reason: String

    private enum CodingKeys: String, CodingKey {
      case requirement
      case isMet = "met"
      case device, reason
    }
  }
}

extension Capabilities {
  /// Whether a requirement is met, by evidence: a claim is no proof.
  ///
  /// - Parameters:
  ///   - requirement: what is to be decoded, and how fast.
  ///   - allowsSoftware: software decoding may meet it too.
  public func answer(_ requirement: Requirement, allowsSoftware: Bool) -> Requirement.Answer {
    var places = devices.filter(\.canRender).map { ($0.path, $0.evidence, $0) as (String, [Evidence], DeviceReport?) }
    if allowsSoftware { places.append(("software", software.evidence, nil)) }
    var answer = Requirement.Answer(requirement: requirement.text, isMet: false, device: nil, reason: "")
    var obstacles: [String] = []
    for (name, evidence, device) in places {
      switch requirement.proof(in: evidence) {
      case .success(let proof):
        answer.isMet = true
        (answer.device, answer.reason) = (name, proof.text)
        return answer
      case .failure(let obstacle): obstacles.append("\(name): \(device?.whyNothingWasTried ?? obstacle.text)")
      }
    }
    if places.isEmpty { obstacles.append("there is no render node") }
    answer.reason = obstacles.joined(separator: "; ")
    return answer
  }
}

extension DeviceReport {
  /// Why nothing was tried on it; nil where something was.
  fileprivate var whyNothingWasTried: String? {
    guard evidence.allSatisfy({ $0.verdict == .notTried }) else { return nil }
    guard let access else { return "the node is not there" }
    guard access.isOpenable else { return "it cannot be opened (\(access.reason ?? "denied"))" }
    if let obstacle { return "it was not examined (\(obstacle.message))" }
    if let failure = driver?.failure { return "its driver does not start (\(failure.message))" }
    return driver?.fileExists == false ? "its driver is not there" : nil
  }
}

extension Requirement {
  fileprivate struct Proof { var text: String }
  fileprivate struct Obstacle: Error { var text: String }

  fileprivate func proof(in evidence: [Evidence]) -> Result<Proof, Obstacle> {
    let rows = evidence.filter { $0.codec == codec && $0.profile == profile }.sorted { $0.width < $1.width }
    guard let largest = rows.last else { return .failure(Obstacle(text: "\(codec) \(profile) was not decoded")) }
    let (width, height) = (width ?? 0, height ?? 0)
    guard let row = rows.first(where: { $0.width >= width && $0.height >= height }) else {
      return .failure(
        Obstacle(text: "nothing larger than \(largest.width)x\(largest.height) was decoded, so it is not proven"))
    }
    guard row.verdict == .exact else {
      let why = row.reason.map { " (\($0))" } ?? ""
      return .failure(Obstacle(text: "\(row.clip) \(row.verdict.words)\(why)"))
    }
    guard let wanted = framesPerSecond else { return .success(Proof(text: "\(row.clip) is exact")) }
    guard let rate = row.framesPerSecond else { return .failure(Obstacle(text: "\(row.clip) was not timed")) }
    let words = "\(row.clip) decodes at \(rate) frames a second"
    return rate >= wanted ? .success(Proof(text: words)) : .failure(Obstacle(text: words))
  }
}

extension Evidence.Verdict {
  /// The outcome in words, as in "timed out".
  public var words: String { rawValue.replacing("_", with: " ") }
}
