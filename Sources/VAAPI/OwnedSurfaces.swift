internal import CVA

/// What surfaces are made of.
package struct SurfaceDescription: Hashable, Sendable {
  package var format: FourCC
  /// Coded width in pixels; the driver may add padding.
  package var width: Int
  /// Coded height in pixels.
  package var height: Int
  /// What they are used for, as the bits of `VA_SURFACE_ATTRIB_USAGE_HINT_...`; 0 leaves it to the driver, as FFmpeg
  /// does.
  package var usage: UInt32

  package init(format: FourCC, width: Int, height: Int, usage: UInt32 = 0) {
    self.format = format
    self.width = width
    self.height = height
    self.usage = usage
  }

  /// Bytes of one surface without what the driver adds: what it counts for in a budget.
  package var byteCount: Int {
    let samples = (width + 1) / 2 * 2 * ((height + 1) / 2 * 2) * 3 / 2
    return format == .p010 ? samples * 2 : samples
  }
}

/// Owns surfaces that belong to no decoder's context, all alike.
///
/// Used by one thread at a time. `deinit` destroys them, on the thread that runs it: a decoder's context that renders
/// to them must be gone before, and so must every image derived from one. An exported DMA-BUF may outlive them.
package struct OwnedSurfaces: ~Copyable {
  package let display: OwnedDisplay
  package let description: SurfaceDescription
  /// Their numbers, in the order in which they were made.
  package private(set) var ids: [SurfaceID] = []

  /// Makes no surface yet.
  package init(_ display: OwnedDisplay, _ description: SurfaceDescription) {
    self.display = display
    self.description = description
  }

  /// Makes some surfaces.
  package init(_ display: OwnedDisplay, _ description: SurfaceDescription, count: Int) throws(VAError) {
    let made = try Self.make(display, description, count)
    self.display = display
    self.description = description
    ids = made
  }

  deinit { Self.destroy(display, ids) }

  /// Makes more surfaces and returns their numbers. Where it throws, there are none more.
  package mutating func grow(by count: Int) throws(VAError) -> [SurfaceID] {
    let more = try Self.make(display, description, count)
    ids += more
    return more
  }

  /// Destroys some of the surfaces.
  package mutating func remove(_ removed: Set<SurfaceID>) {
    precondition(removed.isSubset(of: ids), "a surface that is not ours")
    ids.removeAll { removed.contains($0) }
    Self.destroy(display, removed.sorted())
  }

  /// The surface of that place, to work with.
  package subscript(index: Int) -> SurfaceReference { SurfaceReference(display, ids[index]) }

  private static func make(
    _ display: OwnedDisplay, _ description: SurfaceDescription, _ count: Int
  ) throws(VAError) -> [SurfaceID] {
    guard let rtFormat = description.format.rtFormat else { throw VAError(.vaCreateSurfaces, .unsupportedRTFormat) }
    guard description.width > 0, description.height > 0, count >= 0,
      let width = UInt32(exactly: description.width), let height = UInt32(exactly: description.height)
    else { throw VAError(.vaCreateSurfaces, .invalidParameter) }
    guard count > 0 else { return [] }
    var attributes = [attribute(VASurfaceAttribPixelFormat, description.format.rawValue)]
    if description.usage != 0 { attributes.append(attribute(VASurfaceAttribUsageHint, description.usage)) }
    let attributeCount = UInt32(attributes.count)
    var ids = [SurfaceID](repeating: SurfaceID(VA_INVALID_SURFACE), count: count)
    try display.make(.vaCreateSurfaces) {
      vaCreateSurfaces(
        display.rawDisplay, rtFormat.rawValue, width, height, &ids, UInt32(count), &attributes, attributeCount)
    }
    return ids
  }

  private static func attribute(_ type: VASurfaceAttribType, _ value: UInt32) -> VASurfaceAttrib {
    var attribute = VASurfaceAttrib()
    attribute.type = type
    attribute.flags = UInt32(VA_SURFACE_ATTRIB_SETTABLE)
    attribute.value.type = VAGenericValueTypeInteger
    attribute.value.value.i = Int32(bitPattern: value)
    return attribute
  }

  private static func destroy(_ display: OwnedDisplay, _ ids: [SurfaceID]) {
    guard !ids.isEmpty else { return }
    var ids = ids
    let count = Int32(ids.count)
    display.finish(.vaDestroySurfaces) { vaDestroySurfaces(display.rawDisplay, &ids, count) }
  }
}

extension OwnedDisplay {
  /// Whether the device still works: makes a small surface and destroys it. Drivers answer questions from tables also
  /// when the GPU is gone, memory they cannot give then.
  package func checkAlive() throws(VAError) {
    _ = try OwnedSurfaces(self, SurfaceDescription(format: .nv12, width: 64, height: 64), count: 1)
  }
}
