import FrameModel
import CVA
import Foundation
import Testing

@testable import VAAPI

@Suite struct DMABufTests {
  /// The file behind a descriptor; nil where none is open. Other tests may get a number that was closed here.
  static func file(_ descriptor: Int32) -> ino_t? {
    var status = stat()
    return fstat(descriptor, &status) == 0 ? status.st_ino : nil
  }

  /// A description as a driver gives it of NV12 in one object of 600 bytes.
  static func surface(_ descriptors: [Int32]) -> ExportedSurface {
    var layers = [vabuf_drm_layer](repeating: vabuf_drm_layer(), count: 4)
    layers[0].format = FourCC.r8.rawValue
    layers[0].num_planes = 1
    layers[0].pitch.0 = 20
    layers[1].format = FourCC.gr88.rawValue
    layers[1].num_planes = 1
    layers[1].offset.0 = 400
    layers[1].pitch.0 = 20
    let none = vabuf_drm_object(fd: -1, size: 0, modifier: 0)
    let objects = descriptors.map { vabuf_drm_object(fd: $0, size: 600, modifier: 7) }
    return ExportedSurface(
      format: .nv12, width: 20, height: 20, objectCount: UInt32(descriptors.count), layerCount: 2,
      objects: objects + Array(repeating: none, count: 4 - objects.count), layers: layers)
  }

  /// Memory with a descriptor and without a name.
  static func memory(_ count: Int = 600) throws -> Int32 {
    // There the kernel numbers files anew each time.
    var name = Array("/dev/shm/vabuf-memory-XXXXXX".utf8CString)
    let descriptor = mkstemp(&name)
    try #require(descriptor >= 0 && unlink(name) == 0 && ftruncate(descriptor, count) == 0)
    return descriptor
  }

  @Test func aGoodDescriptionIsTakenOver() throws {
    let descriptor = try Self.memory()
    let file = Self.file(descriptor)
    do {
      let buffer = try DMABuf(adopting: Self.surface([descriptor]))
      #expect(buffer.format == .nv12 && buffer.width == 20 && buffer.height == 20)
      #expect(buffer.objects == [DMABuf.Object(descriptor: descriptor, byteCount: 600, modifier: 7)])
      #expect(
        buffer.layers == [
          DMABuf.Layer(format: .r8, planes: [DMABuf.Plane(object: 0, offset: 0, stride: 20)]),
          DMABuf.Layer(format: .gr88, planes: [DMABuf.Plane(object: 0, offset: 400, stride: 20)]),
        ])
      let copy = buffer.duplicate(object: 0) ?? -1
      #expect(copy >= 0 && copy != descriptor && close(copy) == 0)
      let count = try buffer.withMapped(object: 0) { $0.count }
      #expect(count == 600)
      #expect(Self.file(descriptor) == file)
    }
    #expect(Self.file(descriptor) != file)
  }

  @Test func takenDescriptorsStayOpen() throws {
    let descriptor = try Self.memory()
    let file = Self.file(descriptor)
    let buffer = try DMABuf(adopting: Self.surface([descriptor]))
    #expect(buffer.takeDescriptors() == [descriptor])
    #expect(Self.file(descriptor) == file)
    #expect(close(descriptor) == 0)
  }

  @Test func aDescriptorNamedTwiceIsClosedOnce() throws {
    // closeChecked traps at the second time.
    let descriptor = try Self.memory()
    let file = Self.file(descriptor)
    do { _ = try DMABuf(adopting: Self.surface([descriptor, descriptor])) }
    #expect(Self.file(descriptor) != file)
  }

  @Test func theKernelTellsASizeThatTheDriverLeavesOut() throws {
    var surface = Self.surface([try Self.memory(4096)])
    surface.objects[0].size = 0
    let buffer = try DMABuf(adopting: surface)
    #expect(buffer.objects[0].byteCount == 4096)
  }

  @Test func wrongDescriptionsAreRefusedAndClosed() throws {
    let mistakes: [(String, (inout ExportedSurface) -> Void)] = [
      ("0 objects", { $0.objectCount = 0 }), ("5 objects", { $0.objectCount = 5 }),
      ("0 layers", { $0.layerCount = 0 }), ("9 layers", { $0.layerCount = 9 }),
      ("0 planes in a layer", { $0.layers[1].num_planes = 0 }),
      ("5 planes in a layer", { $0.layers[0].num_planes = 5 }),
      ("a plane in object 1 of 1", { $0.layers[1].object_index.0 = 1 }),
      ("a plane in object 4294967295 of 1", { $0.layers[0].object_index.0 = .max }),
      ("a plane at byte 600 of 600", { $0.layers[1].offset.0 = 600 }),
      ("descriptor -1", { $0.objectCount = 2 }),
    ]
    for (reason, mistake) in mistakes {
      let descriptor = try Self.memory()
      let file = Self.file(descriptor)
      var surface = Self.surface([descriptor])
      mistake(&surface)
      #expect(throws: ExportError.malformed(reason)) { try Self.adopt(surface) }
      // With no object the descriptor was never the driver's.
      let isOpen = Self.file(descriptor) == file
      #expect(isOpen == (surface.objectCount == 0), "\(reason)")
      if isOpen { close(descriptor) }
    }
  }

  // A call that gives no owner, for #expect.
  static func adopt(_ surface: ExportedSurface) throws { _ = try DMABuf(adopting: surface) }

  @Test func memoryThatCannotBeMappedIsAnError() throws {
    var ends: [Int32] = [0, 0]
    #expect(pipe(&ends) == 0)
    defer { close(ends[1]) }
    let buffer = try DMABuf(adopting: Self.surface([ends[0]]))
    do {
      _ = try buffer.withMapped(object: 0) { $0.count }
      Issue.record("a pipe was mapped")
    } catch let error as ExportError {
      #expect(error == .notMapped(ENODEV))
    }
  }
}
