import Foundation

/// Makes pictures undecodable whose first bytes look right: no reader of headers can tell, decoders reject them.
enum Spoiling {
  /// Annex B: the slices of these pictures (counted from 0, one slice each) name a picture parameter set that cannot be.
  static func slices(of stream: Data, pictures: [Int]) -> Data {
    var data = stream
    var picture = 0
    var position = data.startIndex
    while let start = data[position...].firstRange(of: Data([0, 0, 1])) {
      let unit = start.upperBound
      guard unit + 4 < data.endIndex else { break }
      if [1, 5].contains(data[unit] & 31) {
        // first_mb_in_slice 0, slice_type 0, then an Exp-Golomb code with thirteen leading zeros.
        if pictures.contains(picture) { data.replaceSubrange(unit + 1..<unit + 4, with: [0xc0, 0x01, 0xff]) }
        picture += 1
      }
      position = unit
    }
    return data
  }

  /// IVF with VP9: everything after the first bytes of these frames (counted from 0) is ones, which no compressed header
  /// begins with.
  static func frames(ofIVF file: Data, frames: [Int]) -> Data {
    var data = file
    let headerBytes = 32
    let frameHeaderBytes = 12
    let keptBytes = 4
    var position = data.startIndex + headerBytes
    var frame = 0
    while position + frameHeaderBytes <= data.endIndex {
      let size = data[position..<position + 4].reversed().reduce(0) { $0 << 8 | Int($1) }
      let end = min(position + frameHeaderBytes + size, data.endIndex)
      let first = min(position + frameHeaderBytes + keptBytes, end)
      // The last byte of a packet may be the index of a superframe.
      if frames.contains(frame), first + 1 < end {
        data.replaceSubrange(first..<end - 1, with: Data(repeating: 0xff, count: end - 1 - first))
      }
      position = end
      frame += 1
    }
    return data
  }
}
