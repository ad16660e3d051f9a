internal import CVA

/// Where a plane of an image lies in its memory.
package struct ImagePlane: Hashable, Sendable {
  /// Bytes from the start of the memory to the first sample.
  package var offset: Int
  /// Bytes from one row to the next.
  package var stride: Int

  package init(offset: Int, stride: Int) {
    self.offset = offset
    self.stride = stride
  }
}

/// Owns a `VAImage`: memory that the host can map, made for copies, or the memory of a surface itself.
///
/// Used by one thread at a time; `deinit` calls libva. A derived image must go before its surface does, and while it
/// lives the surface is not to be decoded to.
package struct OwnedImage: ~Copyable {
  package let display: OwnedDisplay
  /// Its planes, in the order of the format. (YV12 has V before U.)
  package let planes: [ImagePlane]
  let value: VAImage

  /// Makes an image to download to or to upload from, and to be used again for the next picture.
  package init(_ display: OwnedDisplay, _ format: ImageFormat, width: Int, height: Int) throws(VAError) {
    var (image, format) = (VAImage(), format.value)
    try display.make(.vaCreateImage) {
      vaCreateImage(display.rawDisplay, &format, Int32(width), Int32(height), &image)
    }
    self.init(display, adopting: image)
  }

  /// Makes an image of the surface's own memory: no copy, where the driver can (`unsupported` or `failed` where not).
  /// The memory may be uncached, and then slow to read with plain loads. `sync` the surface first.
  package init(deriving surface: SurfaceReference) throws(VAError) {
    let display = surface.display
    var image = VAImage()
    try display.make(.vaDeriveImage) { vaDeriveImage(display.rawDisplay, surface.id, &image) }
    self.init(display, adopting: image)
  }

  private init(_ display: OwnedDisplay, adopting image: VAImage) {
    let offsets = [image.offsets.0, image.offsets.1, image.offsets.2]
    let strides = [image.pitches.0, image.pitches.1, image.pitches.2]
    self.display = display
    value = image
    planes = zip(offsets, strides).prefix(Int(image.num_planes)).map {
      ImagePlane(offset: Int($0), stride: Int($1))
    }
  }

  deinit {
    display.finish(.vaDestroyImage) { vaDestroyImage(display.rawDisplay, value.image_id) }
  }

  package var format: FourCC { FourCC(rawValue: value.format.fourcc) }
  /// In pixels; may be wider than the picture.
  package var width: Int { Int(value.width) }
  package var height: Int { Int(value.height) }
  /// Bytes of all planes with their padding.
  package var byteCount: Int { Int(value.data_size) }

  /// What a mapping is for. Drivers with libva 2.21 or newer skip the copy that is not needed.
  package enum Access: Hashable, Sendable {
    case read, write
  }

  /// Maps the image's memory for the time of `body`; `planes` tells where the planes lie in it.
  ///
  /// - Throws: what `body` throws; else `VAError` where mapping or unmapping failed. After a failed unmapping written
  ///   pixels may be lost.
  package func withMapped<R>(_ access: Access, _ body: (UnsafeMutableRawBufferPointer) throws -> R) throws -> R {
    var memory: UnsafeMutableRawPointer?
    try display.make(.vaMapBuffer) {
      vabuf_map_buffer(display.rawDisplay, value.buf, &memory, access == .read ? 1 : 0, access == .write ? 1 : 0)
    }
    let result: R
    do {
      // libva promises memory with success; a driver that gives none is treated as if it had said so.
      guard let memory else { throw VAError(.vaMapBuffer, .operationFailed) }
      result = try body(UnsafeMutableRawBufferPointer(start: memory, count: byteCount))
    } catch {
      display.finish(.vaUnmapBuffer) { vaUnmapBuffer(display.rawDisplay, value.buf) }
      throw error
    }
    try display.make(.vaUnmapBuffer) { vaUnmapBuffer(display.rawDisplay, value.buf) }
    return result
  }
}

extension OwnedDisplay {
  /// Whether pixels that are uploaded to a surface of this format come back: some drivers, as NVIDIA's, take an upload
  /// and drop it. Makes two small images and a surface; ask once for a device.
  package func canUpload(_ format: FourCC) -> Bool {
    do {
      guard let imageFormat = try imageFormats().first(where: { $0.fourcc == format }) else { return false }
      let (width, height) = (128, 128)
      let surfaces = try OwnedSurfaces(
        self, SurfaceDescription(format: format, width: width, height: height), count: 1)
      let sent = try OwnedImage(self, imageFormat, width: width, height: height)
      let returned = try OwnedImage(self, imageFormat, width: width, height: height)
      try sent.withMapped(.write) { $0.fill(137) }
      try returned.withMapped(.write) { $0.fill(0) }
      try surfaces[0].upload(from: sent, width: width, height: height)
      try surfaces[0].sync()
      try surfaces[0].download(to: returned, width: width, height: height)
      let planes = returned.planes
      return try returned.withMapped(.read) { memory in
        planes.allSatisfy { plane in memory[plane.offset..<plane.offset + width].allSatisfy { $0 == 137 } }
      }
    } catch {
      return false
    }
  }
}

extension UnsafeMutableRawBufferPointer {
  fileprivate func fill(_ byte: UInt8) { initializeMemory(as: UInt8.self, repeating: byte) }
}
