package import FrameModel

/// Paints the overlay: text above, the time line below, a closer look at the frames around the reader between them.
package enum OverlayPainter {
  package enum Palette {
    package static let panel = Color(0, 0, 0, 0.62)
    package static let text = Color(1, 1, 1)
    package static let dim = Color(0.72, 0.76, 0.8)
    package static let track = Color(0.25, 0.27, 0.3, 0.9)
    package static let gpu = Color(0.25, 0.85, 0.4)
    package static let host = Color(0.3, 0.6, 1)
    package static let both = Color(0.3, 0.9, 0.9)
    package static let decoding = Color(1, 0.62, 0.15)
    package static let planned = Color(0.75, 0.45, 0.95)
    package static let reader = Color(1, 1, 1)

    package static func color(_ residency: Residency) -> Color {
      residency == .gpu ? gpu : residency == .host ? host : both
    }
  }

  /// What is to be seen of the overlay.
  package struct Parts: OptionSet, Sendable {
    package let rawValue: Int
    package init(rawValue: Int) { self.rawValue = rawValue }
    /// The time line alone.
    package static let bar = Parts(rawValue: 1)
    /// All that the buffer does.
    package static let details = Parts(rawValue: 2)
    package static let help = Parts(rawValue: 4)
  }

  /// - Parameter share: where a frame lies in the whole, 0 to 1.
  package static func paint(
    _ model: OverlayModel, _ parts: Parts, on canvas: inout Canvas, share: (Int) -> Double
  ) {
    if parts.contains(.details) {
      panel(model.lines.map { [($0, Palette.text)] }, 4, 4, on: &canvas)
      closeUp(model, on: &canvas)
      legend(on: &canvas)
    }
    if !parts.isDisjoint(with: [.bar, .details]) { bar(model, on: &canvas, share: share) }
    if parts.contains(.help) { help(on: &canvas) }
    if let message = model.message { toast(message, on: &canvas) }
  }

  /// Lines of text on a dark ground, at a place in dots.
  private static func panel(_ lines: [[(String, Color)]], _ x: Int, _ y: Int, on canvas: inout Canvas) {
    let dot = canvas.dot
    let letters = lines.map { $0.reduce(0) { $0 + $1.0.count } }.max() ?? 0
    guard letters > 0 else { return }
    let (left, top) = (x * dot, y * dot)
    let lineHeight = BitmapFont.lineHeight * dot
    canvas.box(
      left, top, canvas.width(ofLetters: letters) + 8 * dot, lines.count * lineHeight + 5 * dot, Palette.panel)
    for (row, line) in lines.enumerated() {
      var at = left + 4 * dot
      for (text, color) in line {
        canvas.text(text, at, top + 4 * dot + row * lineHeight, color)
        at += text.count * BitmapFont.advance * dot
      }
    }
  }

  private static func bar(_ model: OverlayModel, on canvas: inout Canvas, share: (Int) -> Double) {
    let bar = TimeBar(width: canvas.width, height: canvas.height)
    let dot = canvas.dot
    canvas.box(bar.left - dot, bar.top - dot, bar.width + 2 * dot, bar.height + 2 * dot, Palette.panel)
    canvas.box(bar.left, bar.top, bar.width, bar.height, Palette.track)
    func fill(_ frames: ClosedRange<Int>, _ color: Color, _ top: Int, _ height: Int) {
      let begin = bar.x(share(frames.lowerBound))
      let end = max(begin + 1, bar.x(share(frames.upperBound + 1)))
      canvas.box(begin, bar.top + top, min(end, bar.left + bar.width) - begin, height, color)
    }
    for run in model.cached { fill(run.frames, Palette.color(run.residency), 0, bar.height) }
    if let planned = model.planned { fill(planned, Palette.planned, bar.height - 2 * dot, 2 * dot) }
    if let decoding = model.decoding { fill(decoding, Palette.decoding, 0, 2 * dot) }
    let x = bar.x(share(model.position))
    canvas.box(x - dot, bar.top - 3 * dot, 2 * dot, bar.height + 6 * dot, Palette.reader)
  }

  /// The frames around the reader, one box each.
  private static func closeUp(_ model: OverlayModel, on canvas: inout Canvas) {
    let bar = TimeBar(width: canvas.width, height: canvas.height)
    let dot = canvas.dot
    let cell = 4 * dot
    let count = max(1, bar.width / cell)
    let first = model.position - count / 2
    let top = bar.top - 16 * dot
    let height = 8 * dot
    canvas.box(bar.left - dot, top - dot, count * cell + 2 * dot, height + 2 * dot, Palette.panel)
    func fill(_ frames: ClosedRange<Int>, _ color: Color, _ y: Int, _ height: Int) {
      let shown =
        max(frames.lowerBound, first)...max(max(frames.lowerBound, first), min(frames.upperBound, first + count - 1))
      guard frames.overlaps(shown), shown.lowerBound < first + count, shown.upperBound <= frames.upperBound else {
        return
      }
      for frame in shown {
        canvas.box(bar.left + (frame - first) * cell, top + y, cell - max(1, dot / 2), height, color)
      }
    }
    fill(max(0, first)...max(max(0, first), min(model.frameCount - 1, first + count - 1)), Palette.track, 0, height)
    for run in model.cached { fill(run.frames, Palette.color(run.residency), 0, height) }
    if let planned = model.planned { fill(planned, Palette.planned, height - 2 * dot, 2 * dot) }
    if let decoding = model.decoding { fill(decoding, Palette.decoding, 0, 2 * dot) }
    let x = bar.left + (model.position - first) * cell
    canvas.box(x - dot / 2, top - 2 * dot, cell, 2 * dot, Palette.reader)
    canvas.box(x - dot / 2, top + height, cell, 2 * dot, Palette.reader)
  }

  private static func legend(on canvas: inout Canvas) {
    let bar = TimeBar(width: canvas.width, height: canvas.height)
    let dot = canvas.dot
    let words: [(String, Color)] = [
      ("GPU ", Palette.gpu), ("host ", Palette.host), ("both ", Palette.both), ("decoding ", Palette.decoding),
      ("planned ", Palette.planned), ("on screen", Palette.reader),
    ]
    panel([words], bar.left / dot, (bar.top - 35 * dot) / dot, on: &canvas)
  }

  private static func help(on canvas: inout Canvas) {
    let keys = KeyBindings.help.map(\.keys.count).max() ?? 0
    let lines = KeyBindings.help.map { entry in
      [
        (entry.keys + String(repeating: " ", count: keys + 2 - entry.keys.count), Palette.dim),
        (entry.meaning, Palette.text),
      ]
    }
    let letters = lines.map { $0.reduce(0) { $0 + $1.0.count } }.max() ?? 0
    let dot = canvas.dot
    let x = (canvas.width - canvas.width(ofLetters: letters) - 8 * dot) / 2 / dot
    let y = (canvas.height - (lines.count * BitmapFont.lineHeight + 5) * dot) / 2 / dot
    panel(lines, max(0, x), max(0, y), on: &canvas)
  }

  private static func toast(_ message: String, on canvas: inout Canvas) {
    let dot = canvas.dot
    let most = max(8, canvas.width / (BitmapFont.advance * dot) - 6)
    let text = message.count > most ? "..." + message.suffix(most - 3) : message
    let x = (canvas.width - canvas.width(ofLetters: text.count) - 8 * dot) / 2 / dot
    panel([[(text, Palette.text)]], max(0, x), canvas.height * 2 / 3 / dot, on: &canvas)
  }
}
