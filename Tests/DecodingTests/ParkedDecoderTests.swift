import FFmpegMedia
import Foundation
import FrameModel
import Synchronization
import Testing
import VABufTestKit

@testable import Decoding

/// Decoders that wait where they stopped.
@Suite struct ParkedDecoderTests {
  private func engine(_ path: String, decoders: Int, _ allocator: any HostAllocator = TrackingAllocator()) throws
    -> DecodeEngine
  {
    var options = SessionOptions(path, threads: 2)
    options.decoders = decoders
    return try DecodeEngine(options, allocator)
  }

  /// The frames that a reader gets who goes on in turn from several places of one long GOP.
  private func alternate(_ engine: DecodeEngine, _ places: [Int], rounds: Int, _ expected: [String]) throws {
    for round in 0..<rounds {
      for place in places {
        let frame = try engine.frame(place + round)
        #expect(try frame?.md5() == expected[place + round], "frame \(place + round)")
        #expect(frame?.descriptor.number == place + round)
      }
    }
  }

  /// A second field is a packet of its own: a run that is drained after a picture gets both, and one that leaves it out none.
  @Test(arguments: ["h264-paff-mkv", "h264-paff-raw", "h264-paff-in-order", "h264-paff-ts"])
  func aRunOfFieldsEndsAfterBoth(_ name: String) throws {
    guard let path = try ClipMaker.shared.path(of: name) else { return }
    let expected = try Reference.cached(path).lines.map(\.md5)
    let engine = try engine(path, decoders: 1)
    for last in expected.indices {
      for first in [last - 3, last] where first >= 0 {
        try engine.seek(to: first, keeping: first, needing: first, parks: false, end: .at(last))
        for number in first...last {
          #expect(try engine.nextFrame()?.md5() == expected[number], "\(name): frame \(number)")
        }
      }
    }
    #expect(engine.indexGeneration == 0, "the stream was decoded to see what is wrong with it")
  }

  @Test(arguments: ["h264-long-gop", "vp9-alt-ref"])
  func eachGoesOnFromWhereItStopped(_ name: String) throws {
    guard let path = try ClipMaker.shared.path(of: name) else { return }
    let expected = try Reference.cached(path).lines.map(\.md5)
    let places = [expected.count / 2, expected.count / 4, 3 * expected.count / 4].map { $0 - 4 }
    let one = try engine(path, decoders: 1)
    try alternate(one, places, rounds: 6, expected)
    let several = try engine(path, decoders: 3)
    try alternate(several, places, rounds: 6, expected)
    #expect(several.decodedFrames < one.decodedFrames / 2, "\(several.decodedFrames) of \(one.decodedFrames)")
  }

  /// A run that ends at a frame gives that without what comes after it, and another one goes on from there.
  @Test(arguments: ["h264-gop12", "h264-open-gop-ts", "hevc-open-gop-mkv", "edit-hidden-long", "vp9-alt-ref"])
  func aRunThatEndsIsDrained(_ name: String) throws {
    guard let path = try ClipMaker.shared.path(of: name) else { return }
    let expected = try Reference.cached(path).lines.map(\.md5)
    let engine = try engine(path, decoders: 2)
    // Backward, in groups of five; then on beyond the last one of a run.
    for last in stride(from: expected.count - 3, to: 5, by: -5) {
      let isOverrun = last % 3 == 0
      try engine.seek(to: last - 4, keeping: last - 4, parks: false, end: .at(last))
      for number in last - 4...(isOverrun ? last + 2 : last) {
        let frame = try engine.nextFrame()
        #expect(frame?.descriptor.number == number)
        #expect(try frame?.md5() == expected[number], "\(name): frame \(number)")
      }
      // Where the first try to seek fails, the run is begun again, and goes on.
      if !isOverrun, name == "h264-gop12" {
        #expect(engine.position == nil, "\(name): the run to \(last) is over")
      }
    }
    #expect(engine.indexGeneration == 0, "nobody is blamed for a run that was meant to end")
  }

  /// A frame that nobody is expected to go on from comes without the pictures after it where a seek point is near; else its
  /// decoder goes on.
  @Test func aRunEndsNearItsSeekPointOnly() throws {
    guard let path = try ClipMaker.shared.path(of: "h264-gop12") else { return }
    let expected = try Reference.cached(path).lines.map(\.md5)
    let engine = try engine(path, decoders: 1)
    for (frame, ends) in [(12, true), (27, true), (40, false), (0, true), (29, false), (51, true)] {
      try engine.seek(to: frame, keeping: frame, end: .alone(within: 3))
      #expect(try engine.nextFrame()?.md5() == expected[frame], "frame \(frame)")
      #expect((engine.position == nil) == ends, "frame \(frame)")
    }
    #expect(engine.indexGeneration == 0)
  }

  /// Whoever comes for more keeps the decoder from then on.
  @Test func aDrainIsRegrettedOnce() throws {
    guard let path = try ClipMaker.shared.path(of: "h264-long-gop") else { return }
    let expected = try Reference.cached(path).lines.map(\.md5)
    let engine = try engine(path, decoders: 1)
    for frame in 5..<25 {
      try engine.seek(to: frame, keeping: frame, end: .alone(within: 16))
      #expect(try engine.nextFrame()?.md5() == expected[frame], "frame \(frame)")
      #expect((engine.position == nil) == (frame == 5), "frame \(frame)")
    }
    #expect(engine.decodedFrames <= 6 + 25)
  }

  /// What a request was to end at that was given up before it began is forgotten.
  @Test(arguments: ["h264-gop12", "h264-long-gop", "h264-pyramid-ts", "vp9-alt-ref"])
  func anEndThatWasGivenUpIsForgotten(_ name: String) throws {
    guard let path = try ClipMaker.shared.path(of: name) else { return }
    let expected = try Reference.cached(path).lines.map(\.md5)
    var options = SessionOptions(path, threads: 2)
    options.index = try engine(path, decoders: 1).index
    // Nothing was read yet.
    let engine = try DecodeEngine(options, TrackingAllocator())
    try engine.seek(to: 0, keeping: 0, end: .at(0))
    try engine.seek(to: 3, keeping: 0)
    for number in 0..<6 { #expect(try engine.nextFrame()?.md5() == expected[number], "\(name): frame \(number)") }
    #expect(engine.indexGeneration == 0)
  }

  /// Whatever is asked for in whatever order, with whatever is not needed left out.
  @Test(arguments: [
    "h264-long-gop", "h264-open-gop-ts", "hevc-open-gop-mkv", "edit-hidden-long", "h264-pyramid-ts", "vp9-alt-ref",
    "mpeg2-ts",
  ])
  func everyFrameIsTrueInAnyOrder(_ name: String) throws {
    guard let path = try ClipMaker.shared.path(of: name) else { return }
    let expected = try Reference.cached(path).lines.map(\.md5)
    let engine = try engine(path, decoders: 4)
    #expect(engine.index.frames.count == expected.count)
    var rng = SystemRandomNumberGenerator()
    for _ in 0..<60 {
      let number = Int.random(in: 0..<expected.count, using: &rng)
      let needing = Bool.random() ? number : max(0, number - 8)
      let ends: [DecodeEngine.RunEnd?] = [nil, .at(number), .alone(within: 3), .alone(within: 16)]
      let end = ends.randomElement(using: &rng) ?? nil
      // Some requests are given up before anything is decoded.
      if Int.random(in: 0..<4, using: &rng) == 0 {
        let other = Int.random(in: 0..<expected.count, using: &rng)
        try engine.seek(to: other, keeping: other, end: [.at(other), .alone(within: 16)].randomElement(using: &rng))
      }
      try engine.seek(to: number, keeping: needing, needing: needing, isDemand: Bool.random(), end: end)
      while let frame = try engine.nextFrame() {
        #expect(try frame.md5() == expected[frame.descriptor.number], "\(name): frame \(frame.descriptor.number)")
        if frame.descriptor.number >= number { break }
      }
    }
    #expect(engine.indexGeneration == 0, "the stream was decoded to see what is wrong with it")
  }

  /// Memory that the one at work lacks is taken from those that wait.
  @Test func theyMakeRoom() throws {
    guard let path = try ClipMaker.shared.path(of: "h264-long-gop") else { return }
    let expected = try Reference.cached(path).lines.map(\.md5)
    let memory = NarrowAllocator()
    let engine = try engine(path, decoders: 4, memory)
    for number in [expected.count - 4, expected.count / 2, expected.count / 4] {
      #expect(try engine.frame(number)?.md5() == expected[number])
    }
    let held = memory.live
    #expect(held > 0)
    memory.limit = held
    try engine.seek(to: 0, keeping: 0)
    for number in 0..<expected.count { #expect(try engine.nextFrame()?.md5() == expected[number], "frame \(number)") }
    #expect(memory.refusals > 0)
  }

  @Test func aFileThatCannotBeOpenedAgainIsDecodedByOne() throws {
    guard let path = try ClipMaker.shared.path(of: "h264-gop12") else { return }
    let expected = try Reference.cached(path).lines.map(\.md5)
    let folder = try TemporaryFolder()
    let copy = folder.path + "/copy.mp4"
    try Bytes.write(try Bytes.read(path), copy)
    let engine = try engine(copy, decoders: 4)
    let late = expected.count / 12 * 12 - 2
    #expect(try engine.frame(late)?.md5() == expected[late])
    try FileManager.default.removeItem(atPath: copy)
    #expect(try engine.frame(20)?.md5() == expected[20])
    #expect(engine.mostDecoders == 1)
  }
}

/// An allocator that has only so many buffers.
private final class NarrowAllocator: HostAllocator {
  private let all = TrackingAllocator()
  private let state = Mutex((limit: Int.max, refusals: 0))

  var live: Int { all.tracker.alive }
  var refusals: Int { state.withLock { $0.refusals } }
  var limit: Int {
    get { state.withLock { $0.limit } }
    set { state.withLock { $0.limit = newValue } }
  }

  func allocate(byteCount: Int) throws(VABufError) -> any HostBuffer {
    let isFull = state.withLock { state in
      let isFull = all.tracker.alive >= state.limit
      if isFull { state.refusals += 1 }
      return isFull
    }
    guard !isFull else {
      throw VABufError(.hostMemoryExhausted, what: "test", why: "it is full", remedy: "none")
    }
    return try all.allocate(byteCount: byteCount)
  }
}
