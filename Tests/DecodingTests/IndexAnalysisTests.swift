import FrameModel
import Testing

@testable import Decoding

/// Which frames come out, and in which order: packets written by hand.
@Suite struct IndexAnalysisTests {
  /// One packet: what its headers say.
  private struct P {
    var pts: Int64 = PacketRecord.unknownTime
    var dts: Int64 = PacketRecord.unknownTime
    var order = PictureFacts.Order.decoding
    var entry = PictureFacts.Entry.none
    var opens = false
    var output = PictureFacts.Output.frame
    var flags: PacketRecord.Flags = []
    var duration: Int64 = 0
    var doubts: Doubts = []
    var disposable = false
    var layer = 0
  }

  private func analysis(depth: Int = 4, _ packets: [P]) -> IndexAnalysis {
    var analysis = IndexAnalysis()
    analysis.timeBase = Rational(1, 25)
    analysis.reorderDepth = depth
    for packet in packets {
      analysis.packets.append(
        PacketRecord(pts: packet.pts, dts: packet.dts, duration: packet.duration, flags: packet.flags))
      var facts = PictureFacts()
      facts.order = packet.order
      facts.entry = packet.entry
      facts.opensSequence = packet.opens
      facts.output = packet.output
      facts.doubts = packet.doubts
      facts.isDisposable = packet.disposable
      facts.temporalLayer = packet.layer
      analysis.facts.append(facts)
    }
    return analysis
  }

  private func points(_ index: FrameIndex) -> [[Int]] { index.seekPoints.map { [$0.packet, $0.firstFrame] } }

  private static func key(_ count: Int64) -> P { P(order: .count(count), entry: .exact, opens: true) }
  private static func picture(_ count: Int64) -> P { P(order: .count(count)) }

  @Test func framesOverruleTheRateOfTheContainer() {
    let index = analysis((0..<50).map { P(pts: $0, dts: $0, order: .count($0), entry: .exact, duration: 1) }).promised()
    #expect(index.averageFrameRate(said: Rational(50, 1)) == Rational(25, 1))
    #expect(index.averageFrameRate(said: Rational(24_000, 1001)) == Rational(24_000, 1001))
    #expect(index.averageFrameRate(said: Rational(0, 0)) == Rational(25, 1))
    // A frame of every second packet, with the duration of one.
    let fields = analysis((0..<50).map { P(pts: 2 * $0, dts: 2 * $0, order: .count($0), entry: .exact, duration: 1) })
    #expect(fields.promised().averageFrameRate(said: Rational(25, 1)) == Rational(25, 2))
    let one = analysis([P(pts: 0, dts: 0, order: .count(0), entry: .exact, duration: 1)]).promised()
    #expect(one.averageFrameRate(said: Rational(50, 1)) == Rational(50, 1))
  }

  @Test func picturesAreSortedByTheirCountsWithinEachSequence() {
    let index = analysis([
      Self.key(0), Self.picture(8), Self.picture(4), Self.picture(2), Self.picture(6),
      Self.key(0), Self.picture(4), Self.picture(2),
    ]).promised()
    #expect(index.frames.map(\.packet) == [0, 3, 2, 4, 1, 5, 7, 6])
    #expect(points(index) == [[0, 0], [5, 5]])
    #expect(index.doubts.isEmpty && index.proof == .demuxed)
    #expect(index.frameOfPacket == [0, 4, 2, 1, 3, 5, 7, 6])
    #expect(index.keyframeNumbers == [0, 5])
  }

  /// AVI: frames are shown in the rhythm in which they are decoded.
  @Test func timesOfDecodingMakeTheRhythmWhereThereAreNoOthers() {
    func times(_ dts: [Int64?], pts: Int64 = PacketRecord.unknownTime) -> [[Int64]] {
      let counts: [Int64] = [0, 6, 2, 4]
      var packets = zip(counts, dts).map { count, dts in
        P(dts: dts ?? PacketRecord.unknownTime, order: .count(count), duration: 1)
      }
      packets[0].opens = true
      packets[1].pts = pts
      return analysis(packets).promised().frames.map { [$0.pts, $0.duration] }
    }
    #expect(times([10, 12, 14, 18]) == [[10, 2], [12, 2], [14, 4], [18, 4]])
    // Without a rhythm, and where the times of some frames are known, one follows the other.
    let counted: [[Int64]] = [[0, 1], [1, 1], [2, 1], [3, 1]]
    #expect(
      times([10, 12, 12, 18]) == counted && times([10, nil, 14, 18]) == counted && times([nil, 1, 2, 3]) == counted)
    #expect(times([10, 12, 14, 18], pts: 9) == [[0, 1], [1, 1], [2, 1], [9, 1]])
  }

  @Test func onlyWhatNothingDependsOnIsDisposable() {
    func disposable(_ packets: [P]) -> [Int] {
      var analysis = analysis(packets)
      analysis.markDisposable()
      return analysis.packets.indices.filter { analysis.packets[$0].flags.contains(.disposable) }
    }
    #expect(disposable([P(), P(disposable: true), P(), P(disposable: true)]) == [1, 3])
    // A lower layer's may be predicted from by a higher one's.
    #expect(disposable([P(), P(disposable: true), P(disposable: true, layer: 1), P(layer: 1)]) == [2])
    // A first field is not left out without the second.
    #expect(disposable([P(), P(disposable: true), P(output: .none, disposable: true), P(disposable: true)]) == [3])
  }

  /// An open GOP: the leading pictures of the I picture come out before it, and need the run before.
  @Test func anOpenGOPIsEnteredAfterItsLeadingPictures() {
    let index = analysis([
      Self.key(0), Self.picture(2),
      P(order: .count(10), entry: .leading), Self.picture(6), Self.picture(8), Self.picture(14), Self.picture(12),
    ]).promised()
    #expect(index.frames.map(\.packet) == [0, 1, 3, 4, 2, 6, 5])
    #expect(points(index) == [[0, 0], [2, 4]])
    #expect(index.seekPoint(for: 3).packet == 0)
    #expect(index.seekPoint(for: 4).packet == 2)
    #expect(index.seekPoint(for: 6, excluding: [2]).packet == 0)
    #expect(index.doubts.isEmpty)
  }

  /// A picture from before the entry comes out after it: only what follows both is entered there.
  @Test func anEntryWaitsForWhatIsStillToComeOut() {
    let index = analysis([
      Self.key(0), Self.picture(20), P(order: .count(10), entry: .exact), Self.picture(30),
    ]).promised()
    #expect(index.frames.map(\.packet) == [0, 2, 1, 3])
    #expect(points(index) == [[0, 0], [2, 3]])
  }

  @Test func hiddenFramesAndSecondFieldsGiveNoFrame() {
    let index = analysis([
      P(entry: .exact), P(output: .none), P(), P(output: .none), P(entry: .exact),
    ]).promised()
    #expect(index.frames.map(\.packet) == [0, 2, 4])
    #expect(index.frameOfPacket == [0, -1, 1, -1, 2])
    #expect(points(index) == [[0, 0], [4, 2]])
  }

  /// The decoder still needs what an edit list hides, and frames are counted without it.
  @Test func hiddenByAnEditListIsDecodedButNotCounted() {
    let index = analysis([
      P(entry: .exact, flags: .discarded), P(flags: .discarded), P(), P(entry: .exact), P(),
    ]).promised()
    #expect(index.frames.map(\.packet) == [2, 3, 4])
    #expect(points(index) == [[0, 0], [3, 1]])
    #expect(index.doubts.isEmpty)
  }

  @Test func heldReferencesComeOutWhenTheNextOneIsDecoded() {
    // I P B B P B B, as MPEG-2 codes it.
    let reference = P(order: .heldReference)
    let index = analysis([
      P(order: .heldReference, entry: .leading), reference, P(), P(), reference, P(), P(),
    ]).promised()
    #expect(index.frames.map(\.packet) == [0, 2, 3, 1, 5, 6, 4])
  }

  // MARK: - Doubts

  @Test func equalCountsAreADoubt() {
    let index = analysis([Self.key(0), Self.picture(4), Self.picture(4)]).promised()
    #expect(index.doubts == .order)
    #expect(index.frames.count == 3)
  }

  @Test func moreReorderingThanTheDecoderDoesIsADoubt() {
    let packets = [Self.key(0), Self.picture(8), Self.picture(6), Self.picture(4), Self.picture(2)]
    #expect(analysis(depth: 3, packets).promised().doubts.isEmpty)
    #expect(analysis(depth: 2, packets).promised().doubts == .reorderDepth)
  }

  @Test func aStartThatIsNoSeekPointIsADoubt() {
    #expect(analysis([P(), P(entry: .exact)]).promised().doubts == .start)
    // Leading pictures of the very first one.
    let leading = [P(order: .count(4), entry: .leading), Self.picture(2)]
    #expect(analysis(leading).promised().doubts == .start)
  }

  @Test func doubtsOfPacketsAreKept() {
    let packets = [P(entry: .exact, doubts: .codec), P(doubts: .damage), P(doubts: [.structure, .droppedOutput])]
    let index = analysis(packets).promised()
    #expect(index.doubts == [.codec, .damage, .structure, .droppedOutput])
    #expect(index.doubts.description == "codec, damage, structure, dropped output")
  }

  // MARK: - Time

  @Test func missingTimesFollowFromTheFrameBefore() {
    let index = analysis([
      P(pts: 100, entry: .exact, duration: 40), P(), P(duration: 20), P(pts: 500), P(),
    ]).promised()
    #expect(index.frames.map(\.pts) == [100, 140, 141, 500, 501])
    #expect(index.frames.map(\.duration) == [40, 1, 20, 1, 1])
    #expect(analysis([P(entry: .exact), P()]).promised().frames.map(\.pts) == [0, 1])
  }

  @Test func framesAreFoundByTime() {
    let index = analysis([0, 40, 80, 200, 240].map { P(pts: $0, entry: .exact, duration: 40) }).promised()
    #expect(index.frame(atOrBefore: -1) == nil && index.frame(nearest: -1) == 0)
    #expect(index.frame(atOrBefore: 0) == 0 && index.frame(atOrBefore: 39) == 0 && index.frame(atOrBefore: 40) == 1)
    #expect(index.frame(nearest: 59) == 1 && index.frame(nearest: 60) == 1 && index.frame(nearest: 61) == 2)
    #expect(index.frame(atOrBefore: 199) == 2 && index.frame(nearest: 141) == 3)
    #expect(index.frame(atOrBefore: .max) == 4 && index.frame(nearest: .max) == 4 && index.frame(nearest: .min) == 0)
    #expect(index.hasVariableRate && index.duration == 280)
    let empty = FrameIndex(timeBase: Rational(1, 1), packets: [], frames: [], seekPoints: [], proof: .demuxed)
    #expect(empty.frame(nearest: 0) == nil && empty.frame(atOrBefore: 0) == nil && empty.duration == 0)
  }

  // MARK: - Proof

  @Test func aLinearDecodeOverridesTheHeaders() {
    let analysis = analysis([Self.key(0), Self.picture(2), Self.picture(4), Self.key(0)])
    let index = analysis.proven(emitted: [0, 2, 3], hashes: [7, 8, 9], doubts: .damage)
    #expect(index.proof == .decoded && index.doubts == .damage)
    #expect(index.frames.map(\.packet) == [0, 2, 3] && index.pictureHashes == [7, 8, 9])
    #expect(points(index) == [[0, 0], [3, 2]])
  }

  @Test(arguments: [[0, nil, 2], [0, 1, 1]] as [[Int?]])
  func framesWithoutAPacketOfTheirOwnAreCounted(emitted: [Int?]) {
    let packets = [0, 40, 80].map { P(pts: $0, entry: .exact, duration: 40) }
    let index = analysis(packets).proven(emitted: emitted, hashes: [1, 2, 3], doubts: .codec)
    #expect(index.proof == .counted)
    #expect(index.frames.map(\.pts) == [0, 40, 80])
    #expect(points(index) == [[0, 0]])
  }

  @Test func anEmptyStreamHasNoFrames() {
    let index = analysis([]).promised()
    #expect(index.frames.isEmpty && index.doubts.isEmpty)
  }
}
