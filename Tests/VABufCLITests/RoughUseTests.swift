import Foundation
import Testing
import VABufTestKit

/// What people do to a command that is not what it is for.
@Suite(.timeLimit(.minutes(5))) struct RoughUseTests {
  /// Made by the test, in a folder of its own.
  private func clip(_ name: String, _ folder: String, _ arguments: String) throws -> String {
    let path = Program.scratch("rough/\(folder)") + "/" + name
    _ = try Program.ffmpeg(arguments.split(separator: " ").map(String.init) + [path])
    return path
  }

  @Test(arguments: [SIGINT, SIGTERM]) func anInterruptedIndexSaysNothing(_ signal: Int32) throws {
    let path = try clip("long.mkv", "index", "-f lavfi -i testsrc2=s=320x180:r=25:d=60 -c:v ffv1")
    for delay in [0.1, 0.25] {
      let run = try Program.vabuf(
        "index", path, environment: ["VABUF_CACHE_DIR": Program.scratch("rough/none-\(signal)-\(delay)")],
        signal: (signal, delay))
      #expect(run.status == 130 && run.complaints.isEmpty && run.text.isEmpty, "\(delay) s: \(run.errors)")
    }
  }

  /// JPEG pictures without a marker: the packets promise frames.
  @Test func aStreamWithoutAFrameIsAnError() throws {
    let path = try clip("x.avi", "none", "-f lavfi -i testsrc2=s=64x48:r=25:d=1 -c:v mjpeg")
    var data = try Data(contentsOf: URL(fileURLWithPath: path))
    let movie = try #require(data.firstRange(of: Data("movi".utf8)))
    for position in movie.upperBound..<data.endIndex where data[position] == 0xff { data[position] = 0 }
    try data.write(to: URL(fileURLWithPath: path))
    for arguments in [["framemd5", path], ["frame", "--all", path], ["play", "--headless", path], ["bench", path]] {
      let run = try Program.run(Program.path, arguments + ["--quiet"])
      #expect(run.status == 1, "\(arguments[0])")
      #expect(
        run.complaints == [
          "vabuf: \(path): no frame of its video stream can be decoded: if the file was cut off or damaged, copy it again"
        ])
    }
  }

  @Test func whatIsMissingIsNamedAsTheCommandDoes() throws {
    let path = try clip("x.mkv", "options", "-f lavfi -i testsrc2=s=64x48:r=25:d=1 -c:v ffv1")
    let device = try Program.vabuf("framemd5", "--backend", "vaapi", "--device", "/nope", path)
    #expect(device.status == 1 && device.complaints.first?.contains("/nope") == true, "\(device.errors)")
    let memory = try Program.vabuf("framemd5", "--host-memory", "10000", path)
    #expect(memory.status == 1 && memory.complaints.first?.contains("--host-memory") == true, "\(memory.errors)")
    for run in [device, memory] { #expect(!run.errors.contains("Options."), "\(run.errors)") }
  }

  @Test func aPercentSignIsAPartOfTheName() throws {
    let source = "-f lavfi -i testsrc2=s=64x48:r=25:d=1 -frames:v"
    _ = try clip("img%d.png", "percent", source + " 3")
    let path = try clip("one.png", "percent", source + " 1 -update 1")
    let named = Program.scratch("rough/percent") + "/img%d.png"
    #expect(try Program.vabuf("framemd5", named).lines.count { !$0.hasPrefix("#") } == 3)
    try FileManager.default.copyItem(atPath: path, toPath: named)
    #expect(try Program.vabuf("framemd5", named).lines.count { !$0.hasPrefix("#") } == 1)
  }

  @Test func aNameThatIsNotUTF8IsRefused() throws {
    let run = try Program.run("/bin/sh", ["-c", #"exec "$0" index "$(printf 'caf\351.mp4')""#, Program.path])
    #expect(run.status == 64 && run.complaints.first?.contains("is not UTF-8") == true, "\(run.errors)")
    // The sign for what cannot be read is a character like others.
    #expect(try Program.vabuf("index", "caf\u{fffd}.mp4").status == 1)
  }
}
