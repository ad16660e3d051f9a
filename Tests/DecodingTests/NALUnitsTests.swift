import Testing

@testable import Decoding

@Suite struct NALUnitsTests {
  private func units(_ bytes: [UInt8], _ framing: NALFraming) -> (units: [[UInt8]], isWhole: Bool) {
    var units: [[UInt8]] = []
    let isWhole = bytes.withUnsafeBytes { $0.forEachNALUnit(framing) { units.append(Array($0)) } }
    return (units, isWhole)
  }

  @Test func startCodesOfThreeAndFourBytesSeparateUnits() {
    let (found, isWhole) = units([0, 0, 0, 1, 9, 0x10, 0, 0, 1, 0x65, 1, 2, 0, 0, 0, 1, 6], .startCodes)
    #expect(found == [[9, 0x10], [0x65, 1, 2], [6]])
    #expect(isWhole)
  }

  @Test func lengthsBeyondThePacketAreDamage() {
    #expect(units([0, 2, 0x65, 1, 0, 1, 6], .lengths(2)).units == [[0x65, 1], [6]])
    #expect(units([0, 2, 0x65, 1, 0, 1, 6], .lengths(2)).isWhole)
    #expect(!units([0, 9, 0x65, 1], .lengths(2)).isWhole)
    #expect(!units([0, 1, 0x65, 1], .lengths(2)).isWhole)
  }

  @Test func bytesWithoutStartCodesAreDamage() {
    #expect(!units([1, 2, 3], .startCodes).isWhole)
    #expect(units([], .startCodes).isWhole)
  }

  @Test(
    arguments: [
      ([0b1000_0000], 0), ([0b0100_0000], 1), ([0b0110_0000], 2), ([0b0010_0000], 3), ([0b0001_0000], 7),
      ([0, 0, 3, 0b1000_0000, 0, 0], 65535),
    ] as [([UInt8], UInt32)])
  func exponentialGolombCodes(bytes: [UInt8], value: UInt32) {
    var reader = BitReader(unescaping: bytes)
    #expect(reader.exponentialGolomb() == value)
  }

  @Test func readingBeyondTheEndGivesNil() {
    var reader = BitReader(unescaping: [UInt8]([0]))
    #expect(reader.exponentialGolomb() == nil)
    #expect(reader.bits(1) == nil)
  }
}
