// A program that hands pictures to another API without a copy, as a player does to EGL or Vulkan, and copies them where
// that cannot be done: SharedSurfaces FILE [auto|vaapi|software] [DEVICE]
import Foundation
import VABuf

@main enum SharedSurfaces {
  static func main() async {
    do {
      try await share(CommandLine.arguments)
    } catch {
      FileHandle.standardError.write(Data("vabuf: \(error)\n".utf8))
      exit(1)
    }
  }

  private static func share(_ arguments: [String]) async throws {
    guard arguments.count > 1 else { throw Usage() }
    var options = FrameBuffer.Options()
    if arguments.count > 2 { options.backend = BackendPreference(rawValue: arguments[2]) ?? .auto }
    if arguments.count > 3 { options.device = arguments[3] }
    // Better a copy than a picture that stands still for long.
    options.deviceDeadline = .seconds(2)
    let buffer = try await FrameBuffer.open(arguments[1], options: options)
    do {
      try await share(buffer)
    } catch {
      await buffer.close()
      throw error
    }
    await buffer.close()
  }

  private static func share(_ buffer: FrameBuffer) async throws {
    var isShared = true
    for number in 0..<(buffer.frameCount ?? 0) {
      if isShared {
        do {
          // Decoded there, or uploaded. The picture stays as it is until `exported` goes.
          let exported = try await buffer.frame(at: number, in: .gpu).exported(separateLayers: true)
          print("# \(number): \(describe(exported.description))")
        } catch let error as VABufError where [.deviceFailed, .backendUnavailable].contains(error.code) {
          print("# \(number): copied from here on: \(error)")
          isShared = false
        }
      }
      let frame = try await buffer.frame(at: number)
      let bytes = frame.descriptor.layout.planes.reduce(0) { $0 + $1.rowBytes * $1.rows }
      print("0, \(number), \(frame.descriptor.timestamp.ticks), 1, \(bytes), \(try frame.md5())")
    }
  }

  /// What `EGL_EXT_image_dma_buf_import` or `VK_EXT_external_memory_dma_buf` is told.
  private static func describe(_ picture: DMABufDescription) -> String {
    picture.layers.map { layer in
      let planes = layer.planes.map { plane in
        let object = picture.objects[plane.object]
        return "+\(plane.offset) stride \(plane.stride) of \(object.byteCount) bytes, modifier \(object.modifier)"
      }
      return "\(fourcc(layer.fourcc)) \(planes.joined(separator: ", "))"
    }.joined(separator: "; ")
  }

  private static func fourcc(_ code: UInt32) -> String {
    String(decoding: (0..<4).map { UInt8(truncatingIfNeeded: code >> ($0 * 8)) }, as: UTF8.self)
  }

  private struct Usage: Error, CustomStringConvertible {
    var description: String { "SharedSurfaces: no file was given: SharedSurfaces FILE [auto|vaapi|software] [DEVICE]" }
  }
}
