import Testing

@testable import Decoding

@Suite struct DownloadChoiceTests {
  /// Downloads with ways that take so long each; which were taken.
  private func run(
    _ choice: inout DownloadChoice, _ costs: [DownloadChoice.Way: Int64], _ count: Int
  ) -> [DownloadChoice.Way] {
    (0..<count).compactMap { _ in
      guard let way = choice.next else { return nil }
      choice.took(way, nanoseconds: costs[way] ?? 0)
      return way
    }
  }

  @Test func eachIsTriedTheCloseOnesAgainAndTheBestIsKept() {
    var choice = DownloadChoice(DownloadChoice.Way.allCases)
    let taken = run(&choice, [.derive: 900, .deriveStreaming: 100, .getImage: 140, .ffmpeg: 151], 20)
    #expect(Array(taken.prefix(4)) == DownloadChoice.Way.allCases)
    // 151 is more than half again of 100; 140 is not.
    #expect(taken.filter { $0 == .derive }.count == 1 && taken.filter { $0 == .ffmpeg }.count == 1)
    #expect(taken.filter { $0 == .getImage }.count == DownloadChoice.enough)
    #expect(taken.suffix(12).allSatisfy { $0 == .deriveStreaming })
    #expect(choice.nanoseconds == [.derive: 900, .deriveStreaming: 100, .getImage: 140, .ffmpeg: 151])
  }

  @Test func oneBadMomentDoesNotDecide() {
    var choice = DownloadChoice([.derive, .getImage])
    choice.took(.derive, nanoseconds: 149)
    choice.took(.getImage, nanoseconds: 100)
    // The true cost shows when it is tried again.
    #expect(choice.next == .derive)
    choice.took(.derive, nanoseconds: 50)
    _ = run(&choice, [.derive: 50, .getImage: 100], 4)
    #expect(choice.next == .derive)
  }

  @Test func aWayThatDoesNotWorkIsNotTakenAgain() {
    var choice = DownloadChoice([.derive, .getImage])
    choice.close(.derive)
    #expect(run(&choice, [.getImage: 5], 5).allSatisfy { $0 == .getImage })
    choice.close(.getImage)
    #expect(choice.next == nil && choice.nanoseconds.isEmpty)
  }
}
