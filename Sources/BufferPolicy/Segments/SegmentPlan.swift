package import FrameModel

/// How a long range is divided between several decode sessions that work side by side.
///
/// A *segment* is some groups of pictures, one after the other: from a seek point up to the frame before another one. It is
/// - *assigned* to a session by `next`, which asks by `progress` before it decodes a frame; its frames are *under way* from the
///   first one on that has not come (`arrived`);
/// - *over* by `end`: what did not come, somebody else has to decode.
///
/// Frames wait in the cache until the reader comes to them, so none is decoded that is too far ahead of it.
/// The segments that nobody was assigned, and the frames before the first one, are the buffer's own session's.
package struct SegmentPlan: Sendable {
  package typealias SegmentID = UInt64

  package struct Segment: Hashable, Sendable {
    package var id: SegmentID
    /// Those that are to be given out. Decoding starts at the seek point before them.
    package var frames: ClosedRange<Int>
    /// How many sessions share the decoder's threads.
    package var sessions: Int
  }

  /// What there is room for.
  package struct Limits: Hashable, Sendable {
    /// The most sessions at work at once.
    package var sessions: Int
    /// How far ahead of the reader frames may be decoded: so many may wait for it.
    package var ahead: Int
    /// Segments of fewer frames are put together: with each a decoder's pipeline of threads runs empty.
    package var shortest: Int
    /// Ranges of readers for whom one session is fast enough are divided, too.
    package var dividesAll: Bool

    package init(sessions: Int, ahead: Int, shortest: Int, dividesAll: Bool = false) {
      self.sessions = sessions
      self.ahead = ahead
      self.shortest = max(1, shortest)
      self.dividesAll = dividesAll
    }
  }

  /// What a session is to do at a frame.
  package enum Progress: Equatable, Sendable {
    case goOn
    /// The reader is too far away as yet.
    case wait
    /// Nobody wants the segment any more.
    case stop
  }

  private struct Assigned: Sendable {
    var id: SegmentID
    /// What is still to come.
    var rest: Range<Int>
  }

  private let direction: Direction
  private let range: Range<Int>
  private let seekPoints: SeekPoints
  private let limits: Limits
  /// How many sessions there is work for.
  package let sessions: Int
  private var position: Int
  /// Where the next segment begins: its first frame, or where the reader goes backward the one after its last. Nil where
  /// all are assigned.
  private var edge: Int?
  private var assigned: [Assigned] = []
  private var lastID: SegmentID

  /// - Parameters:
  ///   - position: the frame that the reader asked for last.
  ///   - range: what it is going to read, within the stream.
  ///   - busy: what the buffer's own session is at.
  ///   - lastID: of an earlier plan: identities are used once.
  /// - Returns: nil where sessions side by side do not pay: two of them would not be at work all the time, so near to the
  ///   reader, or there are no two segments.
  package init?(
    from position: Int, _ direction: Direction, of range: Range<Int>, seekPoints: SeekPoints, limits: Limits,
    busy: ClosedRange<Int>?, lastID: SegmentID = 0
  ) {
    let lastGroup = range.upperBound - (seekPoints.last(atOrBefore: range.upperBound - 1) ?? 0)
    let longest = max(seekPoints.longestRun, lastGroup)
    guard longest < limits.ahead else { return nil }
    let length = longest < limits.shortest ? longest + limits.shortest : longest
    // Forward the reader is in one of the segments. Backward they come whole, below the one that it is in.
    let room = limits.ahead / length
    sessions = min(limits.sessions, direction == .forward ? room + 1 : room - 1)
    guard sessions > 1 else { return nil }
    self.direction = direction
    self.range = range
    self.seekPoints = seekPoints
    self.limits = limits
    self.position = position
    self.lastID = lastID
    switch direction {
    case .forward: edge = seekPoints.first(after: max(position, busy?.upperBound ?? position))
    case .backward: edge = seekPoints.last(atOrBefore: min(position, busy?.lowerBound ?? position))
    }
    guard let first = upcoming, !isLast(first) else { return nil }
  }

  /// All segments were assigned, and are over.
  package var isOver: Bool { edge == nil && assigned.isEmpty }

  /// What sessions are going to give whatever else happens: not what has to wait for the reader.
  package var underWay: RequestSchedule.UnderWay {
    var underWay = RequestSchedule.UnderWay()
    for segment in assigned {
      let rest = direction == .forward ? segment.rest.clamped(to: 0..<position + limits.ahead + 1) : segment.rest
      guard let first = rest.first else { continue }
      underWay.all.append(rest)
      // From the next seek point on, whoever starts there is sooner at a frame than the session is.
      underWay.soon.append(rest.clamped(to: 0..<(seekPoints.first(after: first) ?? .max)))
    }
    return underWay
  }

  /// The reader asked for a frame.
  package mutating func moved(to frame: Int) { position = frame }

  /// A segment for a session that has nothing to do.
  ///
  /// - Returns: nil where there is none as yet, or no more. What is left of a range at its end, when no other session is at
  ///   work, is none: all threads are better for it.
  package mutating func next(isResident: (Int) -> Bool) -> Segment? {
    while assigned.count < sessions, let frames = upcoming, isNear(frames) {
      let isLast = isLast(frames)
      if isLast { edge = nil } else { edge = direction == .forward ? frames.upperBound + 1 : frames.lowerBound }
      guard !isLast || !assigned.isEmpty else { return nil }
      guard let first = frames.first(where: { !isResident($0) }), let last = frames.last(where: { !isResident($0) })
      else { continue }
      lastID += 1
      assigned.append(Assigned(id: lastID, rest: first..<last + 1))
      return Segment(id: lastID, frames: first...last, sessions: sessions)
    }
    return nil
  }

  /// A frame has come, from a session or from elsewhere.
  package mutating func arrived(_ frame: Int) {
    for index in assigned.indices where assigned[index].rest.first == frame {
      assigned[index].rest = frame + 1..<assigned[index].rest.upperBound
    }
  }

  /// A session is about to decode a frame of its segment.
  package func progress(of id: SegmentID, at frame: Int) -> Progress {
    guard assigned.contains(where: { $0.id == id }) else { return .stop }
    return direction == .forward && frame - position > limits.ahead ? .wait : .goOn
  }

  /// A session is through with its segment, or cannot go on.
  package mutating func end(_ id: SegmentID) { assigned.removeAll { $0.id == id } }

  /// The frames of the next segment; nil where there is none.
  private var upcoming: ClosedRange<Int>? {
    guard let edge else { return nil }
    switch direction {
    case .forward:
      guard edge < range.upperBound else { return nil }
      let end = seekPoints.first(after: edge + limits.shortest - 1) ?? range.upperBound
      return edge...min(end, range.upperBound) - 1
    case .backward:
      guard edge > range.lowerBound else { return nil }
      let start = seekPoints.last(atOrBefore: max(0, edge - limits.shortest)) ?? range.lowerBound
      return max(start, range.lowerBound)...edge - 1
    }
  }

  private func isLast(_ frames: ClosedRange<Int>) -> Bool {
    direction == .forward ? frames.upperBound >= range.upperBound - 1 : frames.lowerBound <= range.lowerBound
  }

  /// A session that begins now has something to do.
  private func isNear(_ frames: ClosedRange<Int>) -> Bool {
    direction == .forward
      ? frames.lowerBound - position <= limits.ahead : position - frames.lowerBound <= limits.ahead
  }
}
