internal import CVABufShims
internal import FFmpegMedia
internal import FrameModel
internal import VAAPI

/// The ways of a download, and which one is best; the way of an upload.
///
/// How a driver likes to be read differs by orders of magnitude (FFmpeg's own way is two copies and an image made for each
/// frame; derived images are uncached on some GPUs): each way is measured on the first downloads of a size and format, and
/// the fastest is kept.
// Sendable: used on the queue of its `SurfaceAccess` only, and by the device's teardown after that is gone.
final class SurfaceCopier: @unchecked Sendable {
  private enum Way: String, CaseIterable {
    /// Map the surface's own memory: one copy.
    case derive
    /// The same, read by streaming loads.
    case deriveStreaming = "derive_streaming"
    /// Let the driver copy into an image that is used again: two copies, from cached memory.
    case getImage = "get_image"
  }

  private struct Choice {
    var ways: [Way]
    /// Nanoseconds of the best try of each, and how many there were.
    var cost: [Way: (best: Int64, tries: Int)] = [:]

    /// The next way to try; the best one when all were tried often enough.
    var next: Way? {
      if let new = ways.first(where: { (cost[$0]?.tries ?? 0) < 3 }) { return new }
      return ways.min { (cost[$0]?.best ?? .max) < (cost[$1]?.best ?? .max) }
    }
  }

  private final class Image {
    var image: OwnedImage
    init(_ image: consuming OwnedImage) { self.image = image }
  }

  private var choices: [SurfaceShape: Choice] = [:]
  private var images: [SurfaceShape: Image] = [:]

  func close() { images = [:] }

  /// What was measured so far.
  var rates: [DownloadRate] {
    choices.flatMap { shape, choice in
      let best = choice.cost.min { $0.value.best < $1.value.best }?.key
      return choice.cost.sorted { $0.key.rawValue < $1.key.rawValue }.map { way, cost in
        DownloadRate(
          way: way.rawValue, format: "\(shape.format.fourcc)", width: shape.width, height: shape.height,
          milliseconds: Double(cost.best) / 1e6, isBest: way == best)
      }
    }
  }

  /// All ways were tried often enough for pictures of that size and format.
  func knowsBest(_ shape: SurfaceShape) -> Bool {
    guard let choice = choices[shape] else { return false }
    return choice.ways.allSatisfy { (choice.cost[$0]?.tries ?? 0) >= 3 }
  }

  func download(_ frame: SurfaceFrame, _ display: OwnedDisplay, into buffer: any HostBuffer) throws {
    let surface = SurfaceReference(display, frame.surfaceID)
    try frame.prove()
    let ways = Way.allCases.filter { $0 != .deriveStreaming || vabuf_has_streaming_loads() }
    var choice = choices[frame.shape] ?? Choice(ways: ways)
    var failure: (any Error)?
    while let way = choice.next {
      let start = ContinuousClock.now
      do {
        try download(frame, surface, by: way, into: buffer)
        let time = (ContinuousClock.now - start).nanoseconds
        let known = choice.cost[way]
        choice.cost[way] = (min(known?.best ?? .max, time), (known?.tries ?? 0) + 1)
        choices[frame.shape] = choice
        return
      } catch {
        // Some drivers cannot derive, others have no such image: that way is closed, unless the device itself is at fault.
        failure = failure ?? error
        choice.ways.removeAll { $0 == way }
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

  /// One pass over the picture: luma copied, chroma split, the crop left out.
  private func read(
    _ image: borrowing OwnedImage, _ frame: SurfaceFrame, isStreaming: Bool, into buffer: any HostBuffer
  ) throws {
    let (bits, bytes) = (frame.shape.format.bits, frame.shape.format.sampleBytes)
    guard image.format == frame.shape.format.fourcc, image.planes.count == 2 else {
      throw VAError(.vaDeriveImage, .invalidImageFormat)
    }
    let target = buffer.baseAddress.assumingMemoryBound(to: UInt8.self)
    let layout = frame.layout
    let sources = image.planes
    let isComplete = try image.withMapped(.read) { memory -> Bool in
      func rows(_ plane: Int, x: Int, y: Int) throws -> vabuf_rows {
        let offset = sources[plane].offset + y * sources[plane].stride + x
        let rows = layout.planes[plane].rows
        let last = offset + (rows - 1) * sources[plane].stride + layout.planes[plane].rowBytes * (plane == 0 ? 1 : 2)
        // A driver that says less than it maps would make us read beyond its memory.
        guard let base = memory.baseAddress, offset >= 0, last <= memory.count else {
          throw VAError(.vaMapBuffer, .invalidImageFormat)
        }
        return vabuf_rows(
          start: base.assumingMemoryBound(to: UInt8.self) + offset, stride: sources[plane].stride)
      }
      let luma = layout.planes[0]
      let isLumaRead = vabuf_read_luma(
        target + luma.offset, luma.stride, try rows(0, x: frame.left * bytes, y: frame.top), luma.rowBytes / bytes,
        luma.rows,
        Int32(bits), isStreaming)
      guard layout.planes.count == 3 else { return isLumaRead }
      let (u, v) = (layout.planes[1], layout.planes[2])
      let chroma = try rows(1, x: frame.left / 2 * 2 * bytes, y: frame.top / 2)
      let isChromaRead = vabuf_read_chroma(
        target + u.offset, target + v.offset, u.stride, chroma, u.rowBytes / bytes, u.rows, Int32(bits), isStreaming)
      return isLumaRead && isChromaRead
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
        let last = targets[plane].offset + (visible.rows - 1) * targets[plane].stride + visible.rowBytes * (plane + 1)
        guard let base = memory.baseAddress, last <= memory.count else {
          throw VAError(.vaMapBuffer, .invalidImageFormat)
        }
        return base.assumingMemoryBound(to: UInt8.self) + targets[plane].offset
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
