internal import PlayerPolicy
package import VABuf

/// Plays a buffer in a window.
package enum WindowPlayer {
  /// Why there can be no window; nil where one is worth a try.
  package static var missingDisplay: DisplayUnavailable? { DisplayConnection.missing }

  /// Plays until the end, or until the viewer quits. For the process's main thread, which it keeps: SDL wants that one.
  ///
  /// - Throws: `DisplayUnavailable` where there is no window to be had; nothing was asked of the buffer then.
  package static func play(
    _ buffer: FrameBuffer, _ options: PlayerOptions, stop: PlayerStop
  ) throws(DisplayUnavailable) -> PlayerOutcome {
    let timings = buffer.timings
    let timetable = Timetable(
      timings.map { ($0.pts, $0.duration) }, timeBase: buffer.stream?.timeBase.value ?? .nan,
      rate: buffer.stream?.averageFrameRate.value ?? .nan)
    let begin = Moment.now
    let loop = try PlayerLoop(buffer, options, timetable, stop: stop)
    loop.run()
    return PlayerOutcome(
      log: loop.log, seconds: Moment.now - begin, latencies: loop.feeder.latencies,
      drawing: loop.device.description, failure: loop.failure, saves: loop.saves)
  }
}
