/// How a contact sheet is divided, and which frames it shows.
package struct SheetLayout: Hashable, Sendable {
  package let rows: Int
  package let columns: Int
  /// A picture, in pixels.
  package let tileWidth: Int
  package let tileHeight: Int
  /// Pixels for each dot of a letter.
  package let dot: Int
  private let gap: Int
  private let captionHeight: Int

  /// - Parameter aspect: width of a picture divided by its height.
  package init(rows: Int, columns: Int, tileWidth: Int, aspect: Double) {
    self.rows = rows
    self.columns = columns
    self.tileWidth = tileWidth
    tileHeight = min(max(1, Int((Double(tileWidth) / aspect).rounded())), 1 << 14)
    dot = max(1, tileWidth / 240)
    gap = 4 * dot
    captionHeight = (BitmapFont.height + 4) * dot
  }

  package var width: Int { columns * (tileWidth + gap) + gap }
  package var height: Int { rows * (tileHeight + captionHeight + gap) + gap }
  package var count: Int { rows * columns }

  /// Where a picture begins.
  package func origin(_ index: Int) -> (x: Int, y: Int) {
    (
      gap + index % columns * (tileWidth + gap), gap + index / columns * (tileHeight + captionHeight + gap)
    )
  }

  /// Where the caption of a picture begins.
  package func caption(_ index: Int) -> (x: Int, y: Int) {
    let (x, y) = origin(index)
    return (x, y + tileHeight + 2 * dot)
  }

  /// No empty rows or columns, where there are fewer frames than places.
  package static func used(rows: Int, columns: Int, for frames: Int) -> (rows: Int, columns: Int) {
    let columns = max(1, min(columns, frames))
    return (max(1, min(rows, (frames + columns - 1) / columns)), columns)
  }

  /// Frames at equal distances in time: of each part of the whole, the one in its middle.
  package static func frames(byTime count: Int, of timetable: Timetable, in range: ClosedRange<Int>) -> [Int] {
    let (begin, end) = (timetable.start(range.lowerBound), timetable.start(range.upperBound + 1))
    let parts = min(count, range.count)
    var frames: [Int] = []
    for part in 0..<parts {
      let time = begin + (end - begin) * (Double(part) + 0.5) / Double(parts)
      // Never the same frame twice, and enough left for those that follow.
      let least = frames.last.map { $0 + 1 } ?? range.lowerBound
      frames.append(min(max(timetable.frame(at: time), least), range.upperBound - (parts - 1 - part)))
    }
    return frames
  }

  /// Keyframes, evenly chosen where there are more than fit.
  package static func frames(ofKeyframes keyframes: [Int], count: Int, in range: ClosedRange<Int>) -> [Int] {
    let known = keyframes.filter(range.contains)
    guard known.count > count else { return known }
    return (0..<count).map { known[$0 * known.count / count] }
  }
}
