internal import FrameModel

extension Diagnosis {
  /// Another device than the first is the one to use.
  static func several(_ facts: Capabilities) -> [Finding] {
    guard let first = facts.devices.first(where: { $0.canRender && $0.access != nil }), let best = facts.chosenDevice,
      best.path != first.path
    else { return [] }
    let why =
      if let fault = first.fault {
        fault
      } else if best.exactCount > first.exactCount {
        "it decodes \(first.exactCount) clips, \(best.path) \(best.exactCount)"
      } else {
        "\(best.path) decodes faster"
      }
    return [
      Finding(
        .betterDevice, .info, device: best.path,
        cause: "the first device, which other programs take, is \(first.path), and not the best: \(why)",
        cure: "vabuf takes \(best.path) by itself; tell other programs to",
        examples: ["ffmpeg -hwaccel vaapi -hwaccel_device \(best.path) ..."])
    ]
  }

  static func software(_ facts: Capabilities) -> [Finding] {
    var findings: [Finding] = []
    if let obstacle = facts.software.obstacle {
      findings.append(
        Finding(
          .notExamined, .warning,
          cause: "the process that decodes in software did not come to its end: \(obstacle.message)",
          cure: "try again; a program names its worker in `Probe.Options`"))
    }
    for codec in facts.software.codecs where codec.decoders.isEmpty {
      findings.append(
        Finding(
          .codecNotInFFmpeg, .warning,
          cause: "this FFmpeg (\(facts.host.ffmpeg)) has no software decoder for \(codec.codec)",
          cure: Packages.ffmpeg(facts.host)))
    }
    let wrong = facts.software.evidence.filter { ![.exact, .notOffered, .notTried].contains($0.verdict) }
    if !wrong.isEmpty {
      findings.append(
        Finding(
          .softwareFails, .error, cause: "software decoding is wrong for " + wrong.list,
          cure: "this FFmpeg is broken or changed: reinstall it, and report it with the output of `vabuf probe --json`")
      )
    }
    return findings
  }
}
