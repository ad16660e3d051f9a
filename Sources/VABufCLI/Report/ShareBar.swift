/// What a whole is made of: one bar, and a table with its numbers.
enum ShareBar {
  struct Part {
    var name: String
    /// The class of its colour.
    var style: String
    var count: Int
    /// Its share as it is to be read; nil takes it from the counts.
    var share: String?
  }

  static func markup(_ title: String, _ parts: [Part], whole: Int) -> String {
    var bar = ""
    var x = 0.0
    for part in parts where part.count > 0 && whole > 0 {
      let width = Double(part.count) / Double(whole) * 520
      bar += Markup.empty(
        "rect",
        [
          ("class", part.style), ("x", Markup.pixels(x)), ("y", "0"), ("width", Markup.pixels(max(width - 1, 1))),
          ("height", "22"),
        ])
      x += width
    }
    if bar.isEmpty {
      bar = Markup.empty(
        "rect", [("class", "fill-none"), ("x", "0"), ("y", "0"), ("width", "520"), ("height", "22")])
    }
    let rows = parts.map { part in
      let share = part.share ?? (whole > 0 ? Text.percent(Double(part.count) / Double(whole)) : "-")
      return "<tr><td><i class=\"\(Markup.escape(part.style))-key\"></i>\(Markup.escape(part.name))</td>"
        + "<td class=\"number\">\(part.count)</td><td class=\"number\">\(Markup.escape(share))</td></tr>"
    }
    let svg = Markup.element(
      "svg",
      [
        ("xmlns", "http://www.w3.org/2000/svg"), ("viewBox", "0 0 520 22"), ("role", "img"), ("aria-label", title),
      ], bar)
    return svg + "\n<table class=\"parts\">\n\(rows.joined(separator: "\n"))\n</table>\n"
  }
}
