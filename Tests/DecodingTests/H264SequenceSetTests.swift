import Testing
import VABufTestKit

@testable import Decoding

/// Sequence parameter sets that no encoder here writes.
@Suite struct H264SequenceSetTests {
  /// A set, as 7.3.2.1.1 has it.
  ///
  /// - Parameters:
  ///   - chroma: `chroma_format_idc`, of a high profile; nil of a profile that has none.
  ///   - lists: the deltas of each scaling list; an empty one is not there.
  ///   - cycle: the offsets of picture order count type 1; nil takes type 0.
  private func unit(chroma: Int?, lists: [[Int]]? = nil, cycle: [Int]? = nil, framesOnly: Int) -> [UInt8] {
    var bits = BitWriter()
    bits.write(0x67, 8)
    bits.write(chroma == nil ? 77 : chroma == 3 ? 244 : 100, 8)
    bits.write(0, 8)
    bits.write(40, 8)
    bits.exponential(0)
    if let chroma {
      bits.exponential(chroma)
      if chroma == 3 { bits.write(0, 1) }
      for _ in 0..<2 { bits.exponential(0) }
      bits.write(0, 1)
      bits.write(lists == nil ? 0 : 1, 1)
      for list in lists ?? [] {
        bits.write(list.isEmpty ? 0 : 1, 1)
        for delta in list { bits.exponential(delta > 0 ? 2 * delta - 1 : -2 * delta) }
      }
    }
    bits.exponential(3)
    if let cycle {
      bits.exponential(1)
      bits.write(1, 1)
      for _ in 0..<2 { bits.exponential(8) }
      bits.exponential(cycle.count)
      for offset in cycle { bits.exponential(offset) }
    } else {
      bits.exponential(0)
      bits.exponential(4)
    }
    bits.exponential(4)
    bits.write(0, 1)
    for _ in 0..<2 { bits.exponential(29) }
    bits.write(framesOnly, 1)
    bits.write(0, 1)
    bits.stop()
    // Emulation prevention, 7.4.1.
    var (escaped, zeros): ([UInt8], Int) = ([], 0)
    for byte in bits.bytes {
      if zeros >= 2, byte <= 3 {
        escaped.append(3)
        zeros = 0
      }
      escaped.append(byte)
      zeros = byte == 0 ? zeros + 1 : 0
    }
    return escaped
  }

  @Test(arguments: [0, 1])
  func whatComesAfterScalingListsIsRead(_ framesOnly: Int) throws {
    // A list that ends early: from 8 to 0 by a delta of -8. A whole one, and one that steps up and down, past 255 too.
    let (short, whole) = ([-8], Array(repeating: 0, count: 16))
    let steps = (0..<64).map { $0 % 2 == 0 ? 127 : -126 }
    for chroma in [0, 1, 2] {
      let set = try #require(
        H264SequenceSet(
          unit(chroma: chroma, lists: [short, whole, [], [], [], [], steps, short], framesOnly: framesOnly)))
      #expect(set.isMonochrome == (chroma == 0) && set.mayHaveFields == (framesOnly == 0))
    }
    let twelve = Array(repeating: whole, count: 6) + Array(repeating: short, count: 6)
    let set = try #require(H264SequenceSet(unit(chroma: 3, lists: twelve, framesOnly: framesOnly)))
    #expect(!set.isMonochrome && set.mayHaveFields == (framesOnly == 0))
  }

  @Test(arguments: [0, 1])
  func aCycleOfOrderCountsIsPassedOver(_ framesOnly: Int) throws {
    for chroma in [nil, 0] {
      let set = try #require(H264SequenceSet(unit(chroma: chroma, cycle: [1, 200, 7], framesOnly: framesOnly)))
      #expect(set.isMonochrome == (chroma == 0) && set.mayHaveFields == (framesOnly == 0))
    }
  }

  @Test func aSetThatIsCutShortSaysNothing() {
    let whole = unit(chroma: 0, lists: Array(repeating: [-8], count: 8), cycle: [1, 2], framesOnly: 0)
    // The flag is in one of the last two bytes.
    for count in 0..<whole.count - 2 { #expect(H264SequenceSet(whole.prefix(count)) == nil, "\(count) bytes") }
    #expect(H264SequenceSet(unit(chroma: nil, cycle: Array(repeating: 1, count: 256), framesOnly: 0)) == nil)
  }
}
