import FFmpegMedia
import Foundation
import FrameModel
import Logging
import SystemPackage
import VABufTestKit

@testable import Decoding

/// A folder that is gone with the test.
final class TemporaryFolder {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "/vabuf-test-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  var store: IndexStore { IndexStore(folder: FilePath(path)) }

  var files: [String] { (try? FileManager.default.contentsOfDirectory(atPath: path).sorted()) ?? [] }
}

extension SessionOptions {
  init(_ path: String, threads: Int = 0, store: IndexStore? = nil) {
    self.init(path: path, logger: Logger(label: "none") { _ in SwiftLogNoOpLogHandler() })
    self.threads = threads
    self.store = store
  }
}

extension DecodeEngine {
  convenience init(_ options: SessionOptions, _ allocator: any HostAllocator = TrackingAllocator()) throws {
    try self.init(options, allocator: allocator, interrupt: InterruptFlag())
  }

  /// The next frame that is given out; nil at the end.
  func nextFrame() throws -> DecodedFrame? {
    while true {
      switch try step() {
      case .frame(let frame): return frame
      case .passed: continue
      case .ended: return nil
      }
    }
  }

  func frame(_ number: Int) throws -> DecodedFrame? {
    try seek(to: number, keeping: number)
    return try nextFrame()
  }

  /// The digests of all frames, forward.
  func digests() throws -> [String] {
    try seek(to: 0, keeping: 0)
    var digests: [String] = []
    while let frame = try nextFrame() { digests.append(try frame.md5()) }
    return digests
  }
}

extension DecodedFrame {
  /// The memory of a frame that was decoded in software.
  private var buffer: any HostBuffer {
    guard case .host(let buffer, _) = contents else {
      preconditionFailure("frame \(descriptor.number) is in a surface")
    }
    return buffer
  }

  func md5() throws -> String { try FrameDigest.md5(descriptor.layout, base: buffer.baseAddress) }
}

/// Whole files.
enum Bytes {
  static func read(_ path: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: path)) }
  static func write(_ bytes: Data, _ path: String) throws { try bytes.write(to: URL(fileURLWithPath: path)) }
}
