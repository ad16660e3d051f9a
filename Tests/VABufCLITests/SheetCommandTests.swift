import Foundation
import Testing
import VABufTestKit

@Suite struct SheetTests {
  /// Red, green and blue of each pixel of a PNG file, by ffmpeg.
  private func pixels(_ path: String) throws -> [UInt8] {
    Array(try Program.ffmpeg(["-i", path, "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]))
  }

  @Test func showsTheFramesThatItNames() throws {
    guard let clip = try pyramid() else { return }
    let path = Program.scratch("sheet") + "/sheet.png"
    let run = try Program.vabuf(
      "sheet", clip, "-o", path, "--rows", "2", "--columns", "3", "--width", "160", "--json")
    #expect(run.status == 0, "\(run.errors)")
    let report = try run.json()
    let frames = try #require(report["frames"] as? [Int])
    #expect(frames == [5, 15, 25, 35, 45, 55])
    let (width, height) = (try #require(report["width"] as? Int), try #require(report["height"] as? Int))
    let sheet = try pixels(path)
    try #require(sheet.count == width * height * 3)
    // Tiles are as large as the pictures: 160x96, 4 pixels apart, 11 rows of caption between them.
    for (index, number) in frames.enumerated() {
      let (left, top) = (4 + index % 3 * 164, 4 + index / 3 * (96 + 11 + 4))
      let single = Program.scratch("sheet") + "/\(number).png"
      #expect(try Program.vabuf("frame", clip, "\(number)", "-o", single).status == 0)
      let rgb = try pixels(single)
      try #require(rgb.count == 160 * 96 * 3)
      var worst = 0
      for y in 0..<96 {
        for x in 0..<160 * 3 {
          worst = max(worst, abs(Int(rgb[y * 480 + x]) - Int(sheet[((top + y) * width + left) * 3 + x])))
        }
      }
      #expect(worst == 0, "tile \(index) is frame \(number)")
    }
  }

  @Test func keyframesAndErrors() throws {
    guard let clip = try pyramid() else { return }
    let path = Program.scratch("sheet") + "/keyframes.png"
    let frames = try Program.vabuf("sheet", clip, "-o", path, "--by", "keyframe", "--json").json()["frames"] as? [Int]
    let keyframes = try Program.vabuf("index", clip, "--json").json()["keyframes"] as? [Int]
    #expect(frames == keyframes && frames?.isEmpty == false)
    #expect(try Program.vabuf("sheet", clip, "-o", path, "--rows", "0").status == 64)
    let nowhere = try Program.vabuf("sheet", clip, "-o", "/nowhere/sheet.png")
    #expect(nowhere.status == 1 && nowhere.complaints.count == 1)
    let large = try Program.vabuf(
      "sheet", clip, "-o", path, "--rows", "10", "--columns", "6", "--width", "4096")
    #expect(large.status == 1 && large.complaints.count == 1 && large.seconds < 10, "\(large.errors)")
    for name in ["-", ""] { #expect(try Program.vabuf("sheet", clip, "-o", name).status == 64) }
  }

  @Test func leavesTheVideoAlone() throws {
    guard let clip = try pyramid() else { return }
    let video = Program.scratch("sheet") + "/video-3.mkv"
    let before = try Data(contentsOf: URL(fileURLWithPath: clip))
    try before.write(to: URL(fileURLWithPath: video))
    let pattern = video.replacing("-3.mkv", with: "-%d.mkv")
    for arguments in [
      ["sheet", video, "-o", video], ["frame", video, "3", "-o", video], ["frame", video, "3", "-o", pattern],
    ] {
      let run = try Program.run(Program.path, arguments)
      #expect(run.status == 1 && run.complaints.count == 1, "\(arguments)")
      #expect(try Data(contentsOf: URL(fileURLWithPath: video)) == before)
    }
  }
}
