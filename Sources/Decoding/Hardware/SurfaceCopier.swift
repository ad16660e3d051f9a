internal import CVABufShims
internal import FFmpegMedia
internal import FrameModel
internal import VAAPI

/// Downloads a surface by the best of several ways, and uploads to one.
///
/// How a driver likes to be read differs by orders of magnitude (derived images are uncached on some GPUs): each way is
/// measured on the first downloads of a size and format, and the best is kept (`DownloadChoice`).
// Sendable: used on the queue of its `SurfaceAccess` only, and by the device's teardown after that is gone.
final class SurfaceCopier: @unchecked Sendable {
  private typealias Way = DownloadChoice.Way

  private final class Image {
    var image: OwnedImage
    init(_ image: consuming OwnedImage) { self.image = image }
  }

  private var choices: [SurfaceShape: DownloadChoice] = [:]
  private var images: [SurfaceShape: Image] = [:]
  private var transfers: [SurfaceShape: FFmpegDownload] = [:]

  func close() {
    images = [:]
    transfers = [:]
  }

  /// What was measured so far.
  var rates: [DownloadRate] {
    choices.flatMap { shape, choice in
      choice.nanoseconds.sorted { $0.key.rawValue < $1.key.rawValue }.map { way, nanoseconds in
        DownloadRate(
          way: way.rawValue, format: "\(shape.format.fourcc)", width: shape.width, height: shape.height,
          milliseconds: Double(nanoseconds) / 1e6, isBest: way == choice.best)
      }
    }
  }

  /// All ways were tried often enough for pictures of that size and format.
  func knowsBest(_ shape: SurfaceShape) -> Bool {
    choices[shape]?.isSettled ?? false
  }

  func download(_ frame: SurfaceFrame, _ display: OwnedDisplay, into buffer: any HostBuffer) throws {
    let surface = SurfaceReference(display, frame.surfaceID)
    try frame.prove()
    let ways = Way.allCases.filter { way in
      switch way {
      case .deriveStreaming: vabuf_has_streaming_loads()
      // nvidia-vaapi-driver gives the same number twice where two threads make objects at once (`allocateObject`): what
      // makes an image for each picture breaks the decoder sooner or later.
      case .ffmpeg: !display.bindsSurfaces
      default: true
      }
    }
    var choice = choices[frame.shape] ?? DownloadChoice(ways)
    var failure: (any Error)?
    while let way = choice.next {
      do {
        // What is made once does not count.
        if way == .getImage { _ = try reusedImage(frame.shape, display) }
        if way == .ffmpeg { _ = try transfer(frame) }
        let start = ContinuousClock.now
        try download(frame, surface, by: way, into: buffer)
        choice.took(way, nanoseconds: (ContinuousClock.now - start).nanoseconds)
        choices[frame.shape] = choice
        // A picture of memory that is not the pool's.
        if choice.isSettled, choice.next != .ffmpeg { transfers[frame.shape] = nil }
        return
      } catch {
        // Some drivers cannot derive, others have no such image: that way is closed, unless the device itself is at fault.
        failure = failure ?? error
        choice.close(way)
      }
    }
    // Where nothing worked, the next download tries everything again.
    choices[frame.shape] = nil
    guard let failure else { preconditionFailure("there is always a way to try") }
    throw failure
  }

  private func download(
    _ frame: SurfaceFrame, _ surface: SurfaceReference, by way: Way, into buffer: any HostBuffer
  ) throws {
    switch way {
    case .derive, .deriveStreaming:
      let image = try OwnedImage(deriving: surface)
      try read(image, frame, isStreaming: way == .deriveStreaming, into: buffer)
    case .getImage:
      let image = try reusedImage(frame.shape, surface.display)
      // All of it: drivers differ in what they do with an offset.
      try surface.download(to: image.image, width: frame.shape.width, height: frame.shape.height)
      try read(image.image, frame, isStreaming: false, into: buffer)
    case .ffmpeg:
      let transfer = try transfer(frame)
      do {
        try transfer.read(frame.surfaceID) { planes in
          try split(planes.map { Memory(bytes: $0.bytes, stride: $0.stride) }, frame, isStreaming: false, into: buffer)
        }
      } catch let error as FFmpegError {
        throw error.error(
          .deviceFailed, what: "download from \(frame.device.path)", remedy: "look for messages of the GPU in `dmesg`")
      }
    }
  }

  private func transfer(_ frame: SurfaceFrame) throws -> FFmpegDownload {
    if let transfer = transfers[frame.shape] { return transfer }
    guard let context = frame.device.context else { throw frame.device.gone }
    do {
      let transfer = try FFmpegDownload(context, frame.shape, trying: frame.surfaceID)
      transfers[frame.shape] = transfer
      return transfer
    } catch {
      throw error.error(
        .deviceFailed, what: "download from \(frame.device.path)", remedy: "look for messages of the GPU in `dmesg`")
    }
  }

  private func reusedImage(_ shape: SurfaceShape, _ display: OwnedDisplay) throws -> Image {
    if let image = images[shape] { return image }
    guard let format = try display.imageFormats().first(where: { $0.fourcc == shape.format.fourcc }) else {
      throw VAError(.vaCreateImage, .invalidImageFormat)
    }
    let image = Image(try OwnedImage(display, format, width: shape.width, height: shape.height))
    images[shape] = image
    return image
  }

  /// A plane of a surface, as the host sees it.
  private struct Memory {
    var bytes: UnsafeRawBufferPointer
    /// Bytes from one row to the next.
    var stride: Int
  }

  private func read(
    _ image: borrowing OwnedImage, _ frame: SurfaceFrame, isStreaming: Bool, into buffer: any HostBuffer
  ) throws {
    guard image.format == frame.shape.format.fourcc, image.planes.count == 2 else {
      throw VAError(.vaDeriveImage, .invalidImageFormat)
    }
    let planes = image.planes
    try image.withMapped(.read) { memory in
      let sources = try planes.map { plane in
        guard plane.offset >= 0, plane.offset <= memory.count else { throw VAError(.vaMapBuffer, .invalidImageFormat) }
        return Memory(bytes: UnsafeRawBufferPointer(rebasing: memory[plane.offset...]), stride: plane.stride)
      }
      try split(sources, frame, isStreaming: isStreaming, into: buffer)
    }
  }

  /// One pass over the picture: luma copied, chroma split or copied, the crop left out.
  private func split(
    _ sources: [Memory], _ frame: SurfaceFrame, isStreaming: Bool, into buffer: any HostBuffer
  ) throws {
    let (bits, bytes) = (frame.shape.format.bits, frame.shape.format.sampleBytes)
    let target = buffer.baseAddress.assumingMemoryBound(to: UInt8.self)
    let layout = frame.layout
    func rows(_ plane: Int, x: Int, y: Int) throws -> vabuf_rows {
      let source = sources[plane]
      let offset = y * source.stride + x
      let rowBytes = layout.planes[plane].rowBytes * (plane == 1 && layout.planes.count == 3 ? 2 : 1)
      let last = offset + (layout.planes[plane].rows - 1) * source.stride + rowBytes
      // A driver that says less than it maps would make us read beyond its memory.
      guard let base = source.bytes.baseAddress, last <= source.bytes.count else {
        throw VAError(.vaMapBuffer, .invalidImageFormat)
      }
      return vabuf_rows(start: base.assumingMemoryBound(to: UInt8.self) + offset, stride: source.stride)
    }
    let luma = try rows(0, x: frame.left * bytes, y: frame.top)
    let chroma = layout.planes.count > 1 ? try rows(1, x: frame.left / 2 * 2 * bytes, y: frame.top / 2) : luma
    /// Samples become those of the software format.
    func readLuma(_ plane: PlaneLayout) -> Bool {
      vabuf_read_luma(
        target + plane.offset, plane.stride, luma, plane.rowBytes / bytes, plane.rows, Int32(bits), isStreaming)
    }
    func readChroma(_ u: PlaneLayout, _ v: PlaneLayout) -> Bool {
      vabuf_read_chroma(
        target + u.offset, target + v.offset, u.stride, chroma, u.rowBytes / bytes, u.rows, Int32(bits), isStreaming)
    }
    /// Bytes stay as they are in the surface.
    func copy(_ plane: PlaneLayout, _ source: vabuf_rows) -> Bool {
      vabuf_read_luma(target + plane.offset, plane.stride, source, plane.rowBytes, plane.rows, 8, isStreaming)
    }
    let planes = layout.planes
    let isComplete =
      switch planes.count {
      case 1: readLuma(planes[0])
      case 2: copy(planes[0], luma) && copy(planes[1], chroma)
      default: readLuma(planes[0]) && readChroma(planes[1], planes[2])
      }
    guard isComplete else {
      throw VABufError(
        .hostMemoryExhausted, what: "download from \(frame.device.path)", why: "memory is out",
        remedy: "close other programs")
    }
  }

  // MARK: - Uploads

  /// Whether what is put into images arrives; some drivers drop it.
  private var takesImages: [FourCC: Bool] = [:]

  func upload(
    _ layout: PictureLayout, _ buffer: any HostBuffer, to frame: SurfaceFrame, _ display: OwnedDisplay
  ) throws {
    let surface = SurfaceReference(display, frame.surfaceID)
    // Whoever had the surface before may not be done with it.
    try surface.sync()
    do {
      let image = try OwnedImage(deriving: surface)
      try write(layout, buffer, to: image, frame.shape)
    } catch let error as VAError {
      let fourcc = frame.shape.format.fourcc
      let takes = takesImages[fourcc] ?? display.canUpload(fourcc)
      takesImages[fourcc] = takes
      guard takes else { throw error }
      let image = try reusedImage(frame.shape, display)
      try write(layout, buffer, to: image.image, frame.shape)
      try surface.upload(from: image.image, width: frame.shape.width, height: frame.shape.height)
    }
  }

  private func write(
    _ layout: PictureLayout, _ buffer: any HostBuffer, to image: borrowing OwnedImage, _ shape: SurfaceShape
  ) throws {
    let (bits, bytes) = (shape.format.bits, shape.format.sampleBytes)
    let targets = image.planes
    guard image.format == shape.format.fourcc, targets.count == 2 else {
      throw VAError(.vaDeriveImage, .invalidImageFormat)
    }
    let source = UnsafeRawPointer(buffer.baseAddress).assumingMemoryBound(to: UInt8.self)
    func rows(_ plane: Int) -> vabuf_rows {
      vabuf_rows(start: source + layout.planes[plane].offset, stride: layout.planes[plane].stride)
    }
    try image.withMapped(.write) { memory in
      func start(_ plane: Int) throws -> UnsafeMutablePointer<UInt8> {
        let visible = layout.planes[plane]
        let rowBytes = visible.rowBytes * (plane == 1 && layout.planes.count == 3 ? 2 : 1)
        let last = targets[plane].offset + (visible.rows - 1) * targets[plane].stride + rowBytes
        guard let base = memory.baseAddress, last <= memory.count else {
          throw VAError(.vaMapBuffer, .invalidImageFormat)
        }
        return base.assumingMemoryBound(to: UInt8.self) + targets[plane].offset
      }
      if layout.planes.count == 2 {
        for (plane, visible) in layout.planes.enumerated() {
          vabuf_write_luma(try start(plane), targets[plane].stride, rows(plane), visible.rowBytes, visible.rows, 8)
        }
        return
      }
      let luma = layout.planes[0]
      vabuf_write_luma(try start(0), targets[0].stride, rows(0), luma.rowBytes / bytes, luma.rows, Int32(bits))
      guard layout.planes.count == 3 else { return }
      let chroma = layout.planes[1]
      vabuf_write_chroma(
        try start(1), targets[1].stride, rows(1), rows(2), chroma.rowBytes / bytes, chroma.rows, Int32(bits))
    }
  }
}
