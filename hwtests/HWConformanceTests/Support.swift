import FFmpegMedia
import Testing
import VABuf
import VABufTestKit

import Decoding

/// Clips that only these tests need.
enum SurfaceClips {
  private static func x264(_ frames: Int, _ parameters: String) -> String {
    "-f lavfi -i testsrc2=s=160x96:r=25,trim=end_frame=\(frames),noise=alls=12:allf=t:all_seed=5"
      + " -c:v libx264 -threads 1 -preset fast -pix_fmt yuv420p -x264-params \(parameters)"
  }

  static let long = Clip("surfaces-long", "mp4", "300 frames", [], x264(300, "bframes=3:keyint=50"))
  static let other = Clip(
    "surfaces-other", "webm", "another codec", [],
    "-f lavfi -i testsrc2=s=208x128:r=25,trim=end_frame=150,noise=alls=9:allf=t:all_seed=7"
      + " -c:v libvpx-vp9 -threads 1 -deadline good -cpu-used 5 -b:v 200k -auto-alt-ref 1 -lag-in-frames 16 -g 40")

  static let hevc = Clip(
    "surfaces-hevc", "mp4", "a flush keeps the context", [],
    "-f lavfi -i testsrc2=s=160x144:r=25,trim=end_frame=150,noise=alls=8:allf=t:all_seed=3"
      + " -c:v libx265 -preset fast -pix_fmt yuv420p -x265-params log-level=error:pools=1:keyint=50:open-gop=0")

  private static let maker = ClipMaker(clips: [long, other, hevc])

  /// The file and what ffmpeg says of it; nil, with the reason printed, where it cannot be made here.
  static func make(_ clip: Clip) throws -> (path: String, md5s: [String])? {
    guard let path = try maker.path(of: clip.name) else { return nil }
    return (path, try Reference.cached(path).lines.map(\.md5))
  }

  /// Reads a frame of each group of `long`, here and there, and says how many decoders came of that.
  static func decoders(for groups: FrameBuffer, _ md5s: [String], _ backend: Backend = .vaapi) async throws -> Int {
    for number in [40, 190, 90, 240, 140, 290, 45, 195] {
      let frame = try await groups.frame(at: number)
      #expect(frame.descriptor.backend == backend)
      #expect(try FrameDigest.md5(frame) == md5s[number], "frame \(number)")
    }
    #expect(groups.metrics.fallbacks == 0)
    return groups.metrics.decoders
  }

  /// What its decoder may hold.
  static func needs(_ path: String) throws -> SurfaceNeeds {
    SurfaceNeeds(try Demuxer(path: path, stream: nil, interrupt: InterruptFlag()).stream)
  }
}

func hardwareOptions(_ node: String, _ backend: BackendPreference = .vaapi) -> FrameBuffer.Options {
  var options = FrameBuffer.Options()
  options.backend = backend
  options.device = node
  options.keepsIndex = false
  return options
}
