internal import FrameModel
internal import PlayerPolicy
internal import Synchronization
internal import VABuf

/// Gets frames for the window: asks the buffer, waits, makes them ready to be drawn. The window only takes what is there.
///
/// What is ordered last counts; frames of earlier orders are dropped. All waiting happens in tasks.
final class FrameFeeder: Sendable {
  /// What the window finds when it looks.
  enum Delivery: Sendable {
    case frame(ReadyFrame)
    /// The stream has no more frames for this run.
    case ended
    /// The order failed; no more frames come for it.
    case failed(any Error)
  }

  private struct State {
    var order = 0
    var deliveries: [Delivery] = []
    var work: Task<Void, Never>?
    /// The task waits for room.
    var room: CheckedContinuation<Void, Never>?
    /// Turns before this one are not wanted any more.
    var firstTurn = 0
    /// The frame under the hand on the time line.
    var scrubbed: Int?
    var latencies: [Duration] = []
  }

  /// Frames that wait for their turn: enough to hide a download, few enough that requests come when they are due.
  private static let depth = 2
  /// A skip of more turns than this is a seek; less is read over.
  private static let longestReadOver = 16
  /// The hand rests when it has not moved for so long.
  private static let rest = Duration.milliseconds(90)

  let buffer: FrameBuffer
  private let state = Mutex(State())
  private let importsSurfaces: Atomic<Bool>
  private let wake: @Sendable () -> Void

  /// - Parameters:
  ///   - importsSurfaces: the window draws surfaces as they are.
  ///   - wake: tells the window that something came; on any thread.
  init(_ buffer: FrameBuffer, importsSurfaces: Bool, wake: @escaping @Sendable () -> Void) {
    self.buffer = buffer
    self.importsSurfaces = Atomic(importsSurfaces)
    self.wake = wake
  }

  /// How long each request of the runs took.
  var latencies: [Duration] { state.withLock { $0.latencies } }

  /// Surfaces turned out not to be drawable: frames come from host memory from now on.
  func stopImporting() { importsSurfaces.store(false, ordering: .releasing) }

  // MARK: - Orders

  /// - Parameter preroll: frames that are decoded before the first one is given out.
  func play(_ run: Run, preroll: Int = 0) {
    begin { order in
      if preroll > 0 { try await self.decodeAhead(run, preroll) }
      try await self.feed(run, order)
    }
  }

  /// Gets one frame.
  func show(_ number: Int) {
    begin { order in
      let lease = try await self.buffer.frame(at: number, in: self.placement)
      self.deliver(try await self.ready(lease, order: order), order)
    }
  }

  /// Gets a frame near this one at once, and this one when the hand rests. Moves of the hand join the order that there is.
  func scrub(_ number: Int) {
    let isUnderWay = state.withLock { state in
      guard state.scrubbed != nil else { return false }
      state.scrubbed = number
      return true
    }
    if !isUnderWay { begin(scrubbing: number) { try await self.followHand($0) } }
  }

  /// Turns before this one are not wanted any more.
  func skip(to turn: Int) {
    let room = state.withLock { state in
      state.firstTurn = turn
      state.deliveries.removeAll { if case .frame(let ready) = $0 { ready.turn < turn } else { false } }
      return state.room.take()
    }
    room?.resume()
  }

  func stop() { begin { _ in } }

  /// What came, oldest first; nil for nothing yet.
  func peek() -> Delivery? { state.withLock { $0.deliveries.first } }

  /// Takes what `peek` showed.
  func take() {
    let room = state.withLock { state in
      if !state.deliveries.isEmpty { state.deliveries.removeFirst() }
      return state.room.take()
    }
    room?.resume()
  }

  private func begin(scrubbing: Int? = nil, _ body: @escaping @Sendable (Int) async throws -> Void) {
    let (order, old, room) = state.withLock { state in
      state.order += 1
      state.deliveries = []
      state.firstTurn = 0
      state.scrubbed = scrubbing
      return (state.order, state.work.take(), state.room.take())
    }
    old?.cancel()
    room?.resume()
    let work = Task {
      do { try await body(order) } catch is CancellationError {} catch { self.deliver(.failed(error), order) }
    }
    state.withLock { if $0.order == order { $0.work = work } else { work.cancel() } }
  }

  private func deliver(_ ready: ReadyFrame, _ order: Int) { deliver(.frame(ready), order) }

  private func deliver(_ delivery: Delivery, _ order: Int) {
    state.withLock { state in
      guard state.order == order else { return }
      // Its turn was passed over while it was got.
      if case .frame(let ready) = delivery, ready.turn < state.firstTurn { return }
      // The next move of the hand begins anew.
      if case .failed = delivery { state.scrubbed = nil }
      state.deliveries.append(delivery)
    }
    wake()
  }

  // MARK: - In tasks

  private var placement: Placement { importsSurfaces.load(ordering: .acquiring) ? .anywhere : .host }

  /// Frames that the cache has no room for are decoded again when they are due.
  private func decodeAhead(_ run: Run, _ count: Int) async throws {
    let (first, last) = (run.first, run.frame(min(count, run.count) - 1))
    guard run.stride == 1 else { return }
    _ = try await buffer.preload(min(first, last)..<max(first, last) + 1, direction: run.direction)
  }

  private func feed(_ run: Run, _ order: Int) async throws {
    var turn = 0
    var reader = FrameReader(buffer, run)
    while turn < run.count {
      turn = max(turn, await roomFor(order))
      try Task.checkCancellation()
      let asked = ContinuousClock.now
      guard let lease = try await reader.frame(turn, in: placement, readingOver: Self.longestReadOver) else {
        return deliver(.ended, order)
      }
      state.withLock { $0.latencies.append(.now - asked) }
      deliver(try await ready(lease, order: order, turn: turn), order)
      turn += 1
    }
  }

  /// Waits until the window has taken enough.
  ///
  /// - Returns: the first turn that is still wanted.
  private func roomFor(_ order: Int) async -> Int {
    while true {
      let isFull = state.withLock { $0.order == order && $0.deliveries.count >= Self.depth }
      if !isFull { return state.withLock { $0.firstTurn } }
      await withCheckedContinuation { continuation in
        let isRoom = state.withLock { state in
          guard state.order == order, state.deliveries.count >= Self.depth else { return true }
          state.room = continuation
          return false
        }
        if isRoom { continuation.resume() }
      }
    }
  }

  private func followHand(_ order: Int) async throws {
    var near: Int?
    while let wanted = state.withLock({ $0.order == order ? $0.scrubbed : nil }) {
      if wanted != near {
        near = wanted
        if let lease = try await nearest(to: wanted) {
          deliver(try await ready(lease, order: order, isExact: lease.number == wanted), order)
        }
      }
      try await Task.sleep(for: Self.rest)
      guard state.withLock({ $0.scrubbed }) == wanted else { continue }
      let lease = try await buffer.frame(at: wanted, in: placement)
      deliver(try await ready(lease, order: order), order)
      // Until the hand moves again.
      while state.withLock({ $0.order == order && $0.scrubbed == wanted }) {
        try await Task.sleep(for: .milliseconds(8))
      }
    }
  }

  /// The frame if it is there, else the nearest one that is, else the keyframe before it: one frame to decode.
  private func nearest(to number: Int) async throws -> FrameLease? {
    let keyframe = buffer.stream?.keyframes.last { $0 <= number } ?? 0
    let resident = buffer.snapshot.frames.map(\.number).min { abs($0 - number) < abs($1 - number) }
    let near = resident.map { abs($0 - number) <= abs(keyframe - number) ? $0 : keyframe } ?? keyframe
    return try await buffer.frame(at: near, in: placement)
  }

  /// Makes a frame ready to be drawn: exported, or turned into RGB, where that is needed.
  private func ready(
    _ lease: FrameLease, order: Int, turn: Int = 0, isExact: Bool = true
  ) async throws -> ReadyFrame {
    var ready = ReadyFrame(order: order, turn: turn, lease: lease, isExact: isExact)
    if !lease.residency.contains(.host) {
      do {
        ready.exported = try await lease.exported(separateLayers: true)
        return ready
      } catch let error as VABufError where error.code == .deviceFailed {
        // Its device is gone, or the driver exports nothing: the buffer has the frame by another way. The next ones are
        // asked for that way at once, or each would be decoded twice.
        stopImporting()
        ready.lease = try await buffer.frame(at: lease.number)
      }
    }
    let layout = ready.lease.descriptor.layout
    if PlaneMapping(layout.format) == nil {
      ready.rgb = try await HeavyWork.run { [lease = ready.lease] in
        Result { () throws(VABufError) in try lease.rgbPicture(width: layout.width, height: layout.height) }
      }.get()
    }
    return ready
  }
}

/// Reads the turns of a run in order: as a sequence where it takes every frame, else frame by frame.
private struct FrameReader {
  private let buffer: FrameBuffer
  private let run: Run
  private var sequence: FrameSequence.Iterator?
  private var place: Placement?
  private var next = 0

  init(_ buffer: FrameBuffer, _ run: Run) {
    self.buffer = buffer
    self.run = run
  }

  /// The frame of a turn, which is not before the last one; nil beyond the end of the stream.
  mutating func frame(_ turn: Int, in place: Placement, readingOver most: Int) async throws -> FrameLease? {
    guard run.stride == 1 else { return try await single(run.frame(turn), in: place) }
    if sequence == nil || place != self.place || turn - next > most {
      let (first, last) = (run.frame(turn), run.last)
      sequence = buffer.frames(min(first, last)..<max(first, last) + 1, direction: run.direction, in: place)
        .makeAsyncIterator()
      self.place = place
      next = turn
    }
    // What is read over is decoded anyhow.
    while next < turn, try await sequence?.next() != nil { next += 1 }
    next += 1
    return try await sequence?.next()
  }

  private func single(_ number: Int, in place: Placement) async throws -> FrameLease? {
    do {
      return try await buffer.frame(at: number, in: place)
    } catch let error as VABufError where error.code == .noSuchFrame && number >= (buffer.frameCount ?? .max) {
      // The stream turned out to be shorter than it said.
      return nil
    }
  }
}
