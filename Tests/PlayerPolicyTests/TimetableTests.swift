import FrameModel
import PlayerPolicy
import Testing

/// 25 frames a second, in milliseconds.
func steady(_ count: Int) -> Timetable {
  Timetable((0..<count).map { (Int64($0) * 40 + 1000, 40) }, timeBase: 0.001, rate: 25)
}

@Suite("Timetable")
struct TimetableTests {
  @Test("a steady stream begins at 0 and ends after its last frame")
  func steadyStream() {
    let table = steady(10)
    #expect(table.start(0) == 0 && abs(table.start(9) - 0.36) < 1e-9 && abs(table.end - 0.4) < 1e-9)
    #expect(table.offset == 1)
    #expect(abs(table.rate - 25) < 1e-6)
  }

  @Test(
    "the frame at a time", arguments: [(-1.0, 0), (0, 0), (0.0399, 0), (0.0401, 1), (0.359, 8), (0.361, 9), (99, 9)])
  func frameAtTime(_ time: Double, _ frame: Int) { #expect(steady(10).frame(at: time) == frame) }

  @Test("times that stand still, go back or jump far count as the frame's own duration")
  func strangeTimes() {
    let table = Timetable(
      [(0, 40), (40, 40), (40, 40), (20, 40), (9_000_000, 40), (9_000_100, 0)], timeBase: 0.001, rate: 25)
    let starts = (0..<6).map { table.start($0) }
    for (start, expected) in zip(starts, [0, 0.04, 0.08, 0.12, 0.16, 0.26]) { #expect(abs(start - expected) < 1e-9) }
    #expect(abs(table.end - 0.30) < 1e-9, "the last one has no duration: the rate's")
  }

  @Test("times may be as far apart as numbers go")
  func farTimes() {
    let table = Timetable([(.max, 40), (.min, 40), (.max - 1, 40)], timeBase: 0.001, rate: 25)
    for frame in 0..<3 { #expect(abs(table.start(frame) - 0.04 * Double(frame)) < 1e-9) }
  }

  @Test("a variable rate, forward and backward, has the same rhythm")
  func variableRate() {
    let table = Timetable([(0, 10), (10, 30), (40, 20), (60, 40)], timeBase: 0.01, rate: 10)
    let forward = Run(first: 0, last: 3, speed: 1)
    #expect((0..<4).map { table.due($0, of: forward) } == [0, 0.1, 0.4, 0.6])
    #expect(abs(table.duration(3, of: forward) - 0.4) < 1e-9)
    let backward = Run(first: 3, last: 0, speed: 2)
    let dues = (0..<4).map { table.due($0, of: backward) }
    for (due, expected) in zip(dues, [0, 0.1, 0.25, 0.3]) { #expect(abs(due - expected) < 1e-9) }
    #expect((0..<4).map { backward.frame($0) } == [3, 2, 1, 0])
    #expect(table.turn(at: 0.26, of: backward, from: 0) == 2)
  }

  @Test("a stride leaves frames out, and their time to the one before")
  func stride() {
    let table = steady(11)
    let run = Run(first: 10, last: 0, speed: 8, stride: 4)
    #expect(run.count == 3 && (0..<3).map { run.frame($0) } == [10, 6, 2])
    #expect(abs(table.duration(0, of: run) - 0.02) < 1e-9)
  }
}

@Suite("Pacer")
struct PacerTests {
  private let run = Run(first: 0, last: 9)

  @Test("the clock starts with the first picture; each next one waits for its time, less the time to draw it")
  func inTime() {
    var pacer = Pacer(run, steady(10))
    #expect(pacer.decide(now: 7, lead: 0.01) == .present)
    let first = pacer.presented(at: 7.5)
    #expect(first.error == 0 && !first.isLate)
    guard case .wait(let until) = pacer.decide(now: 7.5, lead: 0.01) else { return #expect(Bool(false), "no wait") }
    #expect(abs(until - 7.53) < 1e-9)
    #expect(pacer.decide(now: 7.531, lead: 0.01) == .present)
    let second = pacer.presented(at: 7.541)
    #expect(abs(second.error - 0.001) < 1e-9 && !second.isLate)
  }

  @Test("late is more than half the time on the screen")
  func late() {
    var pacer = Pacer(run, steady(10))
    _ = pacer.presented(at: 0)
    #expect(pacer.decide(now: 0.065, lead: 0) == .present)
    #expect(pacer.presented(at: 0.0605).isLate)
    #expect(!pacer.presented(at: 0.0999).isLate)
  }

  @Test("what comes after all its time is dropped, up to the turn that is on")
  func dropped() {
    var pacer = Pacer(run, steady(10))
    _ = pacer.presented(at: 0)
    #expect(pacer.decide(now: 0.17, lead: 0) == .skip(to: 4))
    #expect(pacer.skip(to: 4) == 3)
    #expect(pacer.next == 4 && pacer.decide(now: 0.17, lead: 0) == .present)
  }

  @Test("between frames that are far apart, or do not come, there is time for other pictures")
  func time() {
    var pacer = Pacer(Run(first: 1, last: 0), steady(2))
    #expect(pacer.hasTime(0.03, at: 7), "nothing is due yet")
    _ = pacer.presented(at: 7)
    #expect(pacer.hasTime(0.03, at: 7) && !pacer.hasTime(0.03, at: 7.02))
    #expect(!pacer.hasTime(0.03, at: 7.06) && pacer.hasTime(0.03, at: 7.08))
    _ = pacer.presented(at: 7.04)
    #expect(pacer.hasTime(0.03, at: 7.04) && !pacer.hasTime(0.03, at: 7.07), "the end is due")
  }

  @Test("a frame of a turn that was passed over, or was the last, is of no use")
  func past() {
    var pacer = Pacer(Run(first: 0, last: 5), steady(10))
    _ = pacer.presented(at: 0)
    #expect(pacer.isPast(0) && !pacer.isPast(1))
    _ = pacer.skip(to: 5)
    #expect(pacer.isPast(1) && pacer.isPast(4) && !pacer.isPast(5))
    _ = pacer.presented(at: 0.2)
    #expect(pacer.next == pacer.run.count && pacer.isPast(5))
  }

  @Test("after a drop the next one is shown whatever its time, and the clock goes on from it")
  func tooSlow() {
    var pacer = Pacer(run, steady(10))
    _ = pacer.presented(at: 0)
    _ = pacer.skip(to: 4)
    #expect(pacer.decide(now: 1, lead: 0) == .present, "not dropped again")
    #expect(pacer.presented(at: 1).isLate)
    #expect(pacer.due.map { abs($0 - 1.04) < 1e-9 } == true)
  }

  @Test("the last turn is never dropped, and the run ends when its time has passed")
  func end() {
    var pacer = Pacer(Run(first: 0, last: 1), steady(10))
    _ = pacer.presented(at: 0)
    #expect(pacer.decide(now: 5, lead: 0) == .present)
    _ = pacer.presented(at: 0.04)
    #expect(pacer.decide(now: 0.05, lead: 0) == .wait(until: 0.08))
    #expect(pacer.decide(now: 0.08, lead: 0) == .end)
  }

  @Test("rounds follow each other without a pause")
  func rounds() {
    var first = Pacer(Run(first: 0, last: 1), steady(2))
    _ = first.presented(at: 3)
    _ = first.presented(at: 3.04)
    var second = Pacer(Run(first: 0, last: 1), steady(2), origin: first.endTime)
    #expect(second.due.map { abs($0 - 3.08) < 1e-9 } == true)
    #expect(second.decide(now: 3.081, lead: 0) == .present)
    #expect(abs(second.presented(at: 3.082).error - 0.002) < 1e-9)
  }

  @Test(
    "a screen that draws slower than the stream drops frames and never falls further behind",
    arguments: [0.03, 0.05, 0.09, 0.2])
  func slowScreen(_ drawing: Double) {
    let table = steady(500)
    var pacer = Pacer(Run(first: 0, last: 499), table)
    var (now, presented, dropped) = (0.0, 0, 0)
    while pacer.next < 500 {
      switch pacer.decide(now: now, lead: drawing) {
      case .wait(let until): now = until
      case .skip(let turn): dropped += pacer.skip(to: turn)
      case .present:
        now += drawing
        let behind = pacer.presented(at: now).error
        #expect(behind <= 0.04 + drawing + 1e-9)
        presented += 1
      case .end: return
      }
    }
    #expect(presented + dropped == 500)
    #expect(drawing > 0.04 ? dropped > 0 : dropped == 0)
    #expect(Double(presented) >= 0.8 * 20 / max(drawing, 0.04), "as many as can be drawn")
  }
}
