import Foundation

/// Files whose packets are not one picture each, of codecs of which that is expected.
enum OddPackets {
  /// A QuickTime file, one of whose samples (counted from 0, in the first chunk) has no bytes. Its `moov` box comes last.
  static func emptySample(_ number: Int, of file: Data) throws -> Data {
    var data = file
    func find(_ box: String, _ options: Data.SearchOptions = []) throws -> Int {
      guard let found = data.range(of: Data(box.utf8), options: options) else {
        throw ClipError(clip: box, reason: "no such box")
      }
      return found.lowerBound
    }
    let media = try find("mdat") - 4
    // Full boxes: type, version and flags, then the fields.
    let sizes = try find("stsz", .backwards) + 16
    let chunks = try find("stco", .backwards) + 8
    let start = (0..<number).reduce(Int(data.big(chunks + 4))) { $0 + Int(data.big(sizes + 4 * $1)) }
    let size = data.big(sizes + 4 * number)
    data.putBig(0, sizes + 4 * number)
    for chunk in 1..<max(1, Int(data.big(chunks))) {
      data.putBig(data.big(chunks + 4 + 4 * chunk) - size, chunks + 4 + 4 * chunk)
    }
    data.putBig(data.big(media) - size, media)
    data.removeSubrange(start..<start + Int(size))
    return data
  }

  /// An AVI file that says its pictures have twice the rows that they have: libavcodec takes JPEG pictures for fields then.
  static func doubleHeight(of file: Data) throws -> Data {
    var data = file
    for (chunk, offset) in [("avih", 36), ("strf", 8)] {
      guard let found = data.firstRange(of: Data(chunk.utf8)) else {
        throw ClipError(clip: chunk, reason: "no such chunk")
      }
      let position = found.upperBound + 4 + offset
      data.putLittle(2 * data.little(position), position)
    }
    return data
  }

  /// Fraps, version 1, in AVI: raw pictures, some of which are packets that say "the same as before".
  static func fraps(frames: Int, repeated: Set<Int>) -> Data {
    let (width, height) = (64, 48)
    func little(_ values: [Int]) -> Data {
      var data = Data(count: 4 * values.count)
      for (index, value) in values.enumerated() { data.putLittle(UInt32(value), 4 * index) }
      return data
    }
    func chunk(_ name: String, _ body: Data) -> Data { Data(name.utf8) + little([body.count]) + body }
    func list(_ name: String, _ body: Data) -> Data { chunk("LIST", Data(name.utf8) + body) }
    var (movie, index) = (Data(), Data())
    for frame in 0..<frames {
      var packet = little([repeated.contains(frame) ? 1 | 1 << 31 : 1])
      if !repeated.contains(frame) {
        for row in 0..<height {
          packet += Data((0..<3 * width).map { UInt8(truncatingIfNeeded: $0 + 3 * row + 40 * frame) })
        }
      }
      index += Data("00dc".utf8) + little([0x10, 4 + movie.count, packet.count])
      movie += chunk("00dc", packet)
    }
    let size = 3 * width * height + 4
    let main = little([40_000, 0, 0, 0x10, frames, 0, 1, size, width, height, 0, 0, 0, 0])
    let stream =
      Data("vidsFPS1".utf8) + little([0, 0, 0, 1, 25, 0, frames, size, 0, 0, 0]) + little([height << 16 | width])
    let format = little([40, width, height, 24 << 16 | 1]) + Data("FPS1".utf8) + little([size, 0, 0, 0, 0])
    let header = list("hdrl", chunk("avih", main) + list("strl", chunk("strh", stream) + chunk("strf", format)))
    return chunk("RIFF", Data("AVI ".utf8) + header + list("movi", movie) + chunk("idx1", index))
  }
}

extension Data {
  fileprivate func big(_ offset: Int) -> UInt32 {
    self[startIndex + offset..<startIndex + offset + 4].reduce(0) { $0 << 8 | UInt32($1) }
  }

  fileprivate func little(_ offset: Int) -> UInt32 { big(offset).byteSwapped }

  fileprivate mutating func putBig(_ value: UInt32, _ offset: Int) {
    for byte in 0..<4 { self[startIndex + offset + byte] = UInt8(truncatingIfNeeded: value >> UInt32(24 - 8 * byte)) }
  }

  fileprivate mutating func putLittle(_ value: UInt32, _ offset: Int) { putBig(value.byteSwapped, offset) }
}
