import Testing
import VABufTestKit

@testable import Decoding
@testable import FFmpegMedia

/// Headers written by hand.
@Suite struct InspectorTests {
  /// A NAL unit behind a start code.
  private func unit(_ bytes: UInt8...) -> [UInt8] { [0, 0, 1] + bytes }

  private func inspect<R>(_ bytes: [UInt8], _ body: (UnsafeRawBufferPointer) -> R) -> R {
    bytes.withUnsafeBytes { body($0) }
  }

  // MARK: - H.264

  private func h264(
    _ inspector: inout H264Inspector, _ bytes: [UInt8], _ count: Int32 = 0,
    _ structure: PictureStructure = .frame
  ) -> PictureFacts {
    let parsed = ParsedPicture(structure: structure, outputNumber: count)
    return bytes.withUnsafeBytes { inspector.inspect($0, parsed: parsed) }
  }

  /// First macroblock 0, then the slice type 7 (I), 5 (P) or 6 (B), as Exp-Golomb codes.
  private let intra: UInt8 = 0b1000_1000
  private let predicted: UInt8 = 0b1001_1000
  private let bidirectional: UInt8 = 0b1001_1100

  @Test func h264InstantRefreshOpensASequence() {
    var inspector = H264Inspector(extradata: [])
    let facts = h264(&inspector, unit(0x67, 1, 2, 3, 0x80) + unit(0x68, 0xce) + unit(0x65, intra, 0x80), 0)
    #expect(facts.entry == .exact && facts.opensSequence && !facts.isDisposable && facts.output == .frame)
    #expect(facts.order == .count(0) && facts.doubts.isEmpty)
    let next = h264(&inspector, unit(0x41, predicted, 0x80), 4)
    #expect(next.entry == .none && !next.opensSequence && !next.isDisposable && next.order == .count(4))
    let disposable = h264(&inspector, unit(0x01, bidirectional, 0x80), 2)
    #expect(disposable.isDisposable)
    let carrier = h264(&inspector, unit(0x68, 0xce) + unit(0x01, bidirectional, 0x80), 2)
    #expect(!carrier.isDisposable, "a parameter set is for the pictures that follow, too")
  }

  @Test func h264RecoveryPointsAreEnteredOnlyWhereTheyAreExactAndIntra() {
    // SEI 6: recovery_frame_cnt ue(v) 0, exact_match_flag 1.
    let recovery = unit(0x06, 6, 1, 0b1100_0000, 0x80)
    var inspector = H264Inspector(extradata: [])
    #expect(h264(&inspector, recovery + unit(0x41, intra, 0x80)).entry == .leading)
    #expect(h264(&inspector, recovery + unit(0x41, predicted, 0x80)).entry == .none)
    #expect(h264(&inspector, unit(0x41, intra, 0x80)).entry == .none)
    // Recovery after three frames; recovery that is not exact; an SEI that is cut off.
    #expect(h264(&inspector, unit(0x06, 6, 1, 0b0010_0100, 0x80) + unit(0x41, intra, 0x80)).entry == .none)
    #expect(h264(&inspector, unit(0x06, 6, 1, 0b1000_0000, 0x80) + unit(0x41, intra, 0x80)).entry == .none)
    #expect(h264(&inspector, unit(0x06, 6, 9, 0b1100_0000) + unit(0x41, intra, 0x80)).entry == .none)
    // Another SEI first.
    let two = unit(0x06, 5, 2, 1, 2, 6, 1, 0b1100_0000, 0x80)
    #expect(h264(&inspector, two + unit(0x41, intra, 0x80)).entry == .leading)
  }

  @Test func h264FieldsArePaired() {
    var inspector = H264Inspector(extradata: [])
    let field = unit(0x41, predicted, 0x80)
    #expect(h264(&inspector, field, 0, .topField).output == .frame)
    #expect(h264(&inspector, field, 1, .bottomField).output == .none)
    // Both in one packet.
    let both = h264(&inspector, field + field, 2, .topField)
    #expect(both.output == .frame && both.doubts.isEmpty)
    // A field without its pair, before another of its parity and before a frame.
    #expect(h264(&inspector, field, 4, .topField).doubts.isEmpty)
    #expect(h264(&inspector, field, 6, .topField).doubts == .structure)
    #expect(h264(&inspector, field, 8, .frame).doubts == .structure)
    #expect(h264(&inspector, field, 10, .frame).doubts.isEmpty)
  }

  @Test func h264DamageIsDoubted() {
    var inspector = H264Inspector(extradata: [])
    #expect(h264(&inspector, [1, 2, 3]).doubts.contains(.damage))
    #expect(h264(&inspector, unit(0xc1, predicted, 0x80)).doubts.contains(.damage), "forbidden_zero_bit")
    #expect(h264(&inspector, unit(0x41, 0, 0, 0)).doubts.contains(.damage), "a header without an end")
    #expect(h264(&inspector, unit(0x41, predicted, 0x80) + unit(0x41, predicted, 0x80)).doubts == .structure)
    #expect(h264(&inspector, unit(0x02, predicted, 0x80)).doubts == .structure, "data partitions")
    #expect(h264(&inspector, unit(0x09, 0xf0)).output == .none)
    #expect(h264(&inspector, []).output == .none)
  }

  @Test func h264ParameterSetsThatChangeCloseOtherEntries() {
    let picture = unit(0x65, intra, 0x80)
    let first = unit(0x67, 1, 2, 3, 0x80), second = unit(0x67, 1, 2, 3, 0xa0)
    let pictureSet = unit(0x68, 0xce)
    var inspector = H264Inspector(extradata: [])
    #expect(h264(&inspector, first + pictureSet + picture).entry == .exact)
    #expect(h264(&inspector, picture).entry == .exact)
    // The same id (0) with another content.
    let changed = unit(0x67, 1, 2, 9, 0x80, 1)
    #expect(h264(&inspector, changed + pictureSet + picture).entry == .exact)
    #expect(h264(&inspector, picture).entry == .none)
    #expect(second != first)
  }

  @Test func h264LengthsComeFromTheExtradata() {
    var inspector = H264Inspector(extradata: [1, 66, 0, 30, 0xff, 0xe0, 0])
    #expect(h264(&inspector, [0, 0, 0, 3, 0x65, intra, 0x80]).entry == .exact)
    #expect(h264(&inspector, [0, 0, 0, 9, 0x65, intra, 0x80]).doubts.contains(.damage))
  }

  // MARK: - HEVC

  private func hevc(_ inspector: inout HEVCInspector, _ types: UInt8..., count: Int32 = 0, noPrior: Bool = false)
    -> PictureFacts
  {
    let bytes = types.flatMap { type in
      type < 32 ? unit(type << 1, 1, noPrior ? 0xc0 : 0x80, 0x80) : unit(type << 1, 1, 5)
    }
    let parsed = ParsedPicture(structure: .frame, outputNumber: count)
    return bytes.withUnsafeBytes { inspector.inspect($0, parsed: parsed) }
  }

  @Test func hevcRandomAccessPoints() {
    var inspector = HEVCInspector(extradata: [])
    let start = hevc(&inspector, 32, 33, 34, 19)
    #expect(start.entry == .exact && start.opensSequence && start.doubts.isEmpty)
    #expect(!hevc(&inspector, 1, count: 4).isDisposable)
    #expect(hevc(&inspector, 0, count: 2).isDisposable)
    #expect(!hevc(&inspector, 34, 0, count: 2).isDisposable, "it carries a parameter set")
    let clean = hevc(&inspector, 21, count: 8)
    #expect(clean.entry == .leading && !clean.opensSequence)
    // Its skipped leading pictures are decoded: something was before.
    #expect(hevc(&inspector, 8, count: 6).output == .frame)
    // A broken link drops them.
    let broken = hevc(&inspector, 16, count: 0)
    #expect(broken.entry == .leading && broken.opensSequence)
    #expect(hevc(&inspector, 9, count: -2).output == .none)
    #expect(hevc(&inspector, 7, count: -1).output == .frame, "decodable leading pictures stay")
  }

  @Test func hevcCleanRandomAccessAtTheStartDropsItsLeadingPictures() {
    var inspector = HEVCInspector(extradata: [])
    #expect(hevc(&inspector, 21).opensSequence)
    #expect(hevc(&inspector, 8, count: -2).output == .none)
    #expect(hevc(&inspector, 1, count: 2).output == .frame)
    // After an end of sequence, too.
    #expect(hevc(&inspector, 1, 36, count: 4).doubts.isEmpty)
    let next = hevc(&inspector, 21, count: 0)
    #expect(next.opensSequence && next.doubts == .droppedOutput)
    #expect(hevc(&inspector, 8, count: -2).output == .none)
  }

  @Test func hevcDoubts() {
    var inspector = HEVCInspector(extradata: [])
    #expect(hevc(&inspector, 19, noPrior: true).doubts == .droppedOutput)
    #expect(hevc(&inspector, 1, 1).doubts == .structure, "two first slices")
    #expect(hevc(&inspector, 35).output == .none)
    let layer = unit(19 << 1 | 1, 1, 0x80)
    let facts = layer.withUnsafeBytes { inspector.inspect($0, parsed: nil) }
    #expect(facts.output == .none, "another layer")
  }

  // MARK: - VP8, VP9, AV1

  @Test(
    arguments: [
      ([0x10], PictureFacts.Entry.exact, PictureFacts.Output.frame), ([0x11], .none, .frame), ([0x01], .none, .none),
      ([0x00], .exact, .none), ([], .none, .none),
    ] as [([UInt8], PictureFacts.Entry, PictureFacts.Output)])
  func vp8FrameTags(bytes: [UInt8], entry: PictureFacts.Entry, output: PictureFacts.Output) {
    let facts = inspect(bytes) { VP8Inspector.inspect($0) }
    #expect(facts.entry == entry && facts.output == output)
    #expect(facts.doubts == (bytes.isEmpty ? .damage : []))
  }

  // Two bits 2, two bits profile 0, show_existing_frame, frame_type (0 is key), show_frame, error_resilient.
  private let vp9Key: UInt8 = 0b1000_0010
  private let vp9Shown: UInt8 = 0b1000_0110
  private let vp9Hidden: UInt8 = 0b1000_0100
  private let vp9Existing: UInt8 = 0b1000_1000

  @Test func vp9FramesAndSuperframes() {
    func facts(_ bytes: [UInt8]) -> PictureFacts { inspect(bytes) { VP9Inspector.inspect($0) } }
    #expect(facts([vp9Key, 0]).entry == .exact && facts([vp9Key, 0]).output == .frame)
    #expect(facts([vp9Shown, 0]).entry == .none && facts([vp9Shown, 0]).output == .frame)
    #expect(facts([vp9Hidden, 0]).output == .none)
    #expect(facts([vp9Existing]).output == .frame && facts([vp9Existing]).entry == .none)
    // A hidden and a shown frame: marker 110, one byte a size, two frames.
    let marker: UInt8 = 0b1100_0001
    let two = [vp9Hidden, 0, 0, vp9Shown, 0, marker, 3, 2, marker]
    #expect(facts(two).output == .frame && facts(two).doubts.isEmpty)
    let bothShown = [vp9Shown, 0, 0, vp9Shown, 0, marker, 3, 2, marker]
    #expect(facts(bothShown).doubts == .structure)
    let tooLong = [vp9Hidden, 0, 0, vp9Shown, 0, marker, 3, 200, marker]
    #expect(facts(tooLong).doubts == .damage)
    #expect(facts([0x12, 0]).doubts == .damage, "another frame marker")
    #expect(facts([]).doubts == .damage)
  }

  @Test func av1Units() {
    func facts(_ bytes: [UInt8]) -> PictureFacts {
      inspect(bytes) { bytes in
        var inspector = AV1Inspector(extradata: [])
        return inspector.inspect(bytes)
      }
    }
    // Type in bits 3 to 6, has_size in bit 1.
    let sequence: [UInt8] = [1 << 3 | 2, 2, 0, 0]
    func frame(_ flags: UInt8) -> [UInt8] { [6 << 3 | 2, 2, flags << 4, 0] }
    let key = facts(sequence + frame(0b0001))
    #expect(key.entry == .exact && key.output == .frame && key.doubts.isEmpty)
    #expect(facts(frame(0b0001)).entry == .none, "no sequence header")
    #expect(facts(frame(0b0010)).output == .none)
    #expect(facts(frame(0b0010) + frame(0b0011)).output == .frame)
    #expect(facts(frame(0b0011) + frame(0b0011)).doubts == .structure)
    #expect(facts([3 << 3 | 2, 1, 0b1000_0000]).output == .frame, "show_existing_frame")
    #expect(facts([6 << 3 | 2, 9, 0]).doubts == .damage)
    #expect(facts([6 << 3 | 2, 0x80]).doubts == .damage, "a size without an end")
    #expect(facts([6 << 3, 0b0011_0000, 0]).output == .frame, "without a size: the rest of the packet")
    #expect(facts([6 << 3 | 4]).doubts == .damage, "an extension that is missing")
    #expect(facts([2 << 3 | 2, 0]).output == .none)
  }

  /// Bits, most significant first, in whole bytes.
  private func packed(_ fields: [(UInt32, Int)]) -> [UInt8] {
    let bits = fields.flatMap { value, count in (0..<count).reversed().map { UInt8(value >> UInt32($0) & 1) } }
    return stride(from: 0, to: bits.count, by: 8).map { start in
      (0..<8).reduce(UInt8(0)) { $0 << 1 | (start + $1 < bits.count ? bits[start + $1] : 0) }
    }
  }

  @Test(arguments: [false, true]) func av1FramesThatRefreshNothing(isLong: Bool) {
    func unit(_ type: UInt8, _ payload: [UInt8]) -> [UInt8] { [type << 3 | 2, UInt8(payload.count)] + payload }
    // Profile 0, no still picture; with timing, frame numbers, order hints and tools that each frame chooses, or without.
    var sequence: [(UInt32, Int)] = [(0, 3), (0, 1), (0, 1), (isLong ? 1 : 0, 1)]
    if isLong { sequence += [(1, 32), (30, 32), (1, 1), (0b010, 3), (0, 1)] }
    sequence += [(isLong ? 1 : 0, 1), (0, 5), (0, 12), (8, 5), (0, 1)]
    if isLong { sequence += [(1, 1), (9, 4)] }
    sequence += [(7, 4), (7, 4), (100, 8), (100, 8), (isLong ? 1 : 0, 1)]
    if isLong { sequence += [(6, 4), (2, 3)] }
    sequence += [(0, 3), (0, 4), (isLong ? 1 : 0, 1)]
    if isLong { sequence += [(0, 2)] }
    sequence += isLong ? [(1, 1), (1, 1), (6, 3)] : [(0, 1), (0, 1)]
    sequence += [(1, 1)]
    func frame(type: UInt32, isShown: Bool, refreshes: UInt32) -> [UInt8] {
      var fields: [(UInt32, Int)] = [(0, 1), (type, 2), (isShown ? 1 : 0, 1)]
      if !isShown { fields += [(0, 1)] }
      let isKey = type == 0 && isShown
      if !isKey { fields += [(0, 1)] }
      fields += [(0, 1)]
      if isLong { fields += [(1, 1), (1, 1), (77, 11)] }
      fields += [(0, 1)]
      if isLong { fields += [(5, 7)] }
      if type == 1 { fields += [(3, 3)] }
      if !isKey { fields += [(refreshes, 8)] }
      return packed(fields + [(0x5a, 8)])
    }
    var inspector = AV1Inspector(extradata: [])
    func facts(_ bytes: [UInt8]) -> PictureFacts { bytes.withUnsafeBytes { inspector.inspect($0) } }
    let leaf = unit(6, frame(type: 1, isShown: true, refreshes: 0))
    #expect(!facts(leaf).isDisposable, "no sequence header yet")
    let key = facts(unit(1, packed(sequence)) + unit(6, frame(type: 0, isShown: true, refreshes: 0)))
    #expect(key.entry == .exact && !key.isDisposable)
    #expect(facts(leaf).isDisposable && facts(leaf).doubts.isEmpty)
    #expect(facts(unit(6, frame(type: 2, isShown: true, refreshes: 0))).isDisposable)
    #expect(!facts(unit(6, frame(type: 1, isShown: true, refreshes: 1))).isDisposable)
    #expect(!facts(unit(6, frame(type: 1, isShown: true, refreshes: 128))).isDisposable)
    let hidden = unit(6, frame(type: 1, isShown: false, refreshes: 8))
    #expect(!facts(hidden + leaf).isDisposable, "what is hidden is for later")
    #expect(!facts(unit(3, [0b1000_0000])).isDisposable, "a frame that is shown again")
    #expect(!facts(unit(1, packed(sequence)) + leaf).isDisposable)
    #expect(!facts(leaf.dropLast()).isDisposable, "cut off")
    #expect(!facts(unit(5, [1, 0, 0, 0, 0]) + leaf).isDisposable, "light levels hold until there are others")
    // A decoder model makes frame headers longer in a way that is not read.
    var model = sequence
    model[3] = (1, 1)
    model.insert(contentsOf: [(1, 32), (30, 32), (0, 1), (1, 1)], at: 4)
    _ = facts(unit(1, packed(model)) + leaf)
    #expect(!facts(leaf).isDisposable)
    var stored = AV1Inspector(extradata: [0x81, 0, 0, 0] + unit(1, packed(sequence)))
    #expect(leaf.withUnsafeBytes { stored.inspect($0) }.isDisposable, "the header in av1C")
  }

  // MARK: - MPEG-2

  @Test func mpeg2Pictures() {
    var inspector = MPEG2Inspector()
    func facts(_ bytes: [UInt8]) -> PictureFacts { bytes.withUnsafeBytes { inspector.inspect($0) } }
    let sequence = unit(0xb3, 0x10, 0x00, 0x60, 0x13)
    func picture(_ type: UInt8, _ structure: UInt8 = 3) -> [UInt8] {
      unit(0x00, 0, type << 3, 0xff) + unit(0xb5, 0x8f, 0xff, structure, 0x80)
    }
    let start = facts(sequence + picture(1))
    #expect(start.entry == .leading && start.order == .heldReference && start.doubts.isEmpty)
    // Pictures that lead the first I picture.
    #expect(facts(picture(3)).doubts == .start)
    #expect(facts(picture(2)).order == .heldReference)
    let bidirectional = facts(picture(3))
    #expect(bidirectional.order == .decoding && bidirectional.isDisposable && bidirectional.doubts.isEmpty)
    #expect(!facts(unit(0xb8, 0, 8, 0, 0x80) + picture(3)).isDisposable, "a group of pictures begins with it")
    #expect(!facts(picture(3) + unit(0xb5, 0x38, 0xff)).isDisposable, "it changes the matrices")
    #expect(facts(picture(1)).entry == .none, "no sequence header")
    // Fields: two packets, or one.
    #expect(facts(picture(2, 1)).output == .frame)
    #expect(facts(picture(2, 2)).output == .none)
    #expect(facts(picture(2, 1) + picture(2, 2)).output == .frame)
    #expect(facts(picture(2) + picture(2)).doubts == .structure)
    #expect(facts(picture(5)).doubts == .damage)
    #expect(facts(unit(0xb3, 0x20, 0x00, 0x60, 0x13) + picture(1)).doubts == .droppedOutput)
    #expect(facts(unit(0xb8, 0, 0, 0)).output == .none)
  }

  /// Whatever the bytes are, inspectors end and do not trap.
  @Test func anyBytesAreSurvived() {
    var random = SeededRandom(for: "inspectors")
    for round in 0..<3000 {
      var bytes = (0..<Int.random(in: 0..<80, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
      for _ in 0..<4 where bytes.count > 4 {
        let place = Int.random(in: 0..<bytes.count - 3, using: &random)
        bytes.replaceSubrange(place..<place + 3, with: [0, 0, 1])
      }
      var h264 = H264Inspector(extradata: round % 2 == 0 ? [] : bytes)
      var hevc = HEVCInspector(extradata: round % 2 == 0 ? [] : bytes)
      var av1 = AV1Inspector(extradata: round % 2 == 0 ? [] : [0x81, 0, 0, 0] + bytes)
      var mpeg2 = MPEG2Inspector()
      for _ in 0..<2 {
        bytes.withUnsafeBytes {
          _ = h264.inspect($0, parsed: nil)
          _ = hevc.inspect($0, parsed: nil)
          _ = mpeg2.inspect($0)
          _ = VP8Inspector.inspect($0)
          _ = VP9Inspector.inspect($0)
          _ = av1.inspect($0)
        }
      }
    }
  }
}
