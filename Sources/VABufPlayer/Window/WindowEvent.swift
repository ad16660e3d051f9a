internal import CSDL2
internal import PlayerPolicy

#if canImport(Glibc)
  internal import Glibc
#endif

/// What happens to a window, as far as a player minds.
enum WindowEvent {
  case command(PlayerCommand)
  /// The left button went down, the mouse moved, the button went up: at a place in drawn pixels.
  case pressed(x: Int, y: Int)
  case moved(x: Int, y: Int, isPressed: Bool)
  case released
  /// It must be drawn again.
  case exposed
  case hidden, shown, closed
}

extension Window {
  /// Waits until something happens or a time has come, then takes all that happened.
  ///
  /// - Parameter deadline: a time of `Moment.now`.
  func events(until deadline: Double) -> [WindowEvent] {
    var events: [WindowEvent] = []
    var event = SDL_Event()
    var hasOne = SDL_PollEvent(&event) == 1
    let rest = deadline - Moment.now
    if !hasOne, rest > 0 {
      // SDL counts in milliseconds, and sleeps for one more than asked at times.
      if rest >= 0.003 {
        hasOne = SDL_WaitEventTimeout(&event, Int32(min(rest * 1000 - 1.5, 60_000))) == 1
      } else {
        Moment.sleep(rest)
      }
    }
    while hasOne {
      if let known = read(event) { events.append(known) }
      hasOne = SDL_PollEvent(&event) == 1
    }
    return events
  }

  private func read(_ event: SDL_Event) -> WindowEvent? {
    switch SDL_EventType(event.type) {
    case SDL_QUIT: return .closed
    case SDL_KEYDOWN:
      let key = event.key.keysym
      let name = String(cString: SDL_GetKeyName(key.sym))
      let isShifted = UInt32(key.mod) & (KMOD_LSHIFT.rawValue | KMOD_RSHIFT.rawValue) != 0
      guard let command = KeyBindings.command(name, isShifted: isShifted) else { return nil }
      // A key that is held steps on; it does not pause and play by turns.
      if event.key.repeat != 0 {
        guard case .step = command else { return nil }
      }
      return .command(command)
    case SDL_MOUSEBUTTONDOWN:
      guard event.button.button == UInt8(SDL_BUTTON_LEFT) else { return nil }
      let (x, y) = inPixels(event.button.x, event.button.y)
      return .pressed(x: x, y: y)
    case SDL_MOUSEMOTION:
      let (x, y) = inPixels(event.motion.x, event.motion.y)
      return .moved(x: x, y: y, isPressed: event.motion.state & VABUF_SDL_BUTTON_LEFT_MASK != 0)
    case SDL_MOUSEBUTTONUP:
      return event.button.button == UInt8(SDL_BUTTON_LEFT) ? .released : nil
    case SDL_WINDOWEVENT: return read(event.window)
    default:
      if event.type == waker.event { waker.arrived() }
      return nil
    }
  }

  private func read(_ event: SDL_WindowEvent) -> WindowEvent? {
    // What is left of a window that was tried before.
    guard event.windowID == SDL_GetWindowID(handle) else { return nil }
    switch SDL_WindowEventID(UInt32(event.event)) {
    case SDL_WINDOWEVENT_EXPOSED, SDL_WINDOWEVENT_SIZE_CHANGED, SDL_WINDOWEVENT_DISPLAY_CHANGED: return .exposed
    case SDL_WINDOWEVENT_HIDDEN, SDL_WINDOWEVENT_MINIMIZED: return .hidden
    case SDL_WINDOWEVENT_SHOWN, SDL_WINDOWEVENT_RESTORED, SDL_WINDOWEVENT_MAXIMIZED: return .shown
    case SDL_WINDOWEVENT_CLOSE: return .closed
    default: return nil
    }
  }

  private func inPixels(_ x: Int32, _ y: Int32) -> (x: Int, y: Int) {
    let (drawn, own) = (drawableSize, size)
    return (Int(x) * drawn.width / max(1, own.width), Int(y) * drawn.height / max(1, own.height))
  }
}

/// Seconds of a clock that never stands still.
enum Moment {
  private static let epoch = ContinuousClock.now

  static var now: Double {
    let parts = (ContinuousClock.now - epoch).components
    return Double(parts.seconds) + Double(parts.attoseconds) * 1e-18
  }

  /// For less time than SDL can wait.
  static func sleep(_ seconds: Double) {
    var time = timespec(tv_sec: 0, tv_nsec: Int(seconds * 1e9))
    // A signal ends it early: whoever waits looks at the clock again.
    guard nanosleep(&time, nil) == 0 || errno == EINTR else { preconditionFailure("no time to sleep: \(seconds)") }
  }
}
