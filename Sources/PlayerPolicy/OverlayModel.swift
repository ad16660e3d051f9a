package import FrameModel

/// What the overlay shows, gathered by the player a few times a second.
package struct OverlayModel: Sendable {
  /// A run of frames that live in the same place.
  package struct Cached: Hashable, Sendable {
    package var frames: ClosedRange<Int>
    package var residency: Residency

    package init(frames: ClosedRange<Int>, residency: Residency) {
      self.frames = frames
      self.residency = residency
    }
  }

  /// Lines of text, the first one the largest matter.
  package var lines: [String] = []
  package var cached: [Cached] = []
  /// What the decoder is at.
  package var decoding: ClosedRange<Int>?
  /// What is decoded before it is asked for.
  package var planned: ClosedRange<Int>?
  /// The frame on the screen.
  package var position = 0
  package var frameCount = 1
  /// A word that goes by itself.
  package var message: String?

  package init() {}

  /// Frames that follow each other and live in the same place, joined.
  ///
  /// - Parameter frames: by rising numbers.
  package static func joined(_ frames: some Sequence<(number: Int, residency: Residency)>) -> [Cached] {
    var list: [Cached] = []
    for frame in frames {
      if let last = list.last, last.residency == frame.residency, last.frames.upperBound + 1 == frame.number {
        list[list.count - 1].frames = last.frames.lowerBound...frame.number
      } else {
        list.append(Cached(frames: frame.number...frame.number, residency: frame.residency))
      }
    }
    return list
  }
}
