internal import BufferPolicy
internal import Decoding
internal import FrameModel
internal import Logging

/// One of the sessions that decode a long range side by side: opens the file when there is a segment to decode, and closes
/// it when nobody reads a long range any more.
///
/// It takes the index as it is. Where decoding contradicts that, or anything else goes wrong, it leaves the segment to the
/// buffer's own session, which knows what to do and whom to tell.
struct SegmentSession {
  let core: BufferCore
  let source: DecoderSource

  private struct Open {
    var session: DecodeSession
    /// How many share the threads.
    var sessions: Int
  }

  /// Serves until the sessions end.
  func run() async {
    var open: Open?
    while let work = await core.nextSegment(isOpen: open != nil) {
      guard case .decode(let segment) = work else {
        await close(&open)
        continue
      }
      do {
        defer { core.ended(segment.id) }
        try await session(for: segment, &open).decode(segment, core)
      } catch {
        source.logger.debug(
          "a range is decoded by one session",
          metadata: ["frames": "\(segment.frames.lowerBound) to \(segment.frames.upperBound)", "why": "\(error)"])
        // Its memory first: the others may wait for it.
        await close(&open)
        await core.forbidSegments()
      }
    }
    await close(&open)
  }

  private func session(for segment: SegmentPlan.Segment, _ open: inout Open?) async throws -> DecodeSession {
    if let open, open.sessions == segment.sessions { return open.session }
    await close(&open)
    let session = try await source.openSession(sharing: segment.sessions)
    open = Open(session: session, sessions: segment.sessions)
    return session
  }

  private func close(_ open: inout Open?) async {
    if let session = open.take()?.session { await source.closeSession(session) }
  }
}

extension DecodeSession {
  /// Decodes a segment into the cache, everything but waiting on the session's thread.
  func decode(_ segment: SegmentPlan.Segment, _ core: BufferCore) async throws {
    let (first, last) = (segment.frames.lowerBound, segment.frames.upperBound)
    try seek(to: first, keeping: first, parks: false, end: .at(last))
    while await core.goesOn(segment.id, at: position ?? last) {
      let before = decodedFrames
      let step = try step()
      core.decoded(decodedFrames - before, nanoseconds: nil)
      switch step {
      case .passed: continue
      case .ended: throw Self.endedEarly(segment.frames)
      case .frame(let frame):
        let number = frame.descriptor.number
        core.keep(SourceFrame(frame))
        await core.keepUp()
        if number >= last { return }
      }
    }
  }

  private static func endedEarly(_ frames: ClosedRange<Int>) -> VABufError {
    VABufError(
      .decodingFailed, what: "frames \(frames.lowerBound) to \(frames.upperBound)",
      why: "the decoder reached the end of the stream", remedy: "the file may have changed; open it again")
  }
}
