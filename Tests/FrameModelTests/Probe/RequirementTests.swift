import Testing

@testable import FrameModel

@Suite struct RequirementTests {
  private static func row(
    _ codec: String, _ profile: String, _ height: Int, _ verdict: Evidence.Verdict, rate: Double? = nil
  ) -> Evidence {
    var row = Evidence(
      clip: "\(codec)-\(profile)-\(height)p", codec: codec, profile: profile, width: height * 16 / 9, height: height,
      bitDepth: 8, verdict: verdict)
    row.framesPerSecond = rate
    return row
  }

  private static func machine(_ evidence: [Evidence], software: [Evidence] = []) -> Capabilities {
    var device = DeviceReport(path: "/dev/dri/renderD128")
    device.access = .init(mode: "0660", owner: .init(id: 0), group: .init(id: 1), isOpenable: true)
    device.evidence = evidence
    return Capabilities(
      version: "test", host: HostReport(), devices: [device], software: SoftwareReport(evidence: software))
  }

  @Test func theTextIsRead() throws {
    let plain = try #require(Requirement("h264"))
    #expect(plain.codec == "h264" && plain.profile == "high" && plain.width == nil && plain.framesPerSecond == nil)
    let full = try #require(Requirement("H265:Main10@3840x2160p59.94"))
    #expect(full.codec == "hevc" && full.profile == "main10" && full.width == 3840 && full.height == 2160)
    #expect(full.framesPerSecond == 59.94)
    #expect(Requirement("mpeg2")?.codec == "mpeg2video" && Requirement("jpeg")?.profile == "baseline")
    #expect(Requirement("vp9:profile2@1920x1080")?.framesPerSecond == nil)
  }

  @Test(arguments: [
    "", "h264:", "h264@", "h264:main10", "hevc@4k", "hevc@3840x2160p", "hevc@3840x2160p-1", "hevc@0x0", "theora",
    "hevc@3840x2160x2", "hevc:main@1920x1080pinf", ":main", "@1x1", "h264@1920x1080p0x10", "h264@1920x1080p+60",
    "h264@+1920x+1080", "h264@1920x1080p1e3", "h264@1920x1080p1.2.3", "h264@1920x1080p.5", "h264@1920x1080p0",
  ])
  func otherTextIsRefused(text: String) { #expect(Requirement(text) == nil) }

  @Test func evidenceDecidesNotClaims() throws {
    let h264 = try #require(Requirement("h264"))
    #expect(Self.machine([Self.row("h264", "high", 1080, .exact)]).answer(h264, allowsSoftware: false).isMet)
    let wrong = Self.machine([Self.row("h264", "high", 1080, .differs)]).answer(h264, allowsSoftware: false)
    #expect(!wrong.isMet && wrong.reason.contains("differs"))
    #expect(!Self.machine([Self.row("h264", "main", 1080, .exact)]).answer(h264, allowsSoftware: false).isMet)
    #expect(!Self.machine([]).answer(h264, allowsSoftware: false).isMet)
  }

  @Test func sizeAndRateAreThoseOfTheSmallestClipThatIsLargeEnough() throws {
    let machine = Self.machine([
      Self.row("hevc", "main10", 1080, .exact, rate: 200), Self.row("hevc", "main10", 2160, .exact, rate: 59),
    ])
    func isMet(_ text: String) throws -> Bool {
      machine.answer(try #require(Requirement(text)), allowsSoftware: false).isMet
    }
    #expect(try isMet("hevc:main10@1280x720p200"))
    #expect(try isMet("hevc:main10@3840x2160"))
    #expect(try !isMet("hevc:main10@3840x2160p60"))
    #expect(try isMet("hevc:main10@3840x2160p59"))
    #expect(try !isMet("hevc:main10@7680x4320"))
  }

  @Test func softwareCountsWhereItIsAllowed() throws {
    let machine = Self.machine(
      [Self.row("av1", "main", 1080, .notOffered)], software: [Self.row("av1", "main", 1080, .exact)])
    let av1 = try #require(Requirement("av1"))
    #expect(!machine.answer(av1, allowsSoftware: false).isMet)
    let answer = machine.answer(av1, allowsSoftware: true)
    #expect(answer.isMet && answer.device == "software")
  }

  @Test func theAnswerSaysWhyADeviceIsOfNoUse() throws {
    var machine = Self.machine([])
    machine.devices[0].access?.isOpenable = false
    machine.devices[0].access?.reason = "Permission denied"
    let answer = machine.answer(try #require(Requirement("h264")), allowsSoftware: false)
    #expect(answer.reason == "/dev/dri/renderD128: it cannot be opened (Permission denied)")
  }

  @Test func adviceIsOfTheClipThatIsMostAlike() {
    let rows = [
      Self.row("h264", "high", 1080, .exact, rate: 500), Self.row("h264", "high", 2160, .crashed),
      Self.row("hevc", "main10", 1080, .notOffered),
    ]
    func advice(_ codec: String, _ profile: String, _ height: Int) -> DeviceAdvice {
      DeviceAdvice(rows, for: .test(codec, profile, width: height * 16 / 9, height: height))
    }
    #expect(advice("h264", "High", 720) == .good(framesPerSecond: 500))
    guard case .bad = advice("h264", "High", 2160) else { return #expect(Bool(false), "4K crashes") }
    guard case .bad = advice("h264", "High", 4320) else { return #expect(Bool(false), "the largest clip crashes") }
    #expect(advice("hevc", "Main", 1080) == .unknown)
    #expect(advice("theora", "", 1080) == .unknown)
  }

  /// What nvidia-vaapi-driver decodes wrong without an error is not given to it by choice, unless a clip like it was exact.
  @Test func aDriverIsNotTrustedWithWhatItIsKnownToGetWrong() {
    let nvdec = "VA-API NVDEC driver [direct backend]"
    var gray = StreamDescription.test("h264", "High", width: 640, height: 360)
    gray.hasMadeUpChroma = true
    var fields = StreamDescription.test("h264", "High", width: 640, height: 360)
    fields.isInterlaced = true
    let clipped = [("vp8", ""), ("vp9", "Profile 0"), ("mpeg2video", "Main")].map {
      StreamDescription.test($0.0, $0.1, width: 640, height: 360)
    }
    let (vp9, h264) = (clipped[1], StreamDescription.test("h264", "High", width: 640, height: 360))
    func isBad(_ advice: DeviceAdvice, _ driver: String, _ stream: StreamDescription) -> Bool {
      if case .bad = advice.knowing(driver: driver, for: stream) { true } else { false }
    }
    #expect((clipped + [gray, fields]).allSatisfy { isBad(.unknown, nvdec, $0) })
    #expect([gray, fields].allSatisfy { isBad(.good(framesPerSecond: 90), nvdec, $0) }, "no clip is like them")
    #expect(clipped.allSatisfy { !isBad(.good(framesPerSecond: 90), nvdec, $0) })
    #expect(!isBad(.unknown, nvdec, h264))
    #expect((clipped + [gray, fields]).allSatisfy { !isBad(.unknown, "Mesa Gallium driver", $0) })
    #expect(
      DeviceAdvice.unknown.knowing(driver: nvdec, for: vp9)
        == .bad("its driver (\(nvdec)) is known to give wrong pictures for VP9"))
    #expect(isBad(.bad("it crashes"), "any", h264))
  }

  private func order(_ nodes: [(String, DeviceAdvice, [Evidence])]) -> [String] {
    DeviceAdvice.order(nodes.map { DeviceAdvice.Candidate(path: $0.0, known: $0.1, evidence: $0.2) }).map(\.path)
  }

  @Test func goodNodesComeFirstTheFastestOfThemInFront() {
    let nodes: [(String, DeviceAdvice, [Evidence])] = [
      ("a", .bad("x"), []), ("b", .unknown, []), ("c", .good(framesPerSecond: 10), []),
      ("d", .good(framesPerSecond: 20), []), ("e", .unknown, []),
    ]
    #expect(order(nodes) == ["d", "c", "b", "e", "a"])
  }

  @Test func noiseDoesNotDecide() {
    #expect(
      order([("a", .good(framesPerSecond: 100), []), ("b", .good(framesPerSecond: 109), [])]) == ["a", "b"])
    #expect(
      order([("a", .good(framesPerSecond: 100), []), ("b", .good(framesPerSecond: 111), [])]) == ["b", "a"])
  }

  @Test func whereNothingIsKnownOfTheStreamTheChosenDeviceIsFirst() {
    let (h264, vp8) = (
      Self.row("h264", "high", 1080, .exact, rate: 100), Self.row("vp8", "vp8", 1080, .exact, rate: 50)
    )
    #expect(order([("a", .unknown, [h264]), ("b", .unknown, [h264, vp8])]) == ["b", "a"])
    #expect(order([("a", .unknown, [vp8]), ("b", .unknown, [h264])]) == ["b", "a"])
    // The like of the stream counts more.
    #expect(order([("a", .good(framesPerSecond: 9), [h264]), ("b", .unknown, [h264, vp8])]) == ["a", "b"])
  }

  @Test func theDeviceThatDecodesMostIsChosen() {
    func device(_ number: Int, _ evidence: [Evidence], isOpenable: Bool = true) -> DeviceReport {
      var device = DeviceReport(path: "/dev/dri/renderD\(number)")
      device.renderNode = device.path
      device.access = .init(mode: "0660", owner: .init(id: 0), group: .init(id: 1), isOpenable: isOpenable)
      device.evidence = evidence
      return device
    }
    func chosen(_ devices: [DeviceReport]) -> String? {
      var machine = Capabilities(version: "test", host: HostReport(), devices: devices)
      machine.choose()
      #expect(machine.devices.allSatisfy { !$0.choiceReason.isEmpty })
      return machine.chosenDevice?.path.suffix(3).description
    }
    let (one, two) = (Self.row("h264", "high", 1080, .exact, rate: 100), Self.row("vp8", "vp8", 1080, .exact, rate: 50))
    #expect(chosen([device(128, [one]), device(129, [one, two])]) == "129")
    #expect(chosen([device(128, [one]), device(129, [one])]) == "128")
    #expect(chosen([device(128, [two]), device(129, [one])]) == "129")
    #expect(chosen([device(128, [one, two], isOpenable: false), device(129, [one])]) == "129")
    #expect(chosen([device(128, [Self.row("h264", "high", 1080, .crashed)])]) == nil)
    #expect(chosen([]) == nil)
  }
}

extension StreamDescription {
  fileprivate static func test(_ codec: String, _ profile: String, width: Int, height: Int) -> StreamDescription {
    StreamDescription(
      index: 0, codec: codec, profile: profile, width: width, height: height, pixelFormat: nil,
      timeBase: Rational(1, 30), averageFrameRate: Rational(30, 1), nominalFrameRate: Rational(30, 1), rotation: 0,
      sampleAspectRatio: Rational(0, 1), reorderDepth: 0, isAttachedPicture: false, duration: nil)
  }
}
