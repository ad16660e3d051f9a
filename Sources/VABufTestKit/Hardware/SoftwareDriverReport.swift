import Foundation

/// What the software VA driver wrote down of one display, from its start to its end.
public struct SoftwareDriverReport: Codable, Hashable, Sendable {
  /// How often each call reached the driver, by libva's name; also FFmpeg's calls.
  public var calls: [String: Int]
  /// Objects that were not destroyed: surfaces, buffers, images, contexts, configs.
  public var live: [String: Int]
  /// The most that there were at once.
  public var peak: [String: Int]
  /// Surfaces that the program wrote to while the decoder needed them.
  public var overwrittenReferences: Int
  /// What the program did wrong, in words.
  public var misuse: [String]

  private enum CodingKeys: String, CodingKey {
    case calls, live, peak, misuse
    case overwrittenReferences = "overwritten_references"
  }

  /// What is wrong with the display's life; nil where nothing is.
  public var complaint: String? {
    var complaints = misuse.map { "misuse: \($0)" }
    for (kind, count) in live.sorted(by: { $0.key < $1.key }) where count > 0 {
      complaints.append("\(count) \(kind) alive when the display was terminated")
    }
    if overwrittenReferences > 0 { complaints.append("\(overwrittenReferences) references overwritten") }
    return complaints.isEmpty ? nil : complaints.joined(separator: "; ")
  }

  /// All reports of a log (`SOFTVA_LOG`); none where there is no file.
  public static func read(_ path: String) throws -> [SoftwareDriverReport] {
    guard FileManager.default.fileExists(atPath: path) else { return [] }
    let text = try String(contentsOfFile: path, encoding: .utf8)
    return try text.split(separator: "\n").map { try JSONDecoder().decode(Self.self, from: Data($0.utf8)) }
  }
}
