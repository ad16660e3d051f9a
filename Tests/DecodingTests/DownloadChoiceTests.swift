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
    let costs: [DownloadChoice.Way: Int64] = [
      .derive: 90_000_000, .deriveStreaming: 10_000_000, .getImage: 14_000_000, .ffmpeg: 15_100_000,
    ]
    var choice = DownloadChoice(DownloadChoice.Way.allCases)
    let taken = run(&choice, costs, 20)
    #expect(Array(taken.prefix(4)) == DownloadChoice.Way.allCases)
    // 15.1 is more than half again of 10; 14 is not.
    #expect(taken.filter { $0 == .derive }.count == 1 && taken.filter { $0 == .ffmpeg }.count == 1)
    #expect(taken.filter { $0 == .getImage }.count == DownloadChoice.enough)
    #expect(taken.suffix(12).allSatisfy { $0 == .deriveStreaming })
    #expect(choice.nanoseconds == costs)
  }

  @Test func oneBadMomentDoesNotDecide() {
    var choice = DownloadChoice([.derive, .getImage])
    choice.took(.derive, nanoseconds: 14_900_000)
    choice.took(.getImage, nanoseconds: 10_000_000)
    // The true cost shows when it is tried again.
    #expect(choice.next == .derive)
    choice.took(.derive, nanoseconds: 5_000_000)
    _ = run(&choice, [.derive: 5_000_000, .getImage: 10_000_000], 4)
    #expect(choice.next == .derive)
  }

  /// On a busy machine a copy of microseconds takes a hundred times as long when its thread is interrupted.
  @Test func whatIsCheapIsTriedAgainHoweverSlowItSeemed() {
    var choice = DownloadChoice([.derive, .getImage])
    choice.took(.derive, nanoseconds: 4_000_000)
    choice.took(.getImage, nanoseconds: 40_000)
    let taken = run(&choice, [.derive: 20_000, .getImage: 40_000], 20)
    #expect(taken.filter { $0 == .getImage }.count == DownloadChoice.enough - 1)
    #expect(choice.next == .derive)
  }

  @Test func theWayWithAnImageForEachPictureMustBeMuchFaster() {
    var choice = DownloadChoice([.getImage, .ffmpeg])
    _ = run(&choice, [.getImage: 100, .ffmpeg: 60], 10)
    #expect(choice.isSettled && choice.next == .getImage)
    choice = DownloadChoice([.getImage, .ffmpeg])
    _ = run(&choice, [.getImage: 100, .ffmpeg: 40], 10)
    #expect(choice.isSettled && choice.next == .ffmpeg)
  }

  @Test func aWayThatDoesNotWorkIsNotTakenAgain() {
    var choice = DownloadChoice([.derive, .getImage])
    choice.close(.derive)
    #expect(run(&choice, [.getImage: 5], 5).allSatisfy { $0 == .getImage })
    choice.close(.getImage)
    #expect(choice.next == nil && choice.nanoseconds.isEmpty)
  }
}
