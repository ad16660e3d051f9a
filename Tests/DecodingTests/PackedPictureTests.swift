import FrameModel
import Testing
import VABufTestKit

@testable import Decoding

/// What is packed is the same when it is unpacked, whatever it was.
@Suite(.timeLimit(.minutes(5))) struct PackedPictureTests {
  // Sendable: one task has it.
  private final class Memory: HostBuffer, @unchecked Sendable {
    let baseAddress: UnsafeMutableRawPointer
    let byteCount: Int
    init(_ byteCount: Int) {
      self.byteCount = byteCount
      baseAddress = .allocate(byteCount: byteCount, alignment: 64)
      // Whatever was there before must not matter.
      baseAddress.initializeMemory(as: UInt8.self, repeating: 0xa5, count: byteCount)
    }
    deinit { baseAddress.deallocate() }
  }

  private func format(bits: Int, _ traits: PixelFormat.Traits = .planar) -> PixelFormat {
    PixelFormat(
      name: "test", bitsPerComponent: bits, componentCount: 1, planeCount: 1, log2ChromaWidth: 0, log2ChromaHeight: 0,
      traits: traits)
  }

  private struct Picture {
    var buffer: any HostBuffer
    var layout: PictureLayout
  }

  /// A picture of planes that lie one behind the other; `sample` gives the byte of plane, row and column.
  private func picture(
    _ planes: [PlaneLayout], bytes: Int, bits: Int = 8, _ sample: (Int, Int, Int) -> UInt8
  ) -> Picture {
    let memory = Memory(bytes)
    for (index, plane) in planes.enumerated() {
      for row in 0..<plane.rows {
        for column in 0..<plane.rowBytes {
          memory.baseAddress.storeBytes(
            of: sample(index, row, column), toByteOffset: plane.offset + row * plane.stride + column, as: UInt8.self)
        }
      }
    }
    return Picture(
      buffer: memory, layout: PictureLayout(width: 0, height: 0, format: format(bits: bits), planes: planes))
  }

  private func unpacked(_ packed: PackedPicture) -> Picture {
    let plain = Memory(packed.plainBytes)
    packed.unpack(into: plain)
    return Picture(
      buffer: plain, layout: PictureLayout(width: 0, height: 0, format: format(bits: 8), planes: packed.planes))
  }

  private func rows(of picture: Picture) -> [UInt8] {
    picture.layout.planes.flatMap { plane in
      (0..<plane.rows).flatMap { row in
        [UInt8](
          UnsafeRawBufferPointer(
            start: picture.buffer.baseAddress + plane.offset + row * plane.stride, count: plane.rowBytes))
      }
    }
  }

  private func packed(_ picture: Picture, _ packer: inout PicturePacker) -> PackedPicture? {
    packer.pack(picture.buffer, picture.layout) { Memory($0) }
  }

  @Test(arguments: [false, true], [8, 10, 16])
  func itIsTheSameAfterwards(fast: Bool, bits: Int) throws {
    let sampleBytes = bits > 8 ? 2 : 1
    var packer = PicturePacker(isFast: fast && PackedPicture.isFast)
    for width in [1, 2, 7, 8, 15, 16, 17, 31, 32, 33, 47, 63, 64, 65, 100, 640] {
      for rows in [1, 2, 3, 36] {
        let rowBytes = width * sampleBytes
        let stride = rowBytes + 13
        let planes = [
          PlaneLayout(offset: 5, stride: stride, rowBytes: rowBytes, rows: rows),
          // Bottom-up.
          PlaneLayout(offset: 5 + stride * (2 * rows - 1), stride: -stride, rowBytes: rowBytes, rows: rows),
          PlaneLayout(offset: 0, stride: 0, rowBytes: 0, rows: 0),
        ]
        let picture = picture(planes, bytes: 5 + stride * 2 * rows + 8192, bits: bits) { plane, row, column in
          // Smooth, with each width of difference somewhere, and the upper bytes of wide samples small.
          sampleBytes == 2 && column % 2 == 1
            ? UInt8(row % 3) : UInt8(truncatingIfNeeded: column * 3 + row * (1 << (column / 16 % 8)) + plane)
        }
        let packed = try #require(packed(picture, &packer), "\(width)x\(rows)")
        let plain = unpacked(packed)
        #expect(plain.buffer.baseAddress.load(fromByteOffset: 5 + rowBytes, as: UInt8.self) == 0xa5, "between rows")
        #expect(self.rows(of: plain) == self.rows(of: picture), "\(width)x\(rows), \(bits) bits")
      }
    }
  }

  /// Slow steps and fast ones give the same bytes: what one packed the other unpacks.
  @Test(.enabled(if: PackedPicture.isFast, "this processor has no fast steps")) func bothWaysAreOne() throws {
    let plane = PlaneLayout(offset: 0, stride: 320, rowBytes: 320, rows: 180)
    let picture = picture([plane], bytes: 320 * 180) { _, row, column in
      UInt8(truncatingIfNeeded: row * column / 50 + column % 5)
    }
    for fast in [false, true] {
      var packer = PicturePacker(isFast: fast)
      var packed = try #require(packed(picture, &packer))
      packed.isFast = !fast
      #expect(rows(of: unpacked(packed)) == rows(of: picture))
    }
  }

  @Test func aFlatPictureTakesNextToNothing() throws {
    var packer = PicturePacker()
    let plane = PlaneLayout(offset: 0, stride: 1920, rowBytes: 1920, rows: 1080)
    let picture = picture([plane], bytes: 1920 * 1080) { _, _, _ in 128 }
    let packed = try #require(packed(picture, &packer))
    #expect(packed.byteCount < 1920 * 1080 / 16)
  }

  @Test func noiseIsLeftAlone() {
    var random = SeededRandom(seed: 1)
    var packer = PicturePacker()
    let plane = PlaneLayout(offset: 0, stride: 640, rowBytes: 640, rows: 360)
    let noise = picture([plane], bytes: 640 * 360) { _, _, _ in UInt8.random(in: 0...255, using: &random) }
    #expect(packed(noise, &packer) == nil)
    // And what comes after it is right.
    let smooth = picture([plane], bytes: 640 * 360) { _, row, column in UInt8(truncatingIfNeeded: row + column) }
    let packed = packed(smooth, &packer)
    #expect(packed.map { rows(of: unpacked($0)) } == rows(of: smooth))
  }

  /// Pictures share buffers, and one may begin in one and end in the next.
  @Test func picturesShareBuffers() throws {
    var packer = PicturePacker()
    var leases = 0
    let plane = PlaneLayout(offset: 0, stride: 640, rowBytes: 640, rows: 360)
    var kept: [(PackedPicture, [UInt8])] = []
    for seed in 0..<20 {
      let picture = picture([plane], bytes: 640 * 360) { _, row, column in
        UInt8(truncatingIfNeeded: (row * seed + column * 7) / 3)
      }
      let packed = packer.pack(picture.buffer, picture.layout) {
        leases += 1
        return Memory($0)
      }
      kept.append((try #require(packed), rows(of: picture)))
    }
    let bytes = kept.reduce(0) { $0 + $1.0.byteCount }
    // And a few bytes behind each.
    #expect(leases == (bytes + 20 * 8 + 640 * 360 - 1) / (640 * 360), "\(bytes) bytes lie in \(leases) buffers")
    for (packed, expected) in kept { #expect(rows(of: unpacked(packed)) == expected) }
  }
}
