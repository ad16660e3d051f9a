/// An H.264 stream (Annex B, Main profile) whose frames are coded as two field pictures each (PAFF).
///
/// No encoder at hand makes field pictures, so this writes them: every macroblock is I_PCM, which needs no prediction,
/// no transform and no entropy coding. Order of coding is I P B P B ... with IDR pictures in between.
public struct FieldPictures: Sendable, Hashable {
  /// How many frames.
  public var frames = 24
  /// The distance of IDR pictures, in frames.
  public var period = 9
  /// The frames, in coding order, that lack their second field.
  public var unpaired: Set<Int> = []
  /// Every this many frames, one is coded as a frame picture instead.
  public var framePictureEvery: Int?
  /// Whether non-reference frames come before reference frames that are coded earlier.
  public var reordered = true

  private static let columns = 4
  private static let rows = 4

  /// The bytes of the stream.
  func bytes() -> [UInt8] {
    var stream: [UInt8] = []
    var number = 0  // frame_num
    for coded in 0..<frames {
      let inPeriod = coded % period
      let isKey = inPeriod == 0
      if isKey {
        number = 0
        stream += unit(0x67, parameterSet()) + unit(0x68, pictureParameterSet())
      }
      // I0 P2 B1 P4 B3 ...: odd places are coded one later than they are shown.
      let last = min(period, frames - (coded - inPeriod)) - 1
      let pairs = reordered && !isKey && !(inPeriod == last && inPeriod % 2 == 1)
      let shown = !pairs ? inPeriod : inPeriod % 2 == 1 ? inPeriod + 1 : inPeriod - 1
      let isReference = !pairs || inPeriod % 2 == 1
      let asFrame = framePictureEvery.map { coded % $0 == $0 - 1 } ?? false
      let fields: [Bool?] = asFrame ? [nil] : unpaired.contains(coded) ? [false] : [false, true]
      for field in fields {
        let isIDR = isKey && field != true
        let header: UInt8 = isIDR ? 0x65 : isReference ? 0x61 : 0x01
        let order = 2 * shown + (field == true ? 1 : 0)
        stream += unit(
          header,
          slice(
            field: field, idr: isIDR ? coded / period % 2 : nil, number: number, order: order,
            isReference: isReference, brightness: coded))
      }
      if isReference { number = (number + 1) % 16 }
    }
    return stream
  }

  private func parameterSet() -> BitWriter {
    var bits = BitWriter()
    bits.write(77, 8)
    bits.write(0, 8)
    bits.write(30, 8)
    for value in [0, 0, 0, 4, 2] { bits.exponential(value) }  // id, frame_num bits, POC type, POC bits, references
    bits.write(0, 1)
    bits.exponential(Self.columns - 1)
    bits.exponential(Self.rows / 2 - 1)
    bits.write(0b00100, 5)  // fields; no MBAFF; direct 8x8; no cropping; no VUI
    bits.stop()
    return bits
  }

  private func pictureParameterSet() -> BitWriter {
    var bits = BitWriter()
    bits.exponential(0)
    bits.exponential(0)
    bits.write(0, 2)  // CAVLC; no bottom field order
    for _ in 0..<3 { bits.exponential(0) }  // slice groups, references
    bits.write(0, 3)  // no weights
    for _ in 0..<3 { bits.exponential(0) }  // quantizers
    bits.write(0b100, 3)  // deblocking control
    bits.stop()
    return bits
  }

  private func slice(field: Bool?, idr: Int?, number: Int, order: Int, isReference: Bool, brightness: Int) -> BitWriter
  {
    var bits = BitWriter()
    bits.exponential(0)
    bits.exponential(7)
    bits.exponential(0)
    bits.write(number, 4)
    bits.write(field == nil ? 0 : 1, 1)
    if let field { bits.write(field ? 1 : 0, 1) }
    if let idr { bits.exponential(idr) }
    bits.write(order, 8)
    if isReference { bits.write(0, idr == nil ? 1 : 2) }
    bits.exponential(0)  // quantizer
    bits.exponential(1)  // no deblocking
    let rows = field == nil ? Self.rows : Self.rows / 2
    for macroblock in 0..<rows * Self.columns {
      bits.exponential(25)
      bits.align()
      for sample in 0..<384 {
        let value = brightness * 7 + macroblock * 5 + sample / 16 + (field == true ? 90 : 0)
        bits.write(16 + value % 200, 8)
      }
    }
    bits.stop()
    return bits
  }

  /// A NAL unit with its start code and emulation prevention.
  private func unit(_ header: UInt8, _ payload: BitWriter) -> [UInt8] {
    var bytes: [UInt8] = [0, 0, 0, 1, header]
    var zeros = 0
    for byte in payload.bytes {
      if zeros == 2 && byte <= 3 {
        bytes.append(3)
        zeros = 0
      }
      bytes.append(byte)
      zeros = byte == 0 ? zeros + 1 : 0
    }
    return bytes
  }
}
