import VABuf

/// A textfile for node_exporter's collector, in Prometheus' text format.
struct PrometheusFile {
  private let capabilities: Capabilities

  init(_ capabilities: Capabilities) { self.capabilities = capabilities }

  var text: String {
    var text = ""
    func family(_ name: String, _ help: String, _ samples: [([(String, String)], String)]) {
      guard !samples.isEmpty else { return }
      text += "# HELP \(name) \(help)\n# TYPE \(name) gauge\n"
      for (labels, value) in samples {
        let list = labels.map { "\($0)=\"\(Self.escape($1))\"" }.joined(separator: ",")
        text += list.isEmpty ? "\(name) \(value)\n" : "\(name){\(list)} \(value)\n"
      }
    }
    family(
      "vabuf_info", "The version of vabuf and of FFmpeg.",
      [
        (
          [
            ("version", capabilities.version), ("ffmpeg", capabilities.host.ffmpeg),
          ], "1"
        )
      ])
    family(
      "vabuf_device_info", "A DRM device and its VA driver.",
      capabilities.devices.map { device in
        (
          [
            ("device", device.path), ("vendor", device.vendor ?? ""), ("model", device.model ?? ""),
            ("kernel_driver", device.kernelDriver ?? ""), ("driver", device.driver?.name ?? ""),
          ], "1"
        )
      })
    family(
      "vabuf_device_usable", "1 where the device can be opened and its driver runs.",
      capabilities.devices.map {
        ([("device", $0.path)], $0.access?.isOpenable == true && $0.driver?.works == true ? "1" : "0")
      })
    family(
      "vabuf_device_chosen", "1 for the device that is used by itself.",
      capabilities.devices.map {
        ([("device", $0.path)], $0.isChosen ? "1" : "0")
      })
    let rows =
      capabilities.devices.flatMap { device in device.evidence.map { (device.path, $0) } }
      + capabilities.software.evidence.map { ("software", $0) }
    family(
      "vabuf_decode_exact", "1 where a clip was decoded to the last bit.",
      rows.map { device, row in
        (labels(device, row) + [("verdict", row.verdict.rawValue)], row.verdict == .exact ? "1" : "0")
      })
    family(
      "vabuf_decode_frames_per_second", "The rate of decoding a clip.",
      rows.compactMap { device, row in
        row.framesPerSecond.map { (labels(device, row), "\($0)") }
      })
    family("vabuf_finding", "What is in the way, by code.", findings)
    return text
  }

  private func labels(_ device: String, _ row: Evidence) -> [(String, String)] {
    [
      ("device", device), ("codec", row.codec), ("profile", row.profile), ("width", "\(row.width)"),
      ("height", "\(row.height)"),
    ]
  }

  /// One sample a code and device: equal ones would be an error.
  private var findings: [([(String, String)], String)] {
    var counts: [(String, String, String, Int)] = []
    for finding in capabilities.findings {
      let device = finding.device ?? ""
      let at = counts.firstIndex {
        $0.0 == finding.code.rawValue && $0.1 == finding.severity.rawValue && $0.2 == device
      }
      if let at {
        counts[at].3 += 1
      } else {
        counts.append((finding.code.rawValue, finding.severity.rawValue, device, 1))
      }
    }
    return counts.map { ([("code", $0.0), ("severity", $0.1), ("device", $0.2)], "\($0.3)") }
  }

  static func escape(_ text: String) -> String {
    text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
  }
}
