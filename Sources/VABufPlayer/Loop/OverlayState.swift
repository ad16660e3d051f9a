internal import PlayerPolicy
internal import Synchronization
internal import VABuf

/// Words for the viewer, from any thread.
final class Messages: Sendable {
  private let waiting = Mutex<[String]>([])
  func say(_ text: String) { waiting.withLock { $0.append(text) } }
  func take() -> [String] {
    waiting.withLock { waiting in
      defer { waiting = [] }; return waiting
    }
  }
}

/// What of the overlay is on, and what it shows: gathered a few times a second, painted with each picture.
final class OverlayState {
  private static let interval = 0.25
  private static let messageTime = 2.5
  private static let barTime = 2.0

  private unowned let player: PlayerLoop
  let messages = Messages()
  private var model = OverlayModel()
  private var parts: OverlayPainter.Parts = []
  private var rates = Rates()
  private var messageEnd = 0.0
  private var barEnd = 0.0
  private var next = 0.0
  private var hasChanged = false

  init(_ player: PlayerLoop) {
    self.player = player
    if player.options.showsOverlay { parts.insert(.details) }
  }

  var bar: TimeBar {
    let size = player.window.drawableSize
    return TimeBar(width: size.width, height: size.height)
  }

  func toggleDetails() { toggle(.details) }
  func toggleHelp() { toggle(.help) }

  private func toggle(_ part: OverlayPainter.Parts) {
    parts.formSymmetricDifference(part)
    next = 0
    hasChanged = true
  }

  /// The mouse brings the time line up for a moment.
  func mouseMoved(at now: Double) {
    if !parts.contains(.bar) { next = 0 }
    parts.insert(.bar)
    barEnd = now + Self.barTime
  }

  func say(_ text: String) { messages.say(text) }

  /// Whether there is something new to see since the last call.
  func takeChange() -> Bool {
    defer { hasChanged = false }
    return hasChanged
  }

  /// Brings it up to date.
  ///
  /// - Returns: when to call again; nil where nothing is shown.
  func update(at now: Double) -> Double? {
    if let message = messages.take().last {
      model.message = message
      messageEnd = now + Self.messageTime
      hasChanged = true
    } else if model.message != nil, now >= messageEnd {
      model.message = nil
      hasChanged = true
    }
    if parts.contains(.bar), now >= barEnd, !player.transport.isScrubbing {
      parts.remove(.bar)
      hasChanged = true
    }
    if !parts.isDisjoint(with: [.bar, .details]), now >= next {
      gather(now)
      next = now + Self.interval
      hasChanged = true
    }
    var moments: [Double] = []
    if model.message != nil { moments.append(messageEnd) }
    if !parts.isDisjoint(with: [.bar, .details]) { moments.append(next) }
    return moments.min()
  }

  private func gather(_ now: Double) {
    let snapshot = player.buffer.snapshot
    model.cached = OverlayModel.joined(snapshot.frames.map { ($0.number, $0.residency) })
    model.decoding = snapshot.decoding
    model.planned = snapshot.planned.first.flatMap { first in snapshot.planned.last.map { first...$0 } }
    model.frameCount = player.timetable.count
    guard parts.contains(.details) else { return }
    let metrics = player.buffer.metrics
    rates.update(metrics.decodedFrames, at: now)
    model.lines =
      OverlayText(player: player, snapshot: snapshot, metrics: metrics, decodeRate: rates.perSecond, now: now)
      .lines
  }

  /// What to draw over the picture.
  func canvas() -> Canvas {
    let size = player.window.drawableSize
    var canvas = Canvas(width: size.width, height: size.height)
    guard !parts.isEmpty || model.message != nil else { return canvas }
    model.position = player.picture.lease?.number ?? player.transport.position
    let transport = player.transport
    var shown = model
    if transport.isScrubbing { shown.position = transport.position }
    if parts.contains(.details) {
      shown.lines.insert(OverlayText.position(player), at: 0)
    }
    OverlayPainter.paint(shown, parts, on: &canvas) { transport.share(of: $0) }
    return canvas
  }
}

/// How fast a counter grows.
private struct Rates {
  private var last: (count: Int, time: Double)?
  private(set) var perSecond = 0.0

  mutating func update(_ count: Int, at now: Double) {
    if let last, now > last.time { perSecond = Double(count - last.count) / (now - last.time) }
    last = (count, now)
  }
}
