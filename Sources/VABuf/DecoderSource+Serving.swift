internal import BufferPolicy
internal import Decoding
internal import FrameModel

extension DecodeSession {
  /// Does what the port asks for until its buffer closes or the decoder has to change. Everything but waiting happens on
  /// the session's thread.
  func serve(_ port: FramePort, for source: DecoderSource) async -> DecoderSource.Outcome {
    var generation = indexGeneration
    // One that replaces another may know less of the stream, or more.
    if let index, index.frames != source.index.frames { await publish(index, port, source) }
    while source.isCurrent(self), let request = await port.nextRequest(position: position) {
      do {
        let first = request.frames.lowerBound
        let kept = max(0, first - (request.reach ?? port.keepBehind))
        try seek(
          to: first, keeping: kept, needing: request.looksBack ? kept : first, isDemand: request.urgency != .prefetch,
          parks: request.reach == nil, end: end(of: request, port.core))
        source.hasOpen(decoders: decoderCount)
        while case let next = position ?? first,
          port.isCurrent(request, position: next) || port.core.goesOnPast(request, position: next)
        {
          if let failure = source.takeSurfaceFailure() { throw source.examined(failure) }
          let end = try await deliver(request, port, source)
          await publishIndex(&generation, port, source)
          switch end {
          case .more: continue
          case .done: break
          case .change(let action): return .advised(action)
          }
          break
        }
      } catch is CancellationError {
        return .closed
      } catch let failure as DeviceFailure {
        await publishIndex(&generation, port, source)
        return .failed(failure)
      } catch let error as VABufError {
        guard error.code != .closed, source.isCurrent(self) else { return .closed }
        port.fail(request.frames, error)
      } catch {
        guard source.isCurrent(self) else { return .closed }
        port.fail(
          request.frames,
          VABufError(
            .decodingFailed, what: "frames \(request.frames.lowerBound) to \(request.frames.upperBound)",
            why: "\(error)", remedy: "check the file; other frames may still decode"))
      }
    }
    return .closed
  }

  /// Where its run may end, as late as it can be told: others may have asked meanwhile.
  private func end(of request: FrameRequest, _ core: BufferCore) -> DecodeEngine.RunEnd? {
    if request.reach != nil { return .at(request.last) }
    return core.distanceAlone(request).map { .alone(within: $0) }
  }

  /// Decoding made another index: numbers may have shifted.
  private func publishIndex(_ generation: inout Int, _ port: FramePort, _ source: DecoderSource) async {
    // Left behind, and awake again: the session that serves now knows better.
    guard generation != indexGeneration, source.isCurrent(self), let index else { return }
    generation = indexGeneration
    await publish(index, port, source)
  }

  private func publish(_ index: FrameIndex, _ port: FramePort, _ source: DecoderSource) async {
    // Theirs are numbered by the old one.
    await port.core.forbidSegments()
    source.setIndex(index)
    await port.forgetFrames()
    port.setFrameCount(index.frames.count, seekPoints: index.seekPoints.map(\.firstFrame))
  }

  private enum Progress {
    case more
    /// The request is done.
    case done
    /// Another decoder is due.
    case change(FallbackPolicy.Action)
  }

  /// Decodes a frame, and sends it if it is to be given out.
  private func deliver(_ request: FrameRequest, _ port: FramePort, _ source: DecoderSource) async throws -> Progress {
    // Left behind, and awake again: somebody else serves now.
    guard source.isCurrent(self) else { throw CancellationError() }
    // Who reads its surfaces found out; the decoder may not have.
    if let device = source.device, device.isLost { throw device.loss }
    let before = (frames: decodedFrames, time: ContinuousClock.now)
    let step = try step()
    // Before the frame is sent: its reader may look at the counts.
    port.countDecoded(decodedFrames - before.frames, in: .now - before.time)
    guard source.isCurrent(self) else { throw CancellationError() }
    switch step {
    case .passed: return .more
    case .ended:
      // The index promised more: say so to whoever still waits for it.
      port.fail(
        request.frames,
        VABufError(
          .decodingFailed, what: "frames \(request.frames.lowerBound) to \(request.frames.upperBound)",
          why: "the decoder reached the end of the stream", remedy: "the file may have changed; open it again"))
      return .done
    case .frame(let frame):
      try await port.send(SourceFrame(frame))
      if let action = source.delivered() { return .change(action) }
      let number = frame.descriptor.number
      // A run that was taken up may end among those that the reader passed over.
      if position == nil, number >= request.frames.upperBound { return .done }
      return number < request.last ? .more : .done
    }
  }
}
