import Foundation
import Testing
import VABufTestKit

/// A clip of 60 frames, 160x96, with B pyramids; nil where this machine cannot make it.
func pyramid() throws -> String? { try ClipMaker.shared.path(of: "h264-pyramid") }

@Suite struct FrameMD5Tests {
  @Test func equalsFFmpegForwardAndBackward() throws {
    guard let clip = try pyramid() else { return }
    let reference = try Reference.cached(clip)
    let run = try Program.vabuf("framemd5", clip)
    #expect(run.status == 0, "\(run.errors)")
    let list = try Reference(parsing: run.text)
    #expect(list.lines.map(\.md5) == reference.lines.map(\.md5))
    #expect(list.lines.map(\.size) == reference.lines.map(\.size))
    let reverse = try Reference(parsing: Program.vabuf("framemd5", clip, "--reverse").text)
    #expect(reverse.lines == list.lines.reversed())
    #expect(list.header.contains("media_type 0: video"))
    #expect(list.header.last == reference.header.last)
  }

  @Test func columnsAreThoseOfFFmpeg() throws {
    guard let clip = try pyramid() else { return }
    let lines = try Program.vabuf("framemd5", clip, "--to", "2").lines
    let theirs = try Program.run("/usr/bin/env", ["ffmpeg"] + Reference.arguments(clip)).lines
    try #require(lines.count == 13 && theirs.count == 70)
    // Lines 3 and 4 name the program and the time base, which is the stream's own here.
    let same = [0, 1, 2] + Array(5..<10)
    #expect(same.map { lines[$0] } == same.map { theirs[$0] })
    #expect(lines[10...].map(\.count) == theirs[10..<13].map(\.count))
  }

  @Test func ranges() throws {
    guard let clip = try pyramid() else { return }
    let all = try Reference(parsing: Program.vabuf("framemd5", clip).text).lines
    let some = try Reference(parsing: Program.vabuf("framemd5", clip, "--from", "5", "--to", "9").text).lines
    #expect(some == Array(all[5...9]))
    let back = try Program.vabuf("framemd5", clip, "--from", "5", "--to", "9", "--reverse")
    #expect(try Reference(parsing: back.text).lines == all[5...9].reversed())
    let beyond = try Program.vabuf("framemd5", clip, "--from", "58", "--to", "70")
    #expect(beyond.status == 1)
    #expect(try Reference(parsing: beyond.text).lines == Array(all[58...59]))
    #expect(beyond.complaints.count == 1)
    #expect(try Program.vabuf("framemd5", clip, "--from", "9", "--to", "5").status == 64)
    #expect(try Program.vabuf("framemd5", clip, "--from", "60").status == 1)
  }

  @Test func json() throws {
    guard let clip = try pyramid() else { return }
    let frames = try #require(try Program.vabuf("framemd5", clip, "--json").json()["frames"] as? [[String: Any]])
    let reference = try Reference.cached(clip)
    #expect(frames.map { $0["md5"] as? String } == reference.lines.map(\.md5))
    #expect(frames.map { $0["number"] as? Int } == Array(0..<60))
  }
}

@Suite struct FrameTests {
  @Test func givesTheOrderAsked() throws {
    guard let clip = try pyramid() else { return }
    let md5 = try Reference.cached(clip).lines.map(\.md5)
    let run = try Program.vabuf("frame", clip, "40", "3", "3", "59", "--range", "9-6", "--md5")
    #expect(run.status == 0, "\(run.errors)")
    let rows = run.lines.map { $0.split(separator: " ") }
    let wanted = [40, 3, 3, 59, 9, 8, 7, 6]
    #expect(rows.map { Int($0[0]) } == wanted)
    #expect(rows.map { String($0[2]) } == wanted.map { md5[$0] })
    #expect(rows.allSatisfy { $0.count == 3 })
  }

  @Test func rawIsRawvideo() throws {
    guard let clip = try pyramid() else { return }
    let theirs = try Program.ffmpeg(["-i", clip, "-fps_mode", "passthrough", "-f", "rawvideo", "-"])
    #expect(try Program.vabuf("frame", clip, "--all", "--raw").output == theirs)
    let size = theirs.count / 60
    let one = try Program.vabuf("frame", clip, "7", "--raw").output
    #expect(one == theirs.subdata(in: 7 * size..<8 * size))
  }

  @Test func negativeNumbersAreSaidToBeWrong() throws {
    guard let clip = try pyramid() else { return }
    for words in [["-3"], ["0", "-3"]] {
      let run = try Program.run(Program.path, ["frame", clip] + words)
      #expect(run.status == 64)
      #expect(run.errors.hasPrefix("vabuf: -3: frames are numbered from 0."), "\(run.errors)")
    }
    #expect(try Program.vabuf("frame", clip, "--at", "-1").text.hasPrefix("0 "))
    #expect(try Program.vabuf("frame", clip, "3", "--near", "-1").errors.hasPrefix("vabuf: --near -1: "))
  }

  @Test func pipesAreRefused() throws {
    let pipe = Program.scratch("pipes") + "/pipe"
    try? FileManager.default.removeItem(atPath: pipe)
    #expect(mkfifo(pipe, 0o600) == 0)
    let run = try Program.vabuf("frame", pipe, "0")
    #expect(run.status == 1)
    #expect(run.errors.hasPrefix("vabuf: \(pipe): it is a pipe"), "\(run.errors)")
  }

  @Test func linesAndTimes() throws {
    guard let clip = try pyramid() else { return }
    let lines = try Program.vabuf("frame", clip, "0", "--at", "0.5", "--at", "0").lines
    #expect(lines.count == 3)
    #expect(lines[0].hasPrefix("0 ") && lines[0].hasSuffix(" 160x96 yuv420p"))
    #expect(lines[2].hasPrefix("0 "))
  }

  @Test func givesWhatIsThereBeforeTheError() throws {
    guard let clip = try pyramid() else { return }
    let run = try Program.vabuf("frame", clip, "58", "60", "1", "--md5")
    #expect(run.status == 1)
    #expect(run.lines.count == 1)
    #expect(
      run.complaints == ["vabuf: frame 60: the stream has 60 frames, 0 to 59: ask for a frame within the stream"])
    let range = try Program.vabuf("frame", clip, "--range", "58-65", "--json")
    #expect(range.status == 1)
    #expect((try range.json()["frames"] as? [Any])?.count == 2)
    #expect(try Program.vabuf("frame", clip, "--range", "65-58").lines.isEmpty)
  }

  /// Keyframes are 0, 24 and 48.
  @Test func nearGivesAKeyframeUnderItsOwnNumber() throws {
    guard let clip = try pyramid() else { return }
    let md5 = try Reference.cached(clip).lines.map(\.md5)
    let run = try Program.vabuf("frame", clip, "22", "10", "--at", "1.9", "--near", "4", "--md5")
    #expect(run.status == 0, "\(run.errors)")
    let rows = run.lines.map { $0.split(separator: " ") }
    #expect(rows.map { Int($0[0]) } == [24, 10, 48])
    #expect(rows.map { String($0[2]) } == [24, 10, 48].map { md5[$0] })
    let frames = try #require(
      try Program.vabuf("frame", clip, "22", "--near", "4", "--json").json()["frames"] as? [[String: Any]])
    #expect(frames.map { $0["number"] as? Int } == [24])
    #expect(try Program.vabuf("frame", clip, "22", "--near", "0").lines.first?.hasPrefix("22 ") == true)
    let beyond = try Program.vabuf("frame", clip, "61", "--near", "30")
    #expect(beyond.status == 1 && beyond.lines.isEmpty && beyond.complaints.count == 1)
  }

  @Test func jsonDescribesFrames() throws {
    guard let clip = try pyramid() else { return }
    let run = try Program.vabuf("frame", clip, "4", "--md5", "--json")
    let object = try run.json()
    #expect(object["schema"] as? Int == 1)
    #expect(run.lines[1] == "  \"schema\": 1,")
    let frame = try #require((object["frames"] as? [[String: Any]])?.first)
    #expect(frame["number"] as? Int == 4)
    #expect(frame["width"] as? Int == 160)
    #expect(frame["md5"] as? String == (try Reference.cached(clip)).lines[4].md5)
  }

  @Test(arguments: [
    ["frame", "x"], ["frame", "x", "-1"], ["frame", "x", "1", "--all"], ["frame", "x", "--range", "3"],
    ["frame", "x", "1", "2", "-o", "x.png"], ["frame", "x", "1", "-o", "-"], ["frame", "x", "1", "-o", "a%s.png"],
    ["frame", "x", "1", "--raw", "--md5"], ["frame", "x", "99999999999999999999"], ["frame"],
    ["frame", "x", "1", "--near", "-1"], ["frame", "x", "1", "--near", "x"], ["frame", "x", "--all", "--near", "1"],
    ["frame", "x", "1", "--range", "3-4", "--near", "1"],
  ])
  func wrongUsage(_ arguments: [String]) throws {
    let run = try Program.run(Program.path, arguments)
    #expect(run.status == 64)
    #expect(run.output.isEmpty && run.errors.contains("Usage:"))
  }
}

@Suite struct PNGTests {
  /// A clip of one colour, and the same picture as ffmpeg shows it.
  private func solid(_ options: [String], _ name: String) throws -> String {
    let path = Program.scratch("png") + "/" + name
    _ = try Program.ffmpeg(
      ["-f", "lavfi", "-i", "color=c=0xc83219:s=62x46:r=25,trim=end_frame=3,format=gbrp"] + options + [path])
    return path
  }

  /// The pixels of a picture, as 8-bit RGBA.
  private func pixels(_ path: String) throws -> [UInt8] {
    Array(try Program.ffmpeg(["-i", path, "-f", "rawvideo", "-pix_fmt", "rgba", "-"]))
  }

  @Test(arguments: [
    ("bt709", "bt709", "tv", "yuv420p"), ("smpte170m", "bt601", "tv", "yuv420p"), ("bt709", "bt709", "pc", "yuv444p"),
    ("bt2020nc", "bt2020", "tv", "yuv420p10le"),
  ])
  func keepsTheColour(_ matrix: String, _ scale: String, _ range: String, _ format: String) throws {
    let clip = try solid(
      [
        "-vf", "scale=out_color_matrix=\(scale):out_range=\(range),format=\(format)", "-c:v", "ffv1", "-colorspace",
        matrix, "-color_range", range,
      ], "\(matrix)-\(range).mkv")
    let picture = Program.scratch("png") + "/\(matrix)-\(range)-%03d.png"
    let run = try Program.vabuf("frame", clip, "0", "2", "-o", picture)
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.output.isEmpty)
    let bytes = try pixels(picture.replacingOccurrences(of: "%03d", with: "002"))
    try #require(bytes.count == 62 * 46 * 4)
    for pixel in [0, 62 * 20 + 31, 62 * 46 - 1] {
      let colour = (0..<4).map { Int(bytes[pixel * 4 + $0]) }
      let isNear = zip(colour, [0xc8, 0x32, 0x19, 0xff]).allSatisfy { abs($0 - $1) <= 2 }
      #expect(isNear, "\(colour) at \(pixel)")
    }
    #expect(FileManager.default.fileExists(atPath: picture.replacingOccurrences(of: "%03d", with: "000")))
  }

  @Test func deepPicturesHaveSixteenBitsAndOpacityStays() throws {
    let folder = Program.scratch("png")
    for (format, wanted) in [("yuv420p10le", "rgb48be"), ("gbrap", "rgba"), ("gray", "rgb24"), ("bgra", "rgba")] {
      let clip = try solid(["-vf", "format=\(format)", "-c:v", "ffv1"], "\(format).mkv")
      let picture = "\(folder)/\(format).png"
      let run = try Program.vabuf("frame", clip, "1", "-o", picture)
      #expect(run.status == 0, "\(format): \(run.errors)")
      let probe = try Program.run(
        "/usr/bin/env",
        ["ffprobe", "-v", "error", "-show_entries", "stream=pix_fmt,width,height", "-of", "csv=p=0", picture])
      #expect(probe.lines == ["62,46,\(wanted)"])
    }
  }

  @Test func writeErrors() throws {
    let clip = try solid(["-c:v", "ffv1"], "errors.mkv")
    for path in ["/nowhere/x.png", "/dev/full"] {
      let run = try Program.vabuf("frame", clip, "0", "-o", path)
      #expect(run.status == 1)
      #expect(run.complaints.count == 1 && run.errors.hasPrefix("vabuf: \(path): "))
    }
  }
}
