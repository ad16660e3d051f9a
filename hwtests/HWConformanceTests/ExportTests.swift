import Decoding
import Glibc
import Testing
import VABuf
import VABufTestKit

/// Surfaces in other hands, and frames that go up. The memory of the software driver can be mapped and read.
@Suite(.enabled(if: SoftwareDriver.isUsable, "\(SoftwareDriver.reason)"))
struct ExportTests {
  /// The planes of a picture, rows without padding.
  private struct Picture: Equatable {
    var planes: [[UInt8]] = []

    /// Of a lease in host memory.
    init(_ lease: FrameLease) {
      for index in lease.descriptor.layout.planes.indices {
        lease.withPlane(index) { plane in
          planes.append((0..<plane.layout.rows).flatMap { [UInt8](plane.row($0)) })
        }
      }
    }

    /// Of an exported surface with 8 bits a sample.
    init(_ frame: ExportedFrame) throws {
      let planes = frame.description.layers.flatMap(\.planes)
      try #require(planes.count == 2)
      let memory = try frame.description.objects.map { object -> UnsafeRawBufferPointer in
        let start = mmap(nil, object.byteCount, PROT_READ, MAP_SHARED, object.descriptor, 0)
        try #require(start != MAP_FAILED)
        return UnsafeRawBufferPointer(start: start, count: object.byteCount)
      }
      defer {
        for object in memory { munmap(UnsafeMutableRawPointer(mutating: object.baseAddress), object.count) }
      }
      func row(_ plane: Int, _ y: Int, _ x: Int, _ count: Int) -> [UInt8] {
        let start = planes[plane].offset + y * planes[plane].stride + x
        return [UInt8](memory[planes[plane].object][start..<start + count])
      }
      let (width, height) = (frame.visibleWidth, frame.visibleHeight)
      let chroma = (0..<(height + 1) / 2).flatMap {
        row(1, frame.top / 2 + $0, frame.left / 2 * 2, (width + 1) / 2 * 2)
      }
      self.planes = [
        (0..<height).flatMap { row(0, frame.top + $0, frame.left, width) },
        stride(from: 0, to: chroma.count, by: 2).map { chroma[$0] },
        stride(from: 1, to: chroma.count, by: 2).map { chroma[$0] },
      ]
    }
  }

  /// Whether a descriptor is open, and for which file: others may get its number when it is closed.
  private func file(of descriptor: Int32) -> ino_t? {
    var status = stat()
    return fstat(descriptor, &status) == 0 ? status.st_ino : nil
  }

  @Test(arguments: [false, true]) func anExportIsThePictureWithoutACopy(separateLayers: Bool) async throws {
    guard let clip = try SurfaceClips.make(SurfaceClips.long) else { return }
    let expected = try await hostPictures(clip.path, [0, 41, 120])
    try await SoftwareDriver.run { run in
      var options = hardwareOptions(run.device)
      // Room for all frames: a demotion would copy.
      options.gpuSurfaces = 400
      let buffer = try await FrameBuffer.open(clip.path, options: options)
      try await Conformance.closing(buffer) { buffer in
        for (number, picture) in expected {
          var lease: FrameLease? = try await buffer.frame(at: number, in: .gpu)
          #expect(lease?.residency == .gpu && lease?.descriptor.backend == .vaapi)
          var exported = try await lease?.exported(separateLayers: separateLayers)
          let descriptors = exported?.description.objects.map(\.descriptor) ?? []
          let files = descriptors.map(file(of:))
          #expect(!files.isEmpty && !files.contains(nil))
          #expect(exported?.description.layers.count == (separateLayers ? 2 : 1))
          // The export alone holds the picture.
          lease = nil
          for other in stride(from: 0, to: 300, by: 25) { _ = try await buffer.frame(at: other, in: .anywhere) }
          #expect(try exported.map(Picture.init) == picture, "frame \(number)")
          exported = nil
          // The thread that exported may be about to let go of it.
          for _ in 0..<500 where zip(descriptors, files).contains(where: { file(of: $0) == $1 }) {
            try await Task.sleep(for: .milliseconds(10))
          }
          #expect(zip(descriptors, files).allSatisfy { file(of: $0) != $1 }, "a descriptor is left open")
        }
        #expect(buffer.metrics.downloads == 0)
      }
      let calls = try run.reports().reduce(into: [:]) { $0.merge($1.calls) { $0 + $1 } }
      #expect(calls["vaExportSurfaceHandle"] == 3)
      #expect(calls["vaGetImage", default: 0] + calls["vaDeriveImage", default: 0] == 0)
    }
  }

  @Test func aSoftwareFrameGoesUpOnRequest() async throws {
    guard let clip = try SurfaceClips.make(SurfaceClips.long) else { return }
    let expected = try await hostPictures(clip.path, [7])[7]
    try await SoftwareDriver.run { run in
      let buffer = try await FrameBuffer.open(clip.path, options: hardwareOptions(run.device, .software))
      try await Conformance.closing(buffer) { buffer in
        let lease = try await buffer.frame(at: 7, in: .gpu)
        #expect(lease.residency == .gpu && lease.descriptor.backend == .software)
        #expect(try Picture(await lease.exported()) == expected)
        // It is in both tiers now: whoever wants either finds it.
        #expect(try await buffer.frame(at: 7, in: .gpu).residency == .gpu)
        #expect(Picture(try await buffer.frame(at: 7)) == expected)
        #expect(buffer.metrics.uploads == 1 && buffer.metrics.downloads == 0)
        #expect(buffer.metrics.cachedSurfaces == 1)
      }
    }
  }

  /// It left the GPU as the surface held it.
  @Test func aDemotedFrameInPairsGoesUpAgain() async throws {
    guard let clip = try SurfaceClips.make(SurfaceClips.long) else { return }
    let expected = try await hostPictures(clip.path, [7])[7]
    let surfaces = try SurfaceClips.needs(clip.path).most + 2
    try await SoftwareDriver.run { run in
      var options = hardwareOptions(run.device)
      options.hostFormat = .surface
      options.gpuSurfaces = surfaces
      let buffer = try await FrameBuffer.open(clip.path, options: options)
      try await Conformance.closing(buffer) { buffer in
        #expect(try await buffer.frame(at: 7).descriptor.layout.format.name == "nv12")
        // One by one: a sequence lets go of frames that it has passed, and frame 7 could stay where it is.
        for number in 8..<80 { _ = try await buffer.frame(at: number, in: .anywhere) }
        #expect(try await buffer.frame(at: 7, in: .anywhere).residency == .host)
        #expect(buffer.metrics.uploads == 0)
        let lease = try await buffer.frame(at: 7, in: .gpu)
        #expect(lease.residency == .gpu && buffer.metrics.uploads == 1)
        #expect(try Picture(await lease.exported()) == expected)
      }
    }
  }

  @Test func aLeaseOnTheHostHasNothingToExport() async throws {
    guard let clip = try SurfaceClips.make(SurfaceClips.long) else { return }
    var options = hardwareOptions("", .software)
    options.device = nil
    let buffer = try await FrameBuffer.open(clip.path, options: options)
    let lease = try await buffer.frame(at: 0)
    await #expect(throws: VABufError.self) { _ = try await lease.exported() }
    await buffer.close()
  }

  private func hostPictures(_ path: String, _ numbers: [Int]) async throws -> [Int: Picture] {
    let buffer = try await FrameBuffer.open(path, options: hardwareOptions("", .software))
    var pictures: [Int: Picture] = [:]
    for number in numbers { pictures[number] = Picture(try await buffer.frame(at: number)) }
    await buffer.close()
    return pictures
  }
}
