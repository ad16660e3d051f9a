internal import Decoding
internal import FrameModel
internal import Synchronization

/// vabuf's own decoder as a source of frames: serves a buffer from a decode session, on the session's thread.
final class DecoderSource: FrameSource {
  private let session: DecodeSession
  private let memory: SessionMemory
  /// The index as it is now: decoding may prove that it was wrong.
  private let currentIndex: Mutex<FrameIndex>

  init(session: DecodeSession, memory: SessionMemory, index: FrameIndex) {
    self.session = session
    self.memory = memory
    currentIndex = Mutex(index)
  }

  var index: FrameIndex { currentIndex.withLock { $0 } }

  func setIndex(_ index: FrameIndex) { currentIndex.withLock { $0 = index } }

  /// Makes whatever the session waits for fail, so that it ends soon.
  func interrupt() {
    session.interruptReads()
    memory.close()
  }

  func run(_ port: FramePort) async throws {
    await session.serve(port, for: self)
    await session.close()
  }
}

extension DecodeSession {
  /// Does what the port asks for until its buffer closes. Everything but waiting happens on the session's thread.
  func serve(_ port: FramePort, for source: DecoderSource) async {
    var generation = indexGeneration
    var decoded = decodedFrames
    while let request = await port.nextRequest(position: position) {
      do {
        let first = request.frames.lowerBound
        try seek(to: first, keeping: max(0, first - port.keepBehind))
        while port.isCurrent(request, position: position ?? first), try await deliver(request, port) {
          port.countDecoded(decodedFrames - decoded)
          decoded = decodedFrames
          if generation != indexGeneration, let index {
            generation = indexGeneration
            source.setIndex(index)
            port.forgetFrames()
            port.setFrameCount(index.frames.count)
          }
        }
      } catch is CancellationError {
        return
      } catch let error as VABufError {
        guard error.code != .closed else { return }
        port.fail(request.frames, error)
      } catch {
        port.fail(
          request.frames,
          VABufError(
            .decodingFailed, what: "frames \(request.frames.lowerBound) to \(request.frames.upperBound)",
            why: "\(error)", remedy: "check the file; other frames may still decode"))
      }
      port.countDecoded(decodedFrames - decoded)
      decoded = decodedFrames
    }
  }

  /// Decodes a frame, and sends it if it is to be given out.
  ///
  /// - Returns: false when the request is done.
  private func deliver(_ request: FrameRequest, _ port: FramePort) async throws -> Bool {
    switch try step() {
    case .passed: return true
    case .ended:
      // The index promised more: say so to whoever still waits for it.
      port.fail(
        request.frames,
        VABufError(
          .decodingFailed, what: "frames \(request.frames.lowerBound) to \(request.frames.upperBound)",
          why: "the decoder reached the end of the stream", remedy: "the file may have changed; open it again"))
      return false
    case .frame(let frame):
      try await port.send(SourceFrame(descriptor: frame.descriptor, buffer: frame.buffer, owner: frame.reference))
      return frame.descriptor.number < request.frames.upperBound
    }
  }
}
