/// A chart that grows: axes first, then what lies in them, as SVG.
struct Plot {
  /// The area between the axes.
  let left: Double
  let right: Double
  let top: Double
  let bottom: Double
  private let width: Double
  private let height: Double
  private let title: String
  private var content = ""

  /// - Parameters:
  ///   - title: what is shown, for those who cannot see it.
  ///   - height: in pixels; all are 1100 wide.
  ///   - margins: around the area between the axes.
  init(
    _ title: String, height: Double, top: Double = 12, right: Double = 32, bottom: Double = 44, left: Double = 64
  ) {
    width = 1100
    self.height = height
    self.title = title
    self.left = left
    self.right = width - right
    self.top = top
    self.bottom = height - bottom
  }

  var horizontal: (low: Double, high: Double) { (left, right) }
  var vertical: (low: Double, high: Double) { (bottom, top) }

  mutating func add(_ markup: String) { content += markup + "\n" }

  mutating func text(_ text: String, _ x: Double, _ y: Double, anchor: String = "start", _ name: String = "label") {
    add(
      Markup.element(
        "text",
        [("class", name), ("x", Markup.pixels(x)), ("y", Markup.pixels(y)), ("text-anchor", anchor)],
        Markup.escape(text)))
  }

  mutating func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ name: String) {
    add(
      Markup.empty(
        "line",
        [
          ("class", name), ("x1", Markup.pixels(x1)), ("y1", Markup.pixels(y1)), ("x2", Markup.pixels(x2)),
          ("y2", Markup.pixels(y2)),
        ]))
  }

  mutating func path(_ data: String, _ name: String) {
    if !data.isEmpty { add(Markup.empty("path", [("class", name), ("d", data)])) }
  }

  /// The axis at the bottom.
  mutating func xAxis(_ axis: Axis, _ ticks: [Double], _ name: String, grid: Bool, _ label: (Double) -> String) {
    for tick in ticks {
      let x = axis(tick)
      line(x, grid ? top : bottom, x, bottom + 4, grid ? "grid" : "axis")
      text(label(tick), x, bottom + 18, anchor: "middle", "tick")
    }
    line(left, bottom, right, bottom, "axis")
    text(name, (left + right) / 2, bottom + 36, anchor: "middle", "name")
  }

  /// The axis on the left, with lines across.
  mutating func yAxis(_ axis: Axis, _ ticks: [Double], _ name: String, _ label: (Double) -> String) {
    for tick in ticks {
      let y = axis(tick)
      line(left, y, right, y, "grid")
      text(label(tick), left - 8, y + 4, anchor: "end", "tick")
    }
    let middle = (top + bottom) / 2
    add(
      Markup.element(
        "text",
        [
          ("class", "name"), ("text-anchor", "middle"),
          ("transform", "translate(14 \(Markup.pixels(middle))) rotate(-90)"),
        ], Markup.escape(name)))
  }

  /// The whole picture.
  var svg: String {
    Markup.element(
      "svg",
      [
        ("xmlns", "http://www.w3.org/2000/svg"), ("viewBox", "0 0 \(Int(width)) \(Int(height))"), ("role", "img"),
        ("aria-label", title),
      ], "\n" + content)
  }
}
