import FrameModel
import PlayerPolicy
import Testing

@Suite("Transport")
struct TransportTests {
  /// 1000 frames, 40 s.
  private func transport(
    _ direction: Direction = .forward, speed: Double = 1, rounds: Int? = 1, bounds: ClosedRange<Int> = 0...999
  ) -> Transport {
    Transport(steady(1000), bounds: bounds, speed: speed, direction: direction, rounds: rounds)
  }

  private func run(_ action: Transport.Action?) -> Run? {
    if case .play(let run)? = action { run } else { nil }
  }

  @Test("it plays all, then finishes")
  func once() {
    var transport = transport()
    let first = run(transport.start())
    #expect(first?.first == 0 && first?.last == 999 && first?.speed == 1 && first?.stride == 1)
    #expect(transport.reachedEnd() == .finish)
  }

  @Test("rounds begin again where the first one began", arguments: [Direction.forward, .backward])
  func rounds(_ direction: Direction) {
    var transport = transport(direction, rounds: 2, bounds: 10...20)
    let begin = run(transport.start())
    transport.shown(direction == .forward ? 20 : 10)
    let again = run(transport.reachedEnd())
    #expect(again?.first == begin?.first && again?.last == begin?.last && again?.id != begin?.id)
    #expect(transport.reachedEnd() == .finish)
  }

  @Test("without an end it plays on and on")
  func endless() {
    var transport = transport(rounds: nil)
    _ = transport.start()
    for _ in 0..<100 { #expect(run(transport.reachedEnd()) != nil) }
  }

  @Test("space pauses on the frame that is shown, and goes on from it at the same speed and direction")
  func toggle() {
    var transport = transport(.backward, speed: 0.5)
    _ = transport.start()
    transport.shown(500)
    #expect(transport.toggle() == .show(500))
    #expect(transport.isPaused && transport.speed == 0)
    let again = run(transport.toggle())
    #expect(again?.first == 500 && again?.last == 0 && again?.speed == 0.5)
  }

  @Test("space at the end begins anew")
  func toggleAtEnd() {
    var transport = transport()
    _ = transport.start()
    _ = transport.jumpToEnd()
    #expect(run(transport.toggle())?.first == 0)
  }

  @Test("L and J: each press doubles, the other direction begins with the usual speed, K stops")
  func shuttle() {
    var transport = transport()
    _ = transport.start()
    transport.shown(500)
    #expect(run(transport.shuttle(.forward))?.speed == 2)
    #expect(run(transport.shuttle(.forward))?.speed == 4)
    let back = run(transport.shuttle(.backward))
    #expect(back?.speed == 1 && back?.last == 0 && back?.first == 500)
    #expect(run(transport.shuttle(.backward))?.speed == 2)
    for _ in 0..<10 { _ = transport.shuttle(.backward) }
    #expect(transport.speed == -Transport.fastest)
    #expect(transport.pause() == .show(500))
    #expect(run(transport.shuttle(.forward))?.speed == 1)
  }

  @Test("fast shuttles leave out frames that no screen would show")
  func strides() {
    var transport = transport()
    _ = transport.start()
    transport.shown(500)
    #expect((0..<4).map { _ in run(transport.shuttle(.forward))?.stride } == [1, 2, 4, 7])
  }

  @Test("left and right: a frame where paused, 5 s where playing; never beyond the ends")
  func steps() {
    var transport = transport()
    _ = transport.start()
    transport.shown(500)
    #expect(run(transport.step(.forward))?.first == 625)
    #expect(run(transport.step(.backward))?.first == 500)
    #expect(transport.pause() == .show(500))
    #expect(transport.step(.forward) == .show(501))
    #expect(transport.step(.backward) == .show(500))
    #expect(transport.jump(to: 0) == .show(0) && transport.step(.backward) == .show(0))
    #expect(transport.jumpToEnd() == .show(999) && transport.step(.forward) == .show(999))
  }

  @Test("digits go to tenths, and playing goes on")
  func shares() {
    var transport = transport()
    _ = transport.start()
    #expect(run(transport.jump(toShare: 0.3))?.first == 300)
    _ = transport.pause()
    #expect(transport.jump(toShare: 0.9) == .show(900))
    #expect(transport.jump(toShare: 7) == .show(999))
  }

  @Test("with the hand on the time line it shows what is there; after it, it plays on if it played")
  func scrub() {
    var transport = transport()
    _ = transport.start()
    #expect(transport.scrub(toShare: 0.5) == .scrub(500))
    #expect(transport.isScrubbing && transport.scrub(toShare: 0.25) == .scrub(250))
    #expect(run(transport.release())?.first == 250)
    #expect(transport.release() == nil)
    _ = transport.pause()
    _ = transport.scrub(toShare: 0.5)
    #expect(transport.release() == .show(500))
  }

  @Test("a frame that is got once more is no hand's doing", arguments: [Direction.forward, .backward])
  func again(_ direction: Direction) {
    var transport = transport(direction, speed: 2, rounds: 2, bounds: 10...20)
    let begin = run(transport.start())
    transport.shown(15)
    let again = run(transport.again(16))
    #expect(again?.first == 16 && again?.last == begin?.last && again?.speed == 2 && again?.id != begin?.id)
    #expect(!transport.isTouched)
    // The last frame, too.
    let end = begin?.last ?? 0
    #expect(run(transport.again(end))?.first == end)
    #expect(run(transport.reachedEnd())?.first == begin?.first)
    #expect(transport.reachedEnd() == .finish)
    _ = transport.pause()
    #expect(transport.again(12) == .show(12) && transport.isPaused)
  }

  @Test("space with the hand on the time line: moves of the hand pause again, and so does its leaving")
  func toggleWhileScrubbing() {
    var transport = transport()
    _ = transport.start()
    _ = transport.pause()
    _ = transport.scrub(toShare: 0.5)
    #expect(run(transport.toggle())?.first == 500)
    #expect(transport.scrub(toShare: 0.6) == .scrub(600) && transport.isPaused && transport.speed == 0)
    _ = transport.toggle()
    transport.shown(610)
    #expect(transport.release() == .show(610) && transport.isPaused && transport.speed == 0)
  }

  @Test("who took the controls stays at the end")
  func touched() {
    var transport = transport(rounds: 3)
    _ = transport.start()
    _ = transport.shuttle(.forward)
    transport.shown(999)
    #expect(transport.reachedEnd() == .show(999))
    #expect(transport.isPaused)
  }

  @Test("part of a stream: nothing beyond it, and shares are of it")
  func bounds() {
    var transport = transport(bounds: 100...199)
    #expect(run(transport.start())?.first == 100)
    #expect(transport.share(of: 100) == 0 && abs(transport.share(of: 150) - 0.5) < 1e-9)
    _ = transport.pause()
    #expect(transport.jump(toShare: 0.5) == .show(150) && transport.jump(to: 5) == .show(100))
  }

  @Test("keys of players and editors")
  func keys() {
    #expect(KeyBindings.command("Space", isShifted: false) == .toggle)
    #expect(KeyBindings.command("J", isShifted: true) == .shuttle(.backward))
    #expect(KeyBindings.command("Left", isShifted: false) == .step(.backward))
    #expect(KeyBindings.command("7", isShifted: false) == .share(7))
    #expect(KeyBindings.command("Keypad 0", isShifted: false) == .share(0))
    #expect(KeyBindings.command("/", isShifted: true) == .help && KeyBindings.command("/", isShifted: false) == nil)
    #expect(KeyBindings.command("Escape", isShifted: false) == .quit)
    for other in ["A", "12", "", "Keypad Enter", "٣"] { #expect(KeyBindings.command(other, isShifted: false) == nil) }
  }
}
