internal import BufferPolicy
package import FFmpegMedia
package import FrameModel
internal import Logging

/// Gives the frames of one stream by number, forward from wherever it is told to start.
///
/// Used by one thread at a time; blocks while it reads, decodes and waits for memory.
///
/// States: *lost* (`run` is nil; after opening, an error, the end, or the last frame of a run that was to end) and
/// *running* from a seek point. `seek` makes it running; each emitted frame is checked against the index. A frame that is
/// not the one that is due ends the run, and another begins: with a new decoder at the same seek point where the old one
/// was flushed only; else, where it began in the middle, that seek point lied, is never used again, and an earlier one
/// serves; a run from the start with a new decoder is right, so the headers promised what the decoder does not do, and the
/// stream is decoded once to learn the truth. Where even that differs from time to time, decoding becomes repeatable: one
/// thread, cleared buffers.
///
/// A run that is left for another one is *parked* with its decoder, where that may save decoding later and memory allows;
/// a request goes to the run that reaches it with the least decoding (`ParkingPolicy`).
package final class DecodeEngine {
  package let stream: StreamDescription
  package private(set) var index: FrameIndex
  /// How many times decoding has made another index than the headers promised.
  package private(set) var indexGeneration = 0
  private let options: SessionOptions
  private let memory: DecoderMemory
  private let interrupt: InterruptFlag
  private var decoder: StreamDecoder
  private var analysis: IndexAnalysis?
  private let identity: FileIdentity?
  private var run: DecodeRun?
  /// The first frame that is given out; earlier ones are decoded only.
  private var next = 0
  /// The first frame that is decoded also where nothing depends on it.
  private var needed = 0
  private var liars: Set<Int> = []
  /// The container does (`FormatContext`).
  private let hasPacketTable: Bool
  /// Decoders that wait where they stopped, beside the one that is at work.
  private var parked: [ParkedDecoder] = [] { didSet { memory.isHasty = !parked.isEmpty } }
  /// How many decoders may be open; 1 where more could not be had.
  package var mostDecoders: Int
  /// How many of them in software, whose pictures are in host memory.
  package var mostInMemory: Int
  /// How many times `seek` was called, and when it last was for somebody who waits.
  private var seeks: UInt64 = 0
  private var servesDemand = true
  /// Where runs ended at a frame that was wanted alone.
  private var drains = DrainPolicy()
  /// A flushed decoder did not give what a new one does at the first packet.
  private var flushFailsAtStart = false
  /// There is no run because it was over at its last frame (`DecodeRun.last`).
  private var isCutShort = false
  private var shape: PictureShape?
  /// Frames that came out of the decoder, given out or not.
  package private(set) var decodedFrames = 0
  private var hasToldOfDamage = false

  package init(
    _ options: SessionOptions, allocator: any HostAllocator, interrupt: InterruptFlag
  ) throws {
    let memory = DecoderMemory(allocator)
    var demuxer = try Demuxer(path: options.path, stream: options.stream, interrupt: interrupt)
    let stream = demuxer.stream
    let hasPacketTable = demuxer.format.hasPacketTable
    let identity = options.store == nil ? nil : FileIdentity(path: options.path, stream: stream.index)
    if let known = options.index ?? identity.flatMap({ options.store?.load($0) }) {
      index = known
      analysis = nil
      decoder = try StreamDecoder(
        demuxer: demuxer, options: DecoderOptions(threads: options.threads), allocator: memory)
    } else {
      let analysis = try IndexBuilder.demux(&demuxer, progress: options.progress)
      guard !analysis.packets.isEmpty else {
        throw VABufError(
          .invalidMedia, what: options.path, why: "its video stream has no packet",
          remedy: "if the file was cut off, copy it again")
      }
      index = analysis.promised()
      self.analysis = analysis
      // A decode that is to tell what the stream is begins with a file as it is when it is opened.
      let isSought = index.startIsSeekable && hasPacketTable && !options.verifies
      if !isSought { try demuxer.rewind() }
      decoder = try StreamDecoder(
        demuxer: demuxer, isAtEnd: isSought, options: DecoderOptions(threads: options.threads), allocator: memory)
    }
    self.stream = stream
    self.hasPacketTable = hasPacketTable
    self.options = options
    self.memory = memory
    self.interrupt = interrupt
    self.identity = identity
    mostDecoders = options.decoders
    mostInMemory = options.decodersInMemory
    if index.isRepeatable { try decoder.reopen(repeatable: true, threads: 1) }
    if analysis != nil {
      if !index.doubts.isEmpty { try prove(index.doubts) } else { store() }
    }
    if options.verifies, options.index == nil { try verify() }
    guard !index.frames.isEmpty else {
      throw VABufError(
        .invalidMedia, what: options.path, why: "no frame of its video stream can be decoded",
        remedy: "if the file was cut off or damaged, copy it again")
    }
    tellOfDamage()
  }

  /// Says once that frames may not show what was encoded.
  private func tellOfDamage() {
    guard index.isRepeatable || index.frames.contains(where: \.isDamaged), !hasToldOfDamage else { return }
    hasToldOfDamage = true
    options.logger.warning(
      "the stream is damaged, or decodes as if it were: some frames may not show what was encoded",
      metadata: ["file": "\(options.path)"])
  }

  package var decoderName: String { decoder.decoderName }
  package var backend: Backend { decoder.backend }
  /// Where it decodes in hardware.
  package var hardware: HardwareSession? { decoder.hardware }

  /// Why the stream is decoded in software whatever device there is; nil where hardware may do it. What decoders make of
  /// damage is their own business, so only software's is repeatable.
  package var hardwareObstacle: String? {
    index.isRepeatable || !index.doubts.isDisjoint(with: [.damage, .refuted]) ? "the stream is damaged" : nil
  }

  /// Goes on with another decoder: on a device, or in software for nil. Frames come from wherever `seek` says next.
  package func use(_ hardware: HardwareSession?) throws {
    dropParked()
    run = nil
    try decoder.reopen(in: hardware)
  }

  /// The engine is going to be let go of; frames that were given out stay valid.
  package func finish() {
    dropParked()
    decoder.settle()
  }

  /// The number of the next frame that the decoder emits; nil where it must be told.
  package var position: Int? { run?.expected }

  /// Where something was omitted, another frame came out than was due: this stream is decoded whole.
  private var omitsNothing = false

  /// Makes `step()` give the frames from `number` on.
  ///
  /// Goes on from where a decoder is if no seek point lies nearer, else starts at the best seek point.
  ///
  /// - Parameters:
  ///   - keeping: give out frames before `number` too, from this one on, where they are decoded on the way.
  ///   - needing: decode all frames from this one on; before it, only what others are predicted from. Nil takes `keeping`.
  ///   - isDemand: somebody waits for the frame.
  ///   - parks: somebody may come back to where the decoder stands.
  ///   - end: where the run may end; nil where it goes on.
  package func seek(
    to number: Int, keeping: Int, needing: Int? = nil, isDemand: Bool = true, parks: Bool = true, end: RunEnd? = nil
  ) throws {
    isCutShort = false
    needed = min(needing ?? keeping, number)
    let point = index.seekPoint(for: number, excluding: liars)
    seeks += 1
    let most = decoder.hardware == nil ? min(mostDecoders, mostInMemory) : mostDecoders
    let parking = ParkingPolicy(most: isPlain ? most : 1)
    let choice = parking.choose(
      for: number, seekPoint: point.firstFrame, among: stations(for: number), now: seeks + 1, isDemand: isDemand,
      parks: parks)
    defer { servesDemand = isDemand }
    switch choice {
    case .resume(let station): takeUp(station)
    case .start(let station):
      takeUp(station)
      try start(at: point, reopening: false)
    case .open:
      try openAnother()
      try start(at: point, reopening: false)
    }
    next = max(keeping, run?.expected ?? point.firstFrame)
    switch end {
    case .at(let last): self.end(after: last)
    case .alone(let distance):
      if !choice.isResumption, restartIsCheap(at: point),
        drains.drains(at: number, seekPoint: point.firstFrame, within: distance)
      {
        self.end(after: number)
      }
    case nil: break
    }
  }

  /// Ends the run after a frame, where headers tell which packets its frames need.
  private func end(after last: Int) {
    guard isPlain, run?.last == nil, let expected = run?.expected, expected <= last, last < index.frames.count - 1
    else { return }
    guard let packet = (expected...last).map({ Int(index.frames[$0].packet) }).max() else { return }
    // A drained decoder has to be flushed.
    if !decoder.goesOn { decoder.end(after: index.lastPacket(of: packet)) }
    run?.last = last
  }

  /// Starting there once more takes no other device context, nor the file opened anew.
  private func restartIsCheap(at point: FrameIndex.SeekPoint) -> Bool {
    if let hardware = decoder.hardware { return !hardware.startsAreDear && !takesNewDecoder(at: point) }
    return point.packet > 0 || seeksStart
  }

  /// A flushed decoder will not do. At the first packet one does on a device only: a new one is a new context there, which
  /// may take as long as decoding a hundred pictures.
  private func takesNewDecoder(at point: FrameIndex.SeekPoint) -> Bool {
    let isFlushed = point.packet > 0 || decoder.hardware != nil && seeksStart && !flushFailsAtStart
    return !isFlushed || index.proof != .demuxed || index.needsFreshDecoder
  }

  /// The first packet can be sought as any other.
  private var seeksStart: Bool { isPlain && index.startIsSeekable && hasPacketTable }

  private func start(at point: FrameIndex.SeekPoint, reopening: Bool) throws {
    options.logger.debug(
      "decoding begins at a seek point",
      metadata: [
        "file": "\(options.path)", "frame": "\(point.firstFrame)",
        "position": "\(run.map { "\($0.expected)" } ?? "none")",
        "next": "\(next)",
      ])
    run = nil
    isCutShort = false
    let reopening = reopening || takesNewDecoder(at: point)
    guard
      try decoder.start(
        at: point.packet, records: index.packets, reopening: reopening,
        seeksStart: seeksStart)
    else { throw decoder.fileChanged }
    // Not before: what is in flight of the one before fails at once.
    memory.runBegins()
    run = DecodeRun(start: point, expected: point.firstFrame, isReopened: reopening)
  }

  /// What one step came to.
  package enum Step: Sendable {
    case frame(DecodedFrame)
    /// A frame was decoded that is not given out, or a run began anew.
    case passed
    /// There is no frame after this.
    case ended
  }

  /// Decodes one frame.
  ///
  /// - Throws: `VABufError`; the engine is then lost, and goes on after the next `seek`.
  package func step() throws -> Step {
    guard run != nil else {
      // More is asked for than was meant to be.
      guard isCutShort, next < index.frames.count else { return .ended }
      try start(at: index.seekPoint(for: next, excluding: liars), reopening: false)
      return .passed
    }
    do {
      let frame = try Frame()
      let mayOmit = !omitsNothing && isPlain
      switch try decoder.receive(into: frame, records: index.packets, omits: { mayOmit && omits($0) }) {
      case .frame(let packet):
        decodedFrames += 1
        guard let number = try judge(frame, packet) else { return .passed }
        let delivered = try delivered(frame, number)
        next = number + 1
        if run?.last == number {
          run = nil
          isCutShort = true
        }
        return .frame(delivered)
      case .ended:
        run?.passOmitted()
        guard let run, run.expected < index.frames.count else {
          run = nil
          return .ended
        }
        try mend("the decoder ended before frame \(run.expected)")
      case .desynchronised:
        try start(at: index.seekPoint(for: next, excluding: liars), reopening: false)
      }
      return .passed
    } catch let error as VABufError where Self.isOutOfRoom(error) && !parked.isEmpty {
      // Those that only may be of use make room for the one that is. There may be more memory later, but each time it is short
      // somebody waits for it.
      mostDecoders = error.code == .hostMemoryExhausted ? parked.count : 1
      dropParked()
      try start(at: index.seekPoint(for: next, excluding: liars), reopening: false)
      return .passed
    } catch {
      run = nil
      // Perhaps the device does not have enough for several: one will do.
      if error is DeviceFailure, !parked.isEmpty { mostDecoders = 1 }
      throw error
    }
  }

  /// Headers tell all of the stream.
  private var isPlain: Bool { index.isPlain && !decoder.isRepeatable }

  // MARK: - Parking

  package var decoderCount: Int { 1 + parked.count }

  private static func isOutOfRoom(_ error: VABufError) -> Bool {
    error.code == .hostMemoryExhausted || error.code == .surfacesExhausted
  }

  /// The decoder at work first, then those that are parked.
  private func stations(for number: Int) -> [ParkingPolicy.Station] {
    var stations = [station(run, number, lastUse: seeks, servesDemand)]
    for waiting in parked {
      stations.append(station(waiting.run, number, lastUse: waiting.lastUse, waiting.servesDemand))
    }
    return stations
  }

  private func station(
    _ run: DecodeRun?, _ number: Int, lastUse: UInt64, _ servesDemand: Bool
  ) -> ParkingPolicy.Station {
    // One that ends before the frame is of no use for it, nor for what comes after.
    let run = run.flatMap { number <= $0.last ?? .max ? $0 : nil }
    let seekPoint = run.map { index.seekPoint(for: $0.expected, excluding: liars).firstFrame } ?? 0
    return ParkingPolicy.Station(
      position: run?.expected, seekPoint: seekPoint, reaches: run.map { !$0.omitted.contains(number) } ?? false,
      lastUse: lastUse, servesDemand: servesDemand)
  }

  /// Puts the decoder of a station to work, and parks the other one in its place.
  private func takeUp(_ station: Int) {
    if station == 0 { return }
    memory.runBegins()
    parked[station - 1].exchange(&decoder, &run, lastUse: seeks, servesDemand: servesDemand)
  }

  /// Parks the decoder that is at work, and puts a new one in its place. Where that cannot be had there are as many
  /// decoders as there will be.
  private func openAnother() throws {
    do {
      let demuxer = try Demuxer(path: options.path, stream: stream.index, interrupt: interrupt)
      var another = try StreamDecoder(
        demuxer: demuxer, options: DecoderOptions(threads: options.threads), allocator: memory)
      if let hardware = decoder.hardware { try another.reopen(in: hardware.another()) }
      let waiting = ParkedDecoder(another)
      waiting.exchange(&decoder, &run, lastUse: seeks, servesDemand: servesDemand)
      parked.append(waiting)
    } catch let error as CancellationError {
      throw error
    } catch {
      options.logger.debug("no further decoder", metadata: ["file": "\(options.path)", "why": "\(error)"])
      mostDecoders = 1 + parked.count
    }
  }

  /// Closes the decoders that wait.
  package func dropParked() {
    while let last = parked.popLast() { last.close() }
  }

  /// Which frame this is, if it is wanted: checks it against the index.
  private func judge(_ frame: borrowing Frame, _ packet: Int?) throws -> Int? {
    guard var run else { return nil }
    var signs = try decoder.takeDamage()
    let number: Int
    switch (index.proof, packet) {
    case (.counted, _): number = run.expected
    case (_, let packet?): number = Int(index.frameOfPacket[packet])
    case (_, nil): number = -1
    }
    // Leading pictures of a seek point: decoded without what they are predicted from, or promised to be dropped.
    if !run.isLinear, number < run.start.firstFrame, run.expected == run.start.firstFrame || number >= 0 {
      // With threads these may be signs of what comes after them.
      self.run?.earlySigns.losesSamples = signs.losesSamples || run.earlySigns.losesSamples
      self.run?.earlySigns.unwritten.formUnion(signs.unwritten)
      return nil
    }
    signs.losesSamples = signs.losesSamples || run.earlySigns.losesSamples
    signs.unwritten.formUnion(run.earlySigns.unwritten)
    run.earlySigns = DamageSigns()
    if let damage = run.damage(signs, frame, number, index) {
      try mend("frame \(number): \(damage.why)", isRefuted: damage.isProven)
      return nil
    }
    run.passOmitted()
    guard number < index.frames.count else {
      try mend("the decoder gives more frames than the index has")
      return nil
    }
    guard number == run.expected else {
      try mend("frame \(number) came out where \(run.expected) was due")
      return nil
    }
    if try !isTrue(frame, number) {
      try mend("frame \(number) differs from the linear decode")
      return nil
    }
    run.expected = number + 1
    run.passOmitted()
    self.run = run
    return number >= next ? number : nil
  }

  /// Whether the decoder does without a packet: its frame comes before those that are needed, and no other picture is
  /// predicted from it.
  private func omits(_ packet: Int) -> Bool {
    guard index.packets[packet].flags.contains(.disposable) else { return false }
    let number = Int(index.frameOfPacket[packet])
    // One outside an edit list gives no frame.
    guard number >= 0, number < needed else { return false }
    run?.omitted.insert(number)
    run?.hasOmitted = true
    return true
  }

  private func isTrue(_ frame: borrowing Frame, _ number: Int) throws -> Bool {
    guard number < index.pictureHashes.count else { return true }
    if decoder.hardware != nil { return try isTrueInSurface(frame, number) }
    shape = frame.shape(known: shape)
    return shape.map { frame.pictureHash($0) == index.pictureHashes[number] } ?? true
  }

  /// The same for a frame in a surface, which must be downloaded for that: only where a seek point may have lied.
  private func isTrueInSurface(_ frame: borrowing Frame, _ number: Int) throws -> Bool {
    guard let run, !run.isLinear else { return true }
    // Hashes are those of software's planes.
    let picture = try inSurface(frame, number, as: .software)
    let buffer: any HostBuffer
    do {
      buffer = try memory.allocate(byteCount: picture.hostBytes)
      try picture.device.access.downloadBlocking(picture, into: buffer)
    } catch let error as VABufError where error.code == .deviceFailed {
      throw DeviceFailure(
        picture.device.isLost ? .lost : .failed, what: error.what, why: error.why, remedy: error.remedy)
    }
    var hash = Fingerprint.seed
    for plane in picture.layout.planes {
      for row in 0..<plane.rows {
        let start = buffer.baseAddress + plane.offset + row * plane.stride
        hash = Fingerprint.of(UnsafeRawBufferPointer(start: start, count: plane.rowBytes), seed: hash)
      }
    }
    return hash == index.pictureHashes[number]
  }

  private func inSurface(_ frame: borrowing Frame, _ number: Int, as format: HostFormat) throws -> SurfaceFrame {
    guard let device = decoder.hardware?.device, let surface = frame.surface,
      let picture = SurfaceFrame(device: device, surface, as: format)
    else {
      throw DeviceFailure(
        .unsupported, what: "frame \(number) of \(options.path)", why: "its pixel format does not come from surfaces",
        remedy: "use `Options.backend` auto or software")
    }
    return picture
  }

  /// The decoder did not do what the index promised.
  private func mend(_ why: String, isRefuted: Bool = false) throws {
    guard let run else { return }
    options.logger.debug(
      "decoding differs from the index",
      metadata: ["file": "\(options.path)", "seek_point": "\(run.start.packet)", "why": "\(why)"])
    if options.index != nil {
      throw VABufError(
        .decodingFailed, what: "frame \(max(next, run.expected)) of \(options.path)", why: why,
        remedy: "decode it with the session that has the index")
    }
    if run.hasOmitted {
      // Perhaps something depended on what was omitted, in other runs too.
      omitsNothing = true
      dropParked()
    } else if !isRefuted, !run.isReopened {
      // Try the same point with a new decoder.
      if run.isLinear { flushFailsAtStart = true }
    } else if !isRefuted, !run.isLinear {
      liars.insert(run.start.packet)
      dropParked()
    } else if index.proof == .demuxed {
      try prove(isRefuted ? [.refuted, .damage] : .refuted, repeatably: isRefuted, why: why)
      // Numbers may have shifted: the buffer sees the new generation and lets go of what it has.
    } else if !decoder.isRepeatable {
      try prove(.damage, repeatably: true, why: why)
    } else {
      throw VABufError(
        .decodingFailed, what: "frame \(max(next, run.expected)) of \(options.path)", why: why,
        remedy: "the stream is damaged and decodes differently each time; repair or convert it")
    }
    try start(at: index.seekPoint(for: next, excluding: liars), reopening: true)
  }

  /// Decodes the stream to learn its frames, repeatably from then on where it is damaged (`IndexBuilder.prove`).
  ///
  /// - Parameter why: what decoding did that the index does not promise; nil before anything was decoded.
  private func prove(_ doubts: Doubts, repeatably: Bool = false, why: String? = nil) throws {
    let hardware = decoder.hardware
    do {
      try prove(doubts, repeatably: repeatably, why: why, backTo: hardware)
    } catch let error as VABufError where hardware != nil && decoder.hardware == nil && error.code != .fileChanged {
      // Whoever believes it to be on the device has to hear that it no longer is.
      throw DeviceFailure(.resources, what: error.what, why: error.why, remedy: error.remedy)
    }
  }

  /// - Parameter hardware: where it decodes: it does so again at the end.
  private func prove(_ doubts: Doubts, repeatably: Bool, why: String?, backTo hardware: HardwareSession?) throws {
    let promised = index
    let doubts = index.doubts.union(doubts)
    options.logger.debug(
      "indexing by decoding", metadata: ["file": "\(options.path)", "doubts": "\(doubts)"])
    let analysis = try self.analysis ?? demuxed()
    dropParked()
    if hardware != nil { try decoder.reopen(in: nil) }
    let proof = try IndexBuilder.prove(
      &decoder, codec: stream.codec, analysis: analysis, doubts: doubts, repeatably: repeatably,
      progress: options.progress, runBegins: { [memory] in memory.runBegins() })
    index = proof.index
    if let hardware, !proof.meetsDamage, index.hasFrames(of: promised) {
      // Software finds what the headers promised: the stream is not to blame.
      index = promised
      if decoder.isRepeatable { try decoder.reopen(repeatable: false, threads: options.threads) }
      throw DeviceFailure(
        .failed, what: "VA-API on \(hardware.device.path)",
        why: "its frames are not those of the stream" + (why.map { ": \($0)" } ?? ""),
        remedy: "use `Options.backend` software; `vabuf probe` compares what the device decodes")
    }
    indexGeneration += 1
    run = nil
    liars = []
    store()
    tellOfDamage()
    guard let hardware else { return }
    if let obstacle = hardwareObstacle {
      throw DeviceFailure(
        .unsupported, what: "VA-API on \(hardware.device.path)", why: obstacle,
        remedy: "use `Options.backend` auto or software")
    }
    try decoder.reopen(in: hardware)
  }

  /// Decodes the stream once where only headers promise its frames: a packet that looks right and cannot be decoded shows
  /// in no other way. An index that was right stays as it is.
  private func verify() throws {
    guard index.proof == .demuxed else { return }
    let promised = index
    try prove(.refuted)
    guard !index.isRepeatable, index.hasFrames(of: promised) else { return }
    index = promised
    indexGeneration = 0
    store()
  }

  /// A stored index has no header facts: they are read again where a linear decode has to be told from them.
  private func demuxed() throws -> IndexAnalysis {
    var demuxer = try Demuxer(path: options.path, stream: stream.index, interrupt: interrupt)
    let analysis = try IndexBuilder.demux(&demuxer, progress: nil)
    guard analysis.packets.count == index.packets.count else { throw decoder.fileChanged }
    return analysis
  }

  private func store() {
    // Of no frames nothing is to be remembered: reading may have failed.
    guard let identity, !index.frames.isEmpty else { return }
    do {
      try options.store?.save(index, identity)
    } catch {
      options.logger.warning("the index is not kept", metadata: ["why": "\(error)"])
    }
  }

  private func delivered(_ frame: consuming Frame, _ number: Int) throws -> DecodedFrame {
    if decoder.hardware != nil {
      let picture = try inSurface(frame, number, as: options.hostFormat)
      return DecodedFrame(
        descriptor: descriptor(frame, number, picture.layout, generation: picture.device.generation),
        contents: .surface(picture))
    }
    if frame.hostBuffer == nil { frame = try frame.moved(to: memory) }
    shape = frame.shape(known: shape)
    guard let buffer = frame.hostBuffer, let shape else {
      throw VABufError(
        .decodingFailed, what: "frame \(number) of \(options.path)", why: "its pixel format has no layout in memory",
        remedy: "report it with the file's codec and pixel format")
    }
    let layout = frame.layout(shape, base: buffer.baseAddress)
    return DecodedFrame(
      descriptor: descriptor(frame, number, layout, generation: 0), contents: .host(buffer, FrameReference(frame)))
  }

  private func descriptor(
    _ frame: borrowing Frame, _ number: Int, _ layout: PictureLayout, generation: Int
  ) -> FrameDescriptor {
    let entry = index.frames[number]
    return FrameDescriptor(
      number: number, timestamp: Timestamp(ticks: entry.pts, timeBase: index.timeBase), duration: entry.duration,
      layout: layout, sampleAspectRatio: frame.sampleAspectRatio, rotation: stream.rotation,
      fieldOrder: frame.fieldOrder, isKeyframe: entry.isKeyframe, color: frame.color, hdr: frame.hdr,
      isDamaged: entry.isDamaged || !index.isRepeatable && frame.isDamaged, backend: decoder.backend,
      deviceGeneration: generation)
  }
}
