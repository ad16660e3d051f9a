import Testing
import VABufTestKit

/// `swift test --filter ClipTests` makes every clip; what needs them then finds them made.
@Suite struct ClipTests {
  @Test func namesAreUniqueAndSourcesExist() {
    let names = Set(Clips.all.map(\.name))
    #expect(names.count == Clips.all.count)
    for clip in Clips.all {
      #expect(clip.sources.allSatisfy(names.contains), "\(clip.name) is made from an unknown clip")
    }
  }

  @Test func everyTagHasAClip() {
    for tag in Clip.Tag.allCases { #expect(!Clips.tagged([tag]).isEmpty, "no clip has the tag \(tag)") }
  }

  @Test func everyClipIsMadeOrSaysWhyNot() throws {
    var unavailable: [String] = []
    for (clip, file) in try ClipMaker.shared.makeAll() {
      switch file {
      case .success(.made): break
      case .success(.unavailable(let reason)): unavailable.append("\(clip.name): \(reason)")
      case .failure(let error): Issue.record("\(error)")
      }
    }
    print("\(Clips.all.count - unavailable.count) clips in \(ClipMaker.shared.folder)")
    for line in unavailable { print("unavailable: \(line)") }
  }

  @Test func aClipOfAMissingEncoderIsUnavailable() throws {
    let clip = Clip("none", "mkv", "nothing makes it", [], "-f lavfi -i testsrc2 -c:v nosuchencoder")
    let maker = ClipMaker(clips: [clip])
    #expect(try maker.file(of: clip) == .unavailable("no encoder nosuchencoder"))
  }

  /// What the clips promise, read off ffmpeg's lists: frames, and whether hidden packets give none.
  @Test(arguments: [
    ("h264-raw", 60), ("h264-one-frame", 1), ("h264-paff-raw", 24), ("h264-paff-unpaired", 26), ("vp8-alt-ref", 80),
    ("vp9-show-existing", 120), ("h264-open-gop-start", 48), ("edit-hidden", 42), ("edit-repeat", 35),
  ])
  func theListHasTheExpectedFrames(name: String, frames: Int) throws {
    guard let path = try ClipMaker.shared.path(of: name) else { return }
    #expect(try Reference.cached(path).lines.count == frames)
  }
}
