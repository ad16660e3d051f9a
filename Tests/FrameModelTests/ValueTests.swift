import FrameModel
import Testing

@Suite struct ValueTests {
  @Test func keysAreOrderedByStreamThenNumber() {
    let keys = [FrameKey(stream: 1, number: 0), FrameKey(stream: 0, number: 7), FrameKey(stream: 0, number: -1)]
    #expect(keys.sorted().map(\.description) == ["0:-1", "0:7", "1:0"])
  }

  @Test func timesAreSeconds() {
    #expect(Timestamp(ticks: 3, timeBase: Rational(1, 8)).seconds == 0.375)
    #expect(Timestamp(ticks: -50, timeBase: Rational(1, 25)).seconds == -2)
    #expect(Rational(0, 0).value.isNaN)
    #expect(Rational(30_000, 1001).description == "30000/1001")
  }

  @Test func residenciesSayTheirTiers() {
    let all: [Residency] = [[], .gpu, .host, [.gpu, .host]]
    #expect(all.map(\.description) == ["none", "gpu", "host", "gpu+host"])
  }

  @Test func errorsSayWhatWhyAndWhatToDo() {
    let error = VABufError(.noSuchFrame, what: "frame 9", why: "there are 3", remedy: "ask for less")
    #expect("\(error)" == "frame 9: there are 3: ask for less")
    #expect(VABufError.Code(rawValue: "no-such-frame") == .noSuchFrame)
    #expect(VABufError.Code(rawValue: "of a later version") != .noSuchFrame)
  }

  @Test func codesHaveDistinctNames() {
    let codes: [VABufError.Code] = [
      .cannotOpen, .invalidMedia, .noVideoStream, .unsupportedCodec, .noSuchFrame, .decodingFailed,
      .hostMemoryExhausted, .sourceFailed, .closed, .invalidConfiguration, .fileChanged, .cannotWrite,
      .backendUnavailable,
    ]
    #expect(Set(codes.map(\.rawValue)).count == codes.count)
    #expect(codes.allSatisfy { $0.rawValue.allSatisfy { $0.isLowercase || $0 == "-" } })
  }

  @Test func planesCountTheirVisibleBytes() {
    #expect(PlaneLayout(offset: 0, stride: -64, rowBytes: 40, rows: 30).visibleBytes == 1200)
  }

  @Test func directionsAreSteps() {
    #expect(Direction.forward.rawValue == 1 && Direction.backward.rawValue == -1)
  }
}
