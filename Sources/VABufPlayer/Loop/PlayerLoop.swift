internal import Logging
internal import PlayerPolicy
internal import VABuf

/// The player: the one place that joins the window, the frames and the rules. docs/building-a-player.md walks through it.
///
/// It runs on the process's main thread, and never waits there for anything but the window: frames are got by the feeder's
/// tasks. What to show when is decided by `Transport` and `Pacer`, which know neither clock nor window.
final class PlayerLoop {
  let buffer: FrameBuffer
  let options: PlayerOptions
  let device: any GraphicsDevice
  let screen: Screen
  let picture: Picture
  let feeder: FrameFeeder
  let timetable: Timetable
  private let stop: PlayerStop
  var transport: Transport
  /// Nil while a still is shown.
  private var pacer: Pacer?
  var log = PresentationLog()
  lazy var overlay = OverlayState(self)
  private var drawTime = DrawTime()
  private(set) var failure: (any Error)?
  /// Pictures that are being written; they may still be when the window is gone.
  private(set) var saves: [Task<Void, Never>] = []
  private var isOver = false
  private var isHidden = false
  private var needsDrawing = true
  /// When something is due at the latest.
  private var nextMoment = 0.0

  init(_ buffer: FrameBuffer, _ options: PlayerOptions, _ timetable: Timetable, stop: PlayerStop)
    throws(DisplayUnavailable)
  {
    self.buffer = buffer
    self.options = options
    self.timetable = timetable
    self.stop = stop
    let size = options.size ?? WindowSize.fitting(buffer.stream)
    let style = Window.Style(
      title: options.title, width: size.width, height: size.height, isFullscreen: options.isFullscreen)
    (device, screen) = try GraphicsOpening.open(options.graphics, style, log: GraphicsLog(options.logger))
    picture = Picture(device)
    let waker = device.window.waker
    feeder = FrameFeeder(buffer, importsSurfaces: options.importsSurfaces && device.importsDMABufs) { waker.wake() }
    transport = Transport(
      timetable, bounds: options.bounds, speed: options.speed, direction: options.direction, rounds: options.rounds)
  }

  var window: Window { device.window }

  // MARK: - The loop

  func run() {
    stop.onStop { [waker = window.waker] in waker.wake() }
    perform(transport.start(), preroll: options.preroll)
    while !isOver, !stop.isStopped {
      for event in window.events(until: nextMoment) { handle(event) }
      nextMoment = Moment.now + 60
      advance()
      if let moment = overlay.update(at: Moment.now) { nextMoment = min(nextMoment, moment) }
      if overlay.takeChange() { needsDrawing = true }
      if needsDrawing { drawBetweenFrames() }
    }
    feeder.stop()
    stop.onStop(nil)
  }

  /// Shows what is there and due.
  private func advance() {
    while let delivery = feeder.peek() {
      switch delivery {
      case .failed(let error):
        feeder.take()
        fail(error)
      case .ended:
        feeder.take()
        perform(transport.reachedEnd())
      case .frame(let ready):
        guard let pacer else {
          feeder.take()
          show(ready)
          continue
        }
        // It was on its way while its turn was passed over.
        if pacer.isPast(ready.turn) {
          feeder.take()
          continue
        }
        switch pacer.decide(now: Moment.now, lead: lead(pacer)) {
        case .present: present(ready)
        case .skip(let turn):
          log.dropped(self.pacer?.skip(to: turn) ?? 0)
          feeder.skip(to: turn)
        case .wait(let moment):
          nextMoment = min(nextMoment, moment)
          return
        case .end: feeder.take()
        }
      }
    }
    guard let pacer, pacer.next == pacer.run.count else { return }
    switch pacer.decide(now: Moment.now, lead: 0) {
    case .wait(let moment): nextMoment = min(nextMoment, moment)
    default: perform(transport.reachedEnd(), origin: pacer.endTime)
    }
  }

  /// Shows the frame of a run whose turn it is.
  private func present(_ ready: ReadyFrame) {
    feeder.take()
    guard take(ready) else { return }
    transport.shown(ready.number)
    guard draw() else {
      // Nobody sees it: time goes on, and nothing is counted.
      _ = pacer?.presented(at: Moment.now)
      return
    }
    let now = Moment.now
    guard let (error, isLate) = pacer?.presented(at: now) else { return }
    log.presented(error: error, isLate: isLate, isImported: picture.isImported, at: now)
  }

  private func show(_ ready: ReadyFrame) {
    if take(ready) { needsDrawing = true }
  }

  /// Makes a frame the one that is drawn.
  private func take(_ ready: ReadyFrame) -> Bool {
    if picture.set(ready) { return true }
    guard ready.exported != nil else {
      fail(
        VABufError(
          .backendUnavailable, what: "frame \(ready.number)", why: "\(device.name) takes no such picture here",
          remedy: "play it with --headless"))
      return false
    }
    // The driver's memory is none that the display can read: from now on frames are downloaded.
    options.logger.info("surfaces cannot be drawn without a copy here")
    feeder.stopImporting()
    perform(transport.again(ready.number))
    return false
  }

  /// Draws what changed, where the frames of a run leave time for it: each of them shows it, too.
  private func drawBetweenFrames() {
    let spare = 2 * drawTime.usual + 0.02
    let now = Moment.now
    guard let pacer, picture.descriptor != nil, !pacer.hasTime(spare, at: now) else {
      draw()
      return
    }
    // The next frame may not come in time.
    nextMoment = min(nextMoment, now + spare)
  }

  @discardableResult
  private func draw() -> Bool {
    needsDrawing = false
    guard !isHidden else { return false }
    let begin = Moment.now
    let isDrawn = screen.draw(picture, overlay.canvas())
    if device.isLost {
      failure = VABufError(
        .backendUnavailable, what: "the window", why: "\(device.name) lost its device",
        remedy: "play it again, or with --headless")
      isOver = true
    }
    drawTime.add(Moment.now - begin)
    return isDrawn
  }

  /// How long before it is due a frame must be drawn. Where the display is waited for, its next picture is what counts.
  private func lead(_ pacer: Pacer) -> Double {
    let period = device.waitsForDisplay ? window.refreshPeriod ?? 0 : 0
    return min(max(drawTime.usual, period / 2), timetable.duration(min(pacer.next, pacer.run.count - 1), of: pacer.run))
  }

  // MARK: - What is to be done

  func perform(_ action: Transport.Action, preroll: Int = 0, origin: Double? = nil) {
    switch action {
    case .play(let run):
      pacer = Pacer(run, timetable, origin: origin)
      feeder.play(run, preroll: preroll)
    case .show(let frame):
      pacer = nil
      needsDrawing = true
      if picture.lease?.number == frame { feeder.stop() } else { feeder.show(frame) }
    case .scrub(let frame):
      pacer = nil
      feeder.scrub(frame)
    case .finish: isOver = true
    }
  }

  private func handle(_ event: WindowEvent) {
    switch event {
    case .command(let command): handle(command)
    case .pressed(let x, let y):
      if overlay.bar.contains(x: x, y: y) { perform(transport.scrub(toShare: overlay.bar.share(x: x))) }
    case .moved(let x, _, let isPressed):
      overlay.mouseMoved(at: Moment.now)
      if isPressed, transport.isScrubbing { perform(transport.scrub(toShare: overlay.bar.share(x: x))) }
    case .released: if let action = transport.release() { perform(action) }
    case .exposed: needsDrawing = true
    case .shown: (isHidden, needsDrawing) = (false, true)
    case .hidden: isHidden = true
    case .closed: isOver = true
    }
  }

  private func handle(_ command: PlayerCommand) {
    switch command {
    case .toggle: perform(transport.toggle())
    case .pause: perform(transport.pause())
    case .shuttle(let direction): perform(transport.shuttle(direction))
    case .step(let direction): perform(transport.step(direction))
    case .home: perform(transport.jump(to: transport.bounds.lowerBound))
    case .end: perform(transport.jumpToEnd())
    case .share(let tenths): perform(transport.jump(toShare: Double(tenths) / 10))
    case .fullscreen: if !window.toggleFullscreen() { overlay.say("no full screen here") }
    case .save: save()
    case .overlay: overlay.toggleDetails()
    case .help: overlay.toggleHelp()
    case .quit: isOver = true
    }
  }

  /// A failure ends what plays by itself, and is told to who plays by hand.
  private func fail(_ error: any Error) {
    guard transport.isTouched else {
      failure = error
      isOver = true
      return
    }
    overlay.say(options.message(error))
    if pacer != nil { perform(transport.pause()) }
  }

  private func save() {
    guard let number = picture.lease?.number else { return }
    let (buffer, options, overlay, waker) = (buffer, options, overlay.messages, window.waker)
    let save = Task {
      do {
        let lease = try await buffer.frame(at: number)
        let name = try await HeavyWork.run { Result { try options.save(number, try lease.pngData()) } }.get()
        overlay.say("saved \(name)")
      } catch {
        overlay.say("not saved: \(options.message(error))")
        // The window may be gone by now.
        options.logger.warning("frame \(number) was not saved", metadata: ["why": "\(error)"])
      }
      waker.wake()
    }
    saves.append(save)
  }
}
