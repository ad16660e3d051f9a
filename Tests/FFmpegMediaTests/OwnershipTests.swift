import FFmpegMedia
import FrameModel
import Testing
import VABufTestKit

/// What C allocates is freed once, whoever goes first.
@Suite struct OwnershipTests {
  static let clips = ["h264-pyramid", "hevc-open-gop", "vp9-alt-ref", "mpeg2-ts", "av1-aom", "mjpeg-avi", "ffv1"]

  @Test(arguments: clips, [1, 4])
  func framesAreExactAndEveryBufferComesBack(_ name: String, threads: Int) throws {
    guard let path = try ClipMaker.shared.path(of: name) else { return }
    let expected = try Reference.cached(path).lines.map(\.md5)
    let allocator = TrackingAllocator()
    do {
      var decode = try LinearDecode(path, threads: threads, allocator)
      var found: [String] = []
      while let frame = try decode.next() { found.append(try frame.md5()) }
      #expect(found == expected, "\(name)")
    }
    #expect(allocator.tracker.alive == 0, "\(name)")
    // libavcodec 59's wrapper of dav1d has buffers of its own.
    if name != "av1-aom" { #expect(allocator.tracker.made > 0, "\(name) writes into buffers of the allocator") }
  }

  enum Order: CaseIterable { case framesFirst, framesLast, framesInTheMiddle, hostBuffersLast }

  @Test(arguments: ["h264-pyramid", "vp9-alt-ref", "mpeg2-ts"], Order.allCases)
  func ownersGoInAnyOrder(_ name: String, order: Order) throws {
    guard let path = try ClipMaker.shared.path(of: name) else { return }
    let expected = try Reference.cached(path).lines.map(\.md5)
    let allocator = TrackingAllocator()
    var frames: [Kept] = []
    var buffers: [any HostBuffer] = []
    do {
      var decode = try LinearDecode(path, threads: 4, allocator)
      while frames.count < 12, let frame = try decode.next() {
        if order == .hostBuffersLast, let buffer = frame.hostBuffer { buffers.append(buffer) }
        frames.append(Kept(frame))
      }
      if order == .framesFirst { frames = [] }
      if order == .framesInTheMiddle {
        // The decoder goes on while every other of its frames is gone.
        frames = frames.enumerated().filter { $0.offset % 2 == 0 }.map(\.element)
        _ = try decode.next()
      }
    }
    // The decoder and the file are closed.
    for (place, kept) in frames.enumerated() {
      let number = order == .framesInTheMiddle ? 2 * place : place
      #expect(try kept.frame.md5() == expected[number], "\(name): frame \(number)")
    }
    switch order {
    case .framesFirst: #expect(allocator.tracker.alive == 0)
    case .framesLast, .framesInTheMiddle: #expect(allocator.tracker.alive == frames.count)
    case .hostBuffersLast:
      #expect(buffers.count == 12)
      frames = []
      #expect(allocator.tracker.alive == 12)
    }
    frames = []
    buffers = []
    #expect(allocator.tracker.alive == 0, "\(name)")
  }

  /// The k-th allocation fails: its own error, nothing leaks, and the same decoder is exact again after a flush.
  @Test(arguments: clips, [1, 4])
  func aRefusedAllocationIsAClearError(_ name: String, threads: Int) throws {
    guard let path = try ClipMaker.shared.path(of: name) else { return }
    let expected = try Reference.cached(path).lines.map(\.md5)
    for call in ShortRun.sample(Array(1...20)) {
      let allocator = TrackingAllocator(refusing: [call])
      do {
        var decode = try LinearDecode(path, threads: threads, allocator)
        var count = 0
        do {
          while let frame = try decode.next() {
            #expect(try frame.md5() == expected[count], "\(name), call \(call): frame \(count)")
            count += 1
          }
          #expect(allocator.callCount < call, "\(name), call \(call) was refused and nobody said so")
        } catch let error as VABufError {
          #expect(error == TrackingAllocator.refusal(call))
          try decode.restart(path)
          var found: [String] = []
          while let frame = try decode.next() { found.append(try frame.md5()) }
          #expect(found == expected, "\(name), call \(call): after the error")
        }
      }
      #expect(allocator.tracker.alive == 0, "\(name), call \(call)")
    }
  }

  @Test func pictureMemoryIsMovedWithoutChange() throws {
    guard let path = try ClipMaker.shared.path(of: "h264-pyramid") else { return }
    let allocator = TrackingAllocator()
    do {
      var decode = try LinearDecode(path, threads: 1, allocator)
      guard let frame = try decode.next() else { return }
      let md5 = try frame.md5()
      let moved = try frame.moved(to: allocator)
      #expect(try moved.md5() == md5)
      #expect(moved.hostBuffer != nil)
    }
    #expect(allocator.tracker.alive == 0)
  }
}
