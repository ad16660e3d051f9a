internal import CDRM
internal import CVA
package import FrameModel
internal import Glibc

/// Owns the descriptors of an exported surface: each is closed once, by `deinit` or by who takes them.
///
/// Any thread; no libva call is made. The memory lives as long as any descriptor of it, also after the surface and the
/// display are gone. But the decoder writes the next picture into a surface that is free: who reads must keep the frame.
package struct DMABuf: ~Copyable, Sendable {
  package typealias Object = DMABufDescription.Object
  package typealias Plane = DMABufDescription.Plane

  /// What an importer makes one image of.
  package struct Layer: Hashable, Sendable {
    /// DRM's name of the format, as `NV12`, or `R8` and `GR88` for separate layers.
    package var format: FourCC
    package var planes: [Plane]
  }

  /// The whole surface's format.
  package let format: FourCC
  /// In pixels: the surface, which may be larger than the picture.
  package let width: Int
  package let height: Int
  package let layers: [Layer]
  package private(set) var objects: [Object]

  deinit {
    for descriptor in Set(objects.map(\.descriptor)) { closeChecked(descriptor) }
  }

  /// Hands the descriptors out, in the order of `objects`: the caller closes each once.
  package consuming func takeDescriptors() -> [Int32] {
    let taken = objects.map(\.descriptor)
    objects = []
    return taken
  }

  /// A descriptor of the same memory, owned by the caller.
  package func duplicate(object: Int) -> Int32? {
    let copy = fcntl(objects[object].descriptor, F_DUPFD_CLOEXEC, 0)
    return copy < 0 ? nil : copy
  }

  /// Maps an object for reading by the host, for the time of `body`. Meaningful for linear memory; slow where it is
  /// uncached.
  ///
  /// - Throws: what `body` throws; else `ExportError` with the reason.
  package func withMapped<R>(object: Int, _ body: (UnsafeRawBufferPointer) throws -> R) throws -> R {
    let (descriptor, count) = (objects[object].descriptor, objects[object].byteCount)
    guard let memory = mmap(nil, count, PROT_READ, MAP_SHARED, descriptor, 0), memory != MAP_FAILED else {
      throw ExportError.notMapped(errno)
    }
    defer { munmap(memory, count) }
    try Self.announce(VABUF_DMA_BUF_SYNC_START, descriptor)
    let result = Result { try body(UnsafeRawBufferPointer(start: memory, count: count)) }
    try Self.announce(VABUF_DMA_BUF_SYNC_END, descriptor)
    return try result.get()
  }

  // Tells the kernel that the host reads. What is no dma-buf, as a software driver's memfd, needs it not: ENOTTY.
  private static func announce(_ flag: UInt64, _ descriptor: Int32) throws {
    guard vabuf_dma_buf_sync_read(descriptor, flag) != 0, errno != ENOTTY else { return }
    throw ExportError.notMapped(errno)
  }
}

/// Why a surface could not be shared.
package enum ExportError: Error, Hashable, Sendable {
  case refused(VAError)
  /// The driver described memory that cannot be: what is wrong with it.
  case malformed(String)
  /// The host cannot map the memory; an errno.
  case notMapped(Int32)
}

extension ExportError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .refused(let error): "\(error)"
    case .malformed(let why): "the driver's description of the surface is wrong: \(why)"
    case .notMapped(let number): "the exported memory cannot be mapped: \(String(cString: strerror(number)))"
    }
  }
}

extension SurfaceReference {
  /// How an exported surface is to be cut into layers. Some drivers know one way only: read what came of it in
  /// `DMABuf.layers`.
  package enum Layers: Hashable, Sendable {
    /// One layer with all planes: what most compositors import.
    case composed
    /// One layer a plane: what GL and Vulkan import as textures.
    case separate
  }

  /// Exports the surface's memory for reading. Waits until the picture is whole: the export itself does not.
  ///
  /// - Parameter timeout: as for `sync`.
  package func export(_ layers: Layers, timeout: Duration? = nil) throws(ExportError) -> DMABuf {
    do {
      try sync(timeout: timeout)
      var description = VADRMPRIMESurfaceDescriptor()
      let cut = layers == .composed ? VA_EXPORT_SURFACE_COMPOSED_LAYERS : VA_EXPORT_SURFACE_SEPARATE_LAYERS
      try display.make(.vaExportSurfaceHandle) {
        vaExportSurfaceHandle(
          display.rawDisplay, id, UInt32(VA_SURFACE_ATTRIB_MEM_TYPE_DRM_PRIME_2),
          UInt32(VA_EXPORT_SURFACE_READ_ONLY) | UInt32(cut), &description)
      }
      return try DMABuf(adopting: ExportedSurface(description))
    } catch let error as VAError {
      throw .refused(error)
    } catch let error as ExportError {
      throw error
    } catch {
      throw .malformed("\(error)")
    }
  }
}
