package import FrameModel

/// What a key of the player means.
package enum PlayerCommand: Equatable, Sendable {
  case toggle, pause, quit, home, end, fullscreen, save, overlay, help
  case shuttle(Direction)
  case step(Direction)
  /// Tenths of the whole.
  case share(Int)
}

/// Which key means what.
package enum KeyBindings {
  /// - Parameter key: SDL's name of it, as `Space`, `J`, `Left`, `Escape`; without regard to shift.
  package static func command(_ key: String, isShifted: Bool) -> PlayerCommand? {
    switch key {
    case "Space": .toggle
    case "K": .pause
    case "J": .shuttle(.backward)
    case "L": .shuttle(.forward)
    case "Left": .step(.backward)
    case "Right": .step(.forward)
    case "Home": .home
    case "End": .end
    case "F": .fullscreen
    case "S": .save
    case "I": .overlay
    case "Q", "Escape": .quit
    case "?", "H", "F1": .help
    case "/": isShifted ? .help : nil
    default: digit(key)
    }
  }

  private static func digit(_ key: String) -> PlayerCommand? {
    let digit = key.hasPrefix("Keypad ") ? key.dropFirst(7) : key[...]
    guard digit.utf8.count == 1, let number = Int(digit) else { return nil }
    return .share(number)
  }

  /// What `?` shows.
  package static let help: [(keys: String, meaning: String)] = [
    ("Space", "pause, play on"),
    ("J K L", "backward, pause, forward; again: faster"),
    ("Left Right", "a frame when paused, 5 s when playing"),
    ("Home End", "first frame, last frame"),
    ("0 - 9", "to that tenth"),
    ("drag below", "scrub on the time line"),
    ("F", "full screen"),
    ("S", "save the frame as PNG"),
    ("I", "what the buffer does"),
    ("?", "these keys"),
    ("Q Esc", "quit"),
  ]
}
