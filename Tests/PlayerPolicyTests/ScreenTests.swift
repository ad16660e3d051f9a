import FrameModel
import PlayerPolicy
import Testing

@Suite("What is on the screen")
struct ScreenTests {
  @Test(
    "pictures keep their shape, in the middle",
    arguments: [
      (1920, 1080, 1.0, 0, 960, 540, PictureFit.expected(0, 0, 960, 540)),
      (1920, 1080, 1.0, 0, 1000, 540, PictureFit.expected(20, 0, 960, 540)),
      (1920, 1080, 1.0, 1, 960, 540, PictureFit.expected(328, 0, 304, 540)),
      (720, 576, 64.0 / 45, 0, 1024, 576, PictureFit.expected(0, 0, 1024, 576)),
      (720, 576, 16.0 / 15, 0, 768, 1000, PictureFit.expected(0, 212, 768, 576)),
      (1440, 1080, 0, 2, 1440, 1080, PictureFit.expected(0, 0, 1440, 1080)),
    ])
  func fit(_ width: Int, _ height: Int, _ aspect: Double, _ turns: Int, _ outer: Int, _ high: Int, _ place: [Double]) {
    let fit = PictureFit(
      width: width, height: height, pixelAspect: aspect, quarterTurns: turns, inWidth: outer, height: high)
    #expect([fit.left, fit.top, fit.width, fit.height] == place)
  }

  @Test(
    "counter-clockwise degrees as clockwise quarters",
    arguments: [
      (0.0, 0), (90, 3), (-90, 1), (180, 2), (-180, 2), (270, 1), (-270, 3), (359.9, 0), (.nan, 0), (450, 3),
    ])
  func turns(_ degrees: Double, _ turns: Int) { #expect(PictureFit.quarterTurns(counterClockwise: degrees) == turns) }

  @Test(
    "the time line: its ends are the ends, in every size of window", arguments: [(64, 64), (960, 540), (3840, 2160)])
  func bar(_ width: Int, _ height: Int) {
    let bar = TimeBar(width: width, height: height)
    #expect(bar.left > 0 && bar.left + bar.width < width && bar.top + bar.height <= height)
    #expect(bar.share(x: bar.left) == 0 && bar.share(x: bar.left + bar.width - 1) == 1)
    #expect(bar.share(x: -100) == 0 && bar.share(x: width * 2) == 1)
    #expect(bar.x(0) == bar.left && bar.x(1) == bar.left + bar.width - 1)
    #expect(bar.contains(x: width / 2, y: bar.top) && !bar.contains(x: width / 2, y: 0))
  }

  @Test(
    "letters can be read: 14 pixels high in 540 rows, 21 in 1080, 42 in 2160",
    arguments: [(540, 2), (1080, 3), (2160, 6), (100, 1)])
  func letters(_ height: Int, _ dot: Int) { #expect(Canvas.dot(forHeight: height) == dot) }

  @Test("each letter has dots, and no two are the same")
  func font() {
    #expect(BitmapFont.count == 95)
    var seen: Set<[Bool]> = []
    for letter in 0..<BitmapFont.count {
      let dots = (0..<7).flatMap { y in (0..<5).map { BitmapFont.hasDot(letter, x: $0, y: y) } }
      #expect(dots.contains(true) == (letter != 0))
      #expect(seen.insert(dots).inserted, "letter \(letter)")
    }
    #expect(BitmapFont.index(of: "A") == 33 && BitmapFont.index(of: "ä") == BitmapFont.index(of: "?"))
  }

  @Test("frames that live in the same place are joined")
  func joined() {
    let frames: [(Int, Residency)] = [(1, .host), (2, .host), (4, .host), (5, .gpu), (6, [.gpu, .host])]
    let list = OverlayModel.joined(frames.map { (number: $0.0, residency: $0.1) })
    #expect(list.map(\.frames) == [1...2, 4...4, 5...5, 6...6])
    #expect(list.map(\.residency) == [.host, .host, .gpu, [.gpu, .host]])
  }

  @Test(
    "the overlay lies within the window and shows where frames are", arguments: [(960, 540), (3840, 2160), (320, 180)])
  func overlay(_ width: Int, _ height: Int) {
    var canvas = Canvas(width: width, height: height)
    var model = OverlayModel()
    model.lines = ["frame 50"]
    model.frameCount = 100
    model.position = 50
    model.cached = [.init(frames: 40...60, residency: .gpu), .init(frames: 90...99, residency: .host)]
    model.decoding = 61...62
    OverlayPainter.paint(model, [.details, .bar, .help], on: &canvas) { Double($0) / 100 }
    let bar = TimeBar(width: width, height: height)
    let onBar = canvas.parts.filter { $0.letter == nil && $0.top >= bar.top && $0.top < bar.top + bar.height }
    let green = onBar.filter { $0.color == OverlayPainter.Palette.gpu }
    #expect(green.count == 1)
    #expect(green.first.map { abs($0.left - bar.x(0.4)) <= 1 && abs($0.left + $0.width - bar.x(0.61)) <= 1 } == true)
    #expect(onBar.contains { $0.color == OverlayPainter.Palette.host && $0.left + $0.width <= bar.left + bar.width })
    #expect(onBar.contains { $0.color == OverlayPainter.Palette.decoding })
    for part in canvas.parts where part.letter == nil {
      #expect(part.left >= 0 && part.top >= 0 && part.top + part.height <= height, "\(part)")
    }
  }

  @Test(
    "a run at the edge of the close-up, or far from it, is cut off",
    arguments: [0...5, 95...99, 0...99, 99...99, 0...0])
  func closeUp(_ frames: ClosedRange<Int>) {
    var canvas = Canvas(width: 400, height: 300)
    var model = OverlayModel()
    model.frameCount = 100
    model.position = 50
    model.cached = [.init(frames: frames, residency: .host)]
    OverlayPainter.paint(model, [.details], on: &canvas) { Double($0) / 100 }
    #expect(canvas.parts.allSatisfy { $0.width > 0 && $0.left >= 0 && $0.left + $0.width <= 400 || $0.letter != nil })
  }

  @Test("errors of presentation: nearest rank, either way")
  func errors() {
    var log = PresentationLog()
    for step in 1...100 {
      log.presented(error: step % 2 == 0 ? Double(step) : -Double(step), isLate: step > 98, isImported: false, at: 0)
    }
    #expect(log.errorPercentile(0.5) == 50 && log.errorPercentile(0.99) == 99 && log.errorPercentile(1) == 100)
    #expect(log.presented == 100 && log.late == 2)
  }
}

extension PictureFit {
  static func expected(_ left: Double, _ top: Double, _ width: Double, _ height: Double) -> [Double] {
    [left, top, width, height]
  }
}

@Suite("Contact sheets")
struct SheetTests {
  @Test("each part of the whole gives the frame in its middle, none twice", arguments: [1, 2, 3, 7, 20, 100, 500])
  func byTime(_ count: Int) {
    let frames = SheetLayout.frames(byTime: count, of: steady(100), in: 0...99)
    #expect(frames.count == min(count, 100))
    #expect(zip(frames, frames.dropFirst()).allSatisfy { $0 < $1 })
    #expect(frames.allSatisfy { (0...99).contains($0) })
    if count == 2 { #expect(frames == [25, 75]) }
  }

  @Test("a long still between short frames takes no more than one place")
  func still() {
    let table = Timetable([(0, 1), (1, 1), (2, 50), (52, 1), (53, 1)], timeBase: 1, rate: 1)
    #expect(SheetLayout.frames(byTime: 5, of: table, in: 0...4) == [0, 1, 2, 3, 4])
  }

  @Test("keyframes, evenly chosen")
  func keyframes() {
    #expect(SheetLayout.frames(ofKeyframes: [0, 10, 20], count: 9, in: 0...99) == [0, 10, 20])
    let many = Array(stride(from: 0, to: 100, by: 2))
    #expect(SheetLayout.frames(ofKeyframes: many, count: 5, in: 0...99) == [0, 20, 40, 60, 80])
  }

  @Test("places do not overlap and lie within the sheet")
  func places() {
    let layout = SheetLayout(rows: 3, columns: 4, tileWidth: 240, aspect: 16.0 / 9)
    #expect(layout.tileHeight == 135)
    for index in 0..<layout.count {
      let (x, y) = layout.origin(index)
      #expect(x + layout.tileWidth < layout.width && layout.caption(index).y + BitmapFont.height < layout.height)
      #expect(layout.caption(index).y > y + layout.tileHeight)
      if index > 0, index % 4 != 0 { #expect(x > layout.origin(index - 1).x + layout.tileWidth) }
    }
    #expect(SheetLayout.used(rows: 4, columns: 5, for: 7) == (2, 5))
    #expect(SheetLayout.used(rows: 4, columns: 5, for: 3) == (1, 3))
  }

  @Test("pictures are turned clockwise")
  func turned() {
    // a b
    // c d
    // e f
    let bytes = Array("aaabbbcccdddeeefff".utf8)
    func text(_ turns: Int) -> String {
      String(decoding: Raster.turned(bytes, width: 2, height: 3, quarterTurns: turns), as: UTF8.self)
    }
    #expect(text(0) == "aaabbbcccdddeeefff")
    #expect(text(1) == "eeecccaaafffdddbbb")
    #expect(text(2) == "fffeeedddcccbbbaaa")
    #expect(text(3) == "bbbdddfffaaaccceee")
  }

  @Test("text is drawn where it belongs, and cut off at the edge")
  func text() {
    var raster = Raster(width: 20, height: 10, gray: 0)
    raster.put([UInt8](repeating: 9, count: 3 * 4), width: 2, height: 2, x: 18, y: 8)
    raster.text("I", x: 0, y: 0, dot: 1)
    #expect(raster.bytes[2 * 3] == 235 && raster.bytes[0] == 0 && raster.bytes[(9 * 20 + 19) * 3] == 9)
    raster.text("WWW", x: 10, y: 5, dot: 2)
  }
}
