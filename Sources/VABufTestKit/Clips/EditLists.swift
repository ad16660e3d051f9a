import Foundation

/// Replaces the edit list of every track of an MP4 file whose `moov` box is the last one, so that no chunk moves.
func replaceEdits(in file: Data, with edits: [Clip.Edit]) throws -> Data {
  var result = Data()
  var position = 0
  while position + 8 <= file.count {
    let box = Box(file, at: position)
    guard box.size >= 8, position + box.size <= file.count else { break }
    result += box.type == "moov" ? rebuilt(box, edits, movieScale: 1000, mediaScale: 1000) : box.whole
    position += box.size
  }
  return result
}

/// Where the media data of an MP4 file lies, so that damage hits nothing else.
func mediaData(of file: Data) -> Range<Int> {
  var position = 0
  while position + 8 <= file.count {
    let box = Box(file, at: position)
    guard box.size >= 8 else { break }
    if box.type == "mdat" { return position + 8..<min(position + box.size, file.count) }
    position += box.size
  }
  return file.indices
}

/// One box of an MP4 file.
private struct Box {
  let type: String
  let size: Int
  let whole: Data

  init(_ data: Data, at position: Int) {
    let base = data.startIndex + position
    size = Int(data.uint32(at: position))
    type = String(decoding: data[base + 4..<base + 8], as: UTF8.self)
    whole = Data(data[base..<min(base + max(size, 8), data.endIndex)])
  }

  var children: [Box] {
    var boxes: [Box] = []
    var position = 8
    while position + 8 <= whole.count {
      let box = Box(whole, at: position)
      guard box.size >= 8 else { break }
      boxes.append(box)
      position += box.size
    }
    return boxes
  }

  func first(_ path: String...) -> Box? {
    path.reduce(Optional(self)) { box, type in box?.children.first { $0.type == type } }
  }
}

/// Rebuilds `moov` and `trak`, with other edits.
private func rebuilt(_ box: Box, _ edits: [Clip.Edit], movieScale: Int, mediaScale: Int) -> Data {
  switch box.type {
  case "moov":
    let scale = box.first("mvhd").map { Int($0.whole.uint32(at: 20)) } ?? movieScale
    let parts = box.children.map { rebuilt($0, edits, movieScale: scale, mediaScale: mediaScale) }
    return make("moov", parts.reduce(Data(), +))
  case "trak":
    let scale = box.first("mdia", "mdhd").map { Int($0.whole.uint32(at: 20)) } ?? mediaScale
    var entries = Data.uint32(0) + Data.uint32(UInt32(edits.count))
    for edit in edits {
      entries += Data.uint32(UInt32(edit.duration * movieScale / 1000))
      entries += Data.uint32(edit.start < 0 ? .max : UInt32(edit.start * scale / 1000))
      entries += Data.uint32(0x10000)
    }
    var body = Data()
    for child in box.children where child.type != "edts" {
      body += child.whole
      if child.type == "tkhd" { body += make("edts", make("elst", entries)) }
    }
    return make("trak", body)
  default:
    return box.whole
  }
}

private func make(_ type: String, _ body: Data) -> Data {
  Data.uint32(UInt32(body.count + 8)) + Data(type.utf8) + body
}

extension Data {
  fileprivate static func uint32(_ value: UInt32) -> Data {
    Data([24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> UInt32($0)) })
  }

  fileprivate func uint32(at offset: Int) -> UInt32 {
    self[startIndex + offset..<startIndex + offset + 4].reduce(0) { $0 << 8 | UInt32($1) }
  }
}
