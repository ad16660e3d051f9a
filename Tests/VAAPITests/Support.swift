import FrameModel
import Synchronization
import VAAPI

/// A picture of two planes, NV12 or P010, whose every sample follows from a seed.
struct Picture {
  let width: Int
  let height: Int
  let bytesPerSample: Int
  let seed: UInt8

  init(_ description: SurfaceDescription, seed: UInt8) {
    (width, height) = (description.width, description.height)
    bytesPerSample = description.format == .p010 ? 2 : 1
    self.seed = seed
  }

  private func rows(_ plane: Int) -> Int { plane == 0 ? height : height / 2 }
  private var rowBytes: Int { width * bytesPerSample }
  private func byte(_ plane: Int, _ row: Int, _ column: Int) -> UInt8 {
    UInt8(truncatingIfNeeded: (row &* 31 &+ column &* 7 &+ plane &* 101) ^ Int(seed))
  }

  func write(to memory: UnsafeMutableRawBufferPointer, _ planes: [ImagePlane]) {
    for (plane, place) in planes.enumerated() {
      for row in 0..<rows(plane) {
        for column in 0..<rowBytes { memory[place.offset + row * place.stride + column] = byte(plane, row, column) }
      }
    }
  }

  private func equals(_ memory: UnsafeRawBufferPointer, _ planes: [ImagePlane]) -> Bool {
    guard planes.count == 2 else { return false }
    return planes.enumerated().allSatisfy { plane, place in
      (0..<rows(plane)).allSatisfy { row in
        (0..<rowBytes).allSatisfy { memory[place.offset + row * place.stride + $0] == byte(plane, row, $0) }
      }
    }
  }

  func equals(_ image: borrowing OwnedImage) throws -> Bool {
    let planes = image.planes
    return try image.withMapped(.read) { equals(UnsafeRawBufferPointer($0), planes) }
  }

  func equals(_ shared: borrowing DMABuf) throws -> Bool {
    let planes = shared.layers.flatMap(\.planes)
    guard planes.allSatisfy({ $0.object == 0 }) else { return false }
    return try shared.withMapped(object: 0) { memory in
      equals(memory, planes.map { ImagePlane(offset: $0.offset, stride: $0.stride) })
    }
  }
}

/// Keeps what libva said.
final class Heard: Sendable {
  private let kept = Mutex<[DriverMessage]>([])
  var messages: [DriverMessage] { kept.withLock { $0 } }
  func add(_ message: DriverMessage) { kept.withLock { $0.append(message) } }
}
