import Testing
import VABuf
import VABufTestKit

/// Small buffers that look ahead only where a test says so.
func configuration(
  ring: Int = 8, cache: Int = 64, prefetch: Int = 0, channel: Int = 4, bytes: Int = 64 << 20
) -> Configuration {
  Configuration(
    ringFrames: ring, cacheFrames: cache, prefetchFrames: prefetch, poolBytes: bytes, channelFrames: channel)
}

/// Lets other tasks go on until something holds; the test's time limit ends what never does.
func waitUntil(_ condition: () -> Bool) async {
  while !condition(), !Task.isCancelled { await Task.yield() }
}

/// The frame is whole, and the one that was asked for.
func expectFrame(
  _ lease: FrameLease?, _ number: Int, _ location: SourceLocation = #_sourceLocation
) {
  #expect(lease?.number == number, sourceLocation: location)
  #expect(lease.flatMap { ScriptedSource.stampedNumber(of: $0) } == number, sourceLocation: location)
}
