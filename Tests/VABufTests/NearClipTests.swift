import Testing
import VABuf
import VABufTestKit

/// Near enough, then exact, with vabuf's own decoder, which knows its keyframes.
@Suite(.timeLimit(.minutes(10))) struct NearClipTests {
  private func open(
    _ name: String, cache: Int = 64, prefetch: Int = 0
  ) async throws -> (FrameBuffer, Reference)? {
    guard let path = try ClipMaker.shared.path(of: name) else { return nil }
    var options = FrameBuffer.Options()
    options.keepsIndex = false
    options.configuration = configuration(cache: cache, prefetch: prefetch)
    options.backend = .software
    return (try await FrameBuffer.open(path, options: options), try Reference.cached(path))
  }

  /// Keyframes are 0, 12, 24, ...
  @Test(arguments: [(20, 5, 24, 1), (17, 5, 12, 1), (12, 5, 12, 1), (18, 6, 12, 1), (18, 5, 18, nil)])
  func aKeyframeWithinTheToleranceIsTheCheapest(_ asked: Int, _ tolerance: Int, _ given: Int, _ cost: Int?) async throws
  {
    guard let (buffer, reference) = try await open("h264-gop12") else { return }
    let frame = try await buffer.frame(near: asked, tolerance: tolerance)
    #expect(frame.number == given && frame.descriptor.number == given)
    #expect(try FrameDigest.md5(frame) == reference.lines[given].md5)
    if let cost { #expect(buffer.metrics.decodedFrames == cost) } else { #expect(buffer.metrics.decodedFrames > 1) }
    #expect(buffer.metrics.nearFrames == (asked == given ? 0 : 1))
    await buffer.close()
  }

  /// 0, 12, 24 and 36 would be a stride, if they had been asked for.
  @Test func keyframesThatStandInAreNoPattern() async throws {
    guard let (buffer, _) = try await open("h264-gop12", prefetch: 3) else { return }
    for (asked, given) in [(1, 0), (11, 12), (23, 24), (37, 36)] {
      #expect(try await buffer.frame(near: asked, tolerance: 2).number == given)
    }
    #expect(buffer.metrics.prefetchIssued == 0 && buffer.metrics.decodedFrames == 4)
    for number in [0, 12, 24, 36] { #expect(try await buffer.frame(at: number).number == number) }
    #expect(buffer.metrics.prefetchIssued > 0)
    await buffer.close()
  }

  @Test func theKeyframeComesOnTheWayToTheExactFrame() async throws {
    guard let (alone, _) = try await open("h264-gop12") else { return }
    _ = try await alone.frame(at: 20)
    let cost = alone.metrics.decodedFrames
    await alone.close()
    var hasSeenBoth = false
    // A reader that is slower than the decoder may miss the first one.
    for _ in 0..<10 where !hasSeenBoth {
      guard let (buffer, reference) = try await open("h264-gop12") else { return }
      var given: [Int] = []
      for try await frame in buffer.approach(20, within: 10) {
        given.append(frame.number)
        #expect(try FrameDigest.md5(frame) == reference.lines[frame.number].md5)
      }
      #expect(given == [12, 20] || given == [20])
      #expect(buffer.metrics.decodedFrames <= cost, "nothing is decoded for the first one only")
      hasSeenBoth = given.count == 2
      await buffer.close()
    }
    #expect(hasSeenBoth)
    guard let (buffer, _) = try await open("h264-gop12") else { return }
    var given: [Int] = []
    for try await frame in buffer.approach(20, within: 7) { given.append(frame.number) }
    #expect(given == [20], "the keyframe is eight frames away")
    await buffer.close()
  }

  @Test func byTime() async throws {
    guard let (buffer, reference) = try await open("h264-gop12"), let stream = buffer.stream else { return }
    let time = { (number: Int) in Double(buffer.timings[number].pts) * stream.timeBase.value }
    // 24 is four frames of 40 ms away.
    #expect(try await buffer.frame(nearSeconds: time(20), tolerance: 0.16).number == 24)
    #expect(buffer.metrics.decodedFrames == 1)
    #expect(try await buffer.frame(nearSeconds: time(20), tolerance: 0.15).number == 20)
    #expect(try await buffer.frame(nearSeconds: time(20) + 0.03, tolerance: 0, .nearest).number == 21)
    #expect(try await buffer.frame(nearSeconds: time(20) + 0.03, tolerance: 0).number == 20, "it is on the screen")
    #expect(try await buffer.frame(nearSeconds: -100, tolerance: .infinity).number <= 24)
    let error = await #expect(throws: VABufError.self) { try await buffer.frame(nearSeconds: .nan, tolerance: 1) }
    #expect(error?.code == .noSuchFrame)
    var given: [Int] = []
    for try await frame in try buffer.approach(atSeconds: time(30), within: 0.3) {
      given.append(frame.number)
      #expect(try FrameDigest.md5(frame) == reference.lines[frame.number].md5)
    }
    #expect(given.last == 30 && given.first == 24)
    await buffer.close()
  }

  /// Where the distance between frames varies, the nearest by time is not the nearest by number.
  @Test func nearnessInTimeIsNotNearnessInNumbers() async throws {
    guard let (buffer, _) = try await open("vfr-gap", cache: 2), let stream = buffer.stream else { return }
    let pts = buffer.timings.map(\.pts)
    let middle = try #require(
      pts.indices.dropFirst().dropLast(2).first { pts[$0 + 2] - pts[$0] < pts[$0] - pts[$0 - 1] },
      "no such place in the clip")
    let seconds = Double(pts[middle]) * stream.timeBase.value
    // These two are all that is kept.
    let held = [try await buffer.frame(at: middle - 1), try await buffer.frame(at: middle + 2)]
    #expect(try await buffer.frame(near: middle, tolerance: 2).number == middle - 1)
    #expect(try await buffer.frame(nearSeconds: seconds, tolerance: 10_000).number == middle + 2)
    #expect(held.map(\.number) == [middle - 1, middle + 2])
    await buffer.close()
  }
}
