import Testing

@testable import VABuf
@testable import VABufCLI

@Suite struct PartsTests {
  @Test func sizes() throws {
    for (text, bytes) in [
      ("1", 1), ("268435456", 1 << 28), ("512M", 512 << 20), ("2G", 2 << 30), ("2GiB", 2 << 30), ("500MB", 500_000_000),
      ("1.5g", 3 << 29), ("64 KiB", 1 << 16), ("10kb", 10_000),
    ] { #expect(try ByteSize(parsing: text).bytes == bytes) }
    for text in ["", "M", "12Q", "-1", "1e9", "0", "99999999999T", "1.2.3M"] {
      #expect(throws: (any Error).self) { try ByteSize(parsing: text) }
    }
  }

  @Test func patterns() throws {
    #expect(try FilePattern("a-%d.png").name(7) == "a-7.png")
    #expect(try FilePattern("a-%05d.png").name(7) == "a-00007.png")
    #expect(try FilePattern("%3d%%.png").name(123456) == "123456%.png")
    #expect(try !FilePattern("100%%.png").hasNumber)
    for text in ["-", "", "%", "%s", "%99999999999999999999d", "a%5"] {
      #expect(throws: (any Error).self) { try FilePattern(text) }
    }
  }

  @Test func ranges() {
    #expect(FrameRange(argument: "3-9") == FrameRange(first: 3, last: 9))
    #expect(FrameRange(argument: "9-3")?.direction == .backward)
    #expect(FrameRange(argument: "9-3")?.numbers == 3..<10)
    for text in ["", "3", "-3", "3-", "3-4-5", "a-b", "3--4", "+1-2", "1-99999999999999999999"] {
      #expect(FrameRange(argument: text) == nil)
    }
  }

  @Test func text() {
    #expect(Text.fixed(1.005, 2) == "1.00" || Text.fixed(1.005, 2) == "1.01")
    #expect(Text.fixed(-0.001, 2) == "0.00")
    #expect(Text.fixed(-12.5, 1) == "-12.5")
    #expect(Text.fixed(3.07, 3) == "3.070")
    #expect(Text.fixed(.nan, 3) == "-")
    #expect(Text.time(3723.46) == "1:02:03.5")
    #expect(Text.bytes(512 << 20) == "512 MiB")
    #expect(Text.bytes(900) == "900 bytes")
  }

  @Test func messagesNameOptionsOfTheCommand() {
    #expect(
      OptionNames.ofCommandLine("use `Options.backend` auto, or `Options.device` /dev/dri/renderD128")
        == "use --backend auto, or --device /dev/dri/renderD128")
    #expect(OptionNames.ofCommandLine("more memory (`Options.hostMemory`)") == "more memory (--host-memory)")
    #expect(OptionNames.ofCommandLine("see `dmesg`") == "see `dmesg`")
  }

  @Test func controlCharactersOfOthersAreNotObeyed() throws {
    #expect(Text.harmless("a\u{1b}[31mb\u{7f}\u{9b}2J\n") == "a?[31mb??2J?")
    let names = ["é\u{1b}]0;x\u{7}", "tab\t\\n \"quoted\"", "\u{9b}\r"]
    #expect(try Text.harmless(names) == ["é?]0;x?", "tab?\\n \"quoted\"", "??"])
  }

  @Test func json() {
    let value = JSON.object([
      ("schema", .int(1)), ("text", .string("a\"\\\n\u{1}é")), ("none", .rounded(.infinity, 2)),
      ("list", .array([.object([("x", .rounded(0.1234, 2))])])),
    ])
    #expect(value.compact == #"{"schema": 1, "text": "a\"\\\n\u0001é", "none": null, "list": [{"x": 0.12}]}"#)
    #expect(value.document.hasPrefix("{\n  \"schema\": 1,\n"))
  }

  @Test func percentiles() {
    let latencies = (1...100).map { Duration.milliseconds($0) }.shuffled()
    let got = RunReport.percentiles(latencies, [0.5, 0.95, 0.99, 1]).map { ($0 * 1000).rounded() / 1000 }
    #expect(got == [50, 95, 99, 100])
    #expect(RunReport.percentiles([], [0.5]) == [0])
  }

  @Test(arguments: Workload.allCases, [1, 2, 15, 16, 1000])
  func workloadsStayWithinTheStream(_ workload: Workload, _ frames: Int) {
    let requests = workload.requests(count: nil, frames: frames, seed: 3)
    #expect(requests == workload.requests(count: nil, frames: frames, seed: 3))
    for request in requests {
      switch request {
      case .frame(let number): #expect((0..<frames).contains(number))
      case .range(let range, let isOpen):
        #expect(range.numbers.lowerBound >= 0)
        #expect(isOpen || range.numbers.upperBound <= frames)
      }
    }
    #expect(workload.requests(count: 3, frames: 0, seed: 1).isEmpty)
  }

  /// The offline bound is that of the frames in the order in which they are asked for.
  @Test func aRangeIsItsFramesInOrder() {
    let backward = Workload.Request.range(FrameRange(first: 9, last: 3), isOpen: false)
    #expect(backward.numbers(of: 100) == [9, 8, 7, 6, 5, 4, 3])
    #expect(backward.numbers(of: 6) == [5, 4, 3])
    #expect(Workload.Request.range(FrameRange(first: 3, last: 5), isOpen: false).numbers(of: 100) == [3, 4, 5])
  }

  private func timings(_ pts: [Int64], duration: Int64) -> [FrameTiming] {
    pts.enumerated().map { FrameTiming(number: $0, pts: $1, duration: duration, isKeyframe: false, isDamaged: false) }
  }

  @Test func timelinesFollowTheStream() {
    let times = timings([100, 101, 103, 104], duration: 1)
    let forward = Timeline(times, timeBase: 0.5, rate: 25, speed: 2, direction: .forward)
    #expect(forward.slots.map(\.due) == [0, 0.25, 0.75, 1])
    #expect(forward.duration == 1.25)
    let backward = Timeline(times, timeBase: 0.5, rate: 25, speed: 1, direction: .backward)
    #expect(backward.slots.map(\.number) == [3, 2, 1, 0])
    #expect(backward.slots.map(\.due) == [0, 0.5, 1.5, 2])
    #expect(forward.slot(at: 0.8, from: 0) == 2)
    #expect(forward.slot(at: 9, from: 1) == 3)
    #expect(forward.slot(at: 0, from: 1) == 1)
  }

  @Test func timelinesSurviveOddTimes() {
    // Repeated, falling and far times, and no durations: each frame then lasts as the rate says.
    let odd = Timeline(
      timings([0, 0, -5, 1_000_000], duration: 0), timeBase: 1, rate: 10, speed: 1, direction: .forward)
    for (slot, due) in zip(odd.slots, [0, 0.1, 0.2, 0.3]) { #expect(abs(slot.due - due) < 1e-9) }
    for direction in [Direction.forward, .backward] {
      let far = Timeline(timings([.max, .min], duration: 0), timeBase: 1, rate: 10, speed: 1, direction: direction)
      #expect(far.slots.map(\.due) == [0, 0.1])
    }
    #expect(Timeline([], timeBase: 1, rate: .nan, speed: 1, direction: .backward).duration == 0)
  }
}
