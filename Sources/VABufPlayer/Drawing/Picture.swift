internal import CPlacebo
internal import FrameModel
internal import VABuf

/// A frame that is ready to be drawn: in host memory, in a surface that the display may read, or turned into RGB.
struct ReadyFrame: Sendable {
  /// Which order of the feeder it answers.
  var order: Int
  /// Its turn in the run; 0 for a still.
  var turn = 0
  var lease: FrameLease
  /// Its surface, for import.
  var exported: ExportedFrame?
  /// Where its own format is no texture.
  var rgb: RGBPicture?
  /// False for one that only lies near the wanted one.
  var isExact = true

  var number: Int { lease.number }
}

/// The textures of the frame on the screen.
///
/// For the thread of the window only.
final class Picture {
  private let device: any GraphicsDevice
  private var uploads: [TextureBox] = []
  /// What is drawn now: its textures, and what must live as long as they are.
  private var imports: [TextureBox] = []
  private var owner: ReadyFrame?
  private(set) var frame = pl_frame()
  private(set) var descriptor: FrameDescriptor?
  /// The textures are the surface itself.
  private(set) var isImported = false

  /// An array cannot hold what is not copyable.
  private final class TextureBox {
    var texture: OwnedTexture
    init(_ texture: consuming OwnedTexture) { self.texture = texture }
  }

  init(_ device: any GraphicsDevice) { self.device = device }

  /// Takes a frame over; what was there before goes.
  ///
  /// - Returns: false where the driver takes neither its surface nor its samples. The old one stays, unless its textures
  ///   were written to meanwhile: then there is none.
  func set(_ ready: ReadyFrame) -> Bool {
    var frame = pl_frame()
    let descriptor = ready.lease.descriptor
    frame.color = ColorMapping.space(descriptor)
    frame.rotation = PlayerGeometry.rotation(descriptor)
    frame.crop = pl_rect2df(
      x0: 0, y0: 0, x1: Float(descriptor.layout.width), y1: Float(descriptor.layout.height))
    var imports: [TextureBox] = []
    if let exported = ready.exported {
      guard let boxes = importPlanes(exported, descriptor, &frame) else { return false }
      imports = boxes
    } else {
      let isUploaded = if let rgb = ready.rgb { upload(rgb, &frame) } else { upload(ready.lease, descriptor, &frame) }
      guard isUploaded else {
        // One of several planes may have another texture now.
        if !isImported { self.descriptor = nil }
        return false
      }
    }
    if frame.num_planes > 1 { pl_frame_set_chroma_location(&frame, ColorMapping.chromaLocation(descriptor)) }
    letGo()
    self.frame = frame
    self.descriptor = descriptor
    self.imports = imports
    owner = ready
    isImported = ready.exported != nil
    return true
  }

  deinit { letGo() }

  /// Before the surface of the frame on the screen is anyone else's to write.
  private func letGo() {
    for box in imports { box.texture.finish() }
  }

  var lease: FrameLease? { owner?.lease }

  // MARK: - From host memory

  private func upload(_ lease: FrameLease, _ descriptor: FrameDescriptor, _ frame: inout pl_frame) -> Bool {
    guard let mapping = PlaneMapping(descriptor.layout.format) else { return false }
    frame.repr = ColorMapping.representation(descriptor)
    frame.repr.bits = mapping.bits
    frame.repr.alpha = descriptor.layout.format.traits.contains(.alpha) ? PL_ALPHA_INDEPENDENT : PL_ALPHA_UNKNOWN
    frame.num_planes = Int32(mapping.planes.count)
    for (index, components) in mapping.planes.enumerated() {
      let isDone = lease.withPlane(index) { plane in
        // Rows that are stored bottom-up begin at the last one.
        let isFlipped = plane.layout.stride < 0
        let start = isFlipped ? plane.baseAddress + (plane.layout.rows - 1) * plane.layout.stride : plane.baseAddress
        return upload(
          index, components, bits: mapping.stored, start,
          width: plane.layout.rowBytes / (components.count * mapping.stored / 8), height: plane.layout.rows,
          stride: abs(plane.layout.stride), isFlipped: isFlipped, &frame)
      }
      guard isDone else { return false }
    }
    return true
  }

  private func upload(_ rgb: RGBPicture, _ frame: inout pl_frame) -> Bool {
    frame.repr.sys = PL_COLOR_SYSTEM_RGB
    frame.repr.levels = PL_COLOR_LEVELS_FULL
    frame.num_planes = 1
    return rgb.bytes.withUnsafeBytes { bytes in
      guard let start = bytes.baseAddress else { return false }
      return upload(
        0, [0, 1, 2], bits: 8, start, width: rgb.width, height: rgb.height, stride: rgb.width * 3, isFlipped: false,
        &frame)
    }
  }

  private func upload(
    // Read before the call returns.
    _ index: Int, _ components: [Int], bits: Int, _ start: UnsafeRawPointer, width: Int, height: Int, stride: Int,
    isFlipped: Bool, _ frame: inout pl_frame
  ) -> Bool {
    while uploads.count <= index { uploads.append(TextureBox(OwnedTexture(device))) }
    var data = pl_plane_data()
    data.type = PL_FMT_UNORM
    data.width = Int32(width)
    data.height = Int32(height)
    data.pixel_stride = components.count * bits / 8
    data.row_stride = stride
    data.pixels = start
    let sizes = (0..<4).map { $0 < components.count ? Int32(bits) : 0 }
    data.component_size = (sizes[0], sizes[1], sizes[2], sizes[3])
    let map = (0..<4).map { $0 < components.count ? Int32(components[$0]) : 0 }
    data.component_map = (map[0], map[1], map[2], map[3])
    var plane = pl_plane()
    guard uploads[index].texture.upload(&data, &plane) else { return false }
    plane.flipped = isFlipped
    frame.setPlane(index, plane)
    return true
  }

  // MARK: - From a surface

  private func importPlanes(
    _ exported: ExportedFrame, _ descriptor: FrameDescriptor, _ frame: inout pl_frame
  ) -> [TextureBox]? {
    let layers = exported.description.layers
    guard let mapping = PlaneMapping(surface: exported.description.fourcc), layers.count == mapping.planes.count else {
      return nil
    }
    frame.repr = ColorMapping.representation(descriptor)
    frame.repr.bits = mapping.bits
    frame.num_planes = Int32(layers.count)
    let (left, top) = (Float(exported.left), Float(exported.top))
    frame.crop = pl_rect2df(
      x0: left, y0: top, x1: left + Float(exported.visibleWidth), y1: top + Float(exported.visibleHeight))
    var boxes: [TextureBox] = []
    for (index, layer) in layers.enumerated() {
      guard let texture = importLayer(layer, of: exported.description, isChroma: index > 0) else { return nil }
      var plane = pl_plane()
      plane.texture = texture.texture
      let components = mapping.planes[index].map { Int32($0) }
      plane.components = Int32(components.count)
      plane.component_mapping = (components[0], components.count > 1 ? components[1] : -1, -1, -1)
      frame.setPlane(index, plane)
      boxes.append(TextureBox(texture))
    }
    return boxes
  }

  private func importLayer(
    _ layer: DMABufDescription.Layer, of description: DMABufDescription, isChroma: Bool
  ) -> OwnedTexture? {
    guard let plane = layer.planes.first, layer.planes.count == 1, description.objects.indices.contains(plane.object),
      let format = pl_find_fourcc(device.gpu, layer.fourcc)
    else { return nil }
    let object = description.objects[plane.object]
    var parameters = pl_tex_params()
    parameters.w = Int32(isChroma ? (description.width + 1) / 2 : description.width)
    parameters.h = Int32(isChroma ? (description.height + 1) / 2 : description.height)
    parameters.format = format
    parameters.sampleable = true
    parameters.import_handle = PL_HANDLE_DMA_BUF
    parameters.shared_mem.handle.fd = object.descriptor
    parameters.shared_mem.size = object.byteCount
    parameters.shared_mem.offset = plane.offset
    parameters.shared_mem.stride_w = plane.stride
    parameters.shared_mem.drm_format_mod = object.modifier
    return OwnedTexture(device, parameters)
  }
}

extension PlaneMapping {
  /// That of a surface, by DRM's number of its format: NV12, P010.
  init?(surface fourcc: UInt32) {
    switch fourcc {
    case Self.code("NV12"): (planes, stored, depth, shift) = ([[0], [1, 2]], 8, 8, 0)
    case Self.code("P010"): (planes, stored, depth, shift) = ([[0], [1, 2]], 16, 10, 6)
    default: return nil
    }
  }

  private static func code(_ name: String) -> UInt32 {
    name.utf8.reversed().reduce(0) { $0 << 8 | UInt32($1) }
  }
}

extension pl_frame {
  mutating func setPlane(_ index: Int, _ plane: pl_plane) {
    switch index {
    case 0: planes.0 = plane
    case 1: planes.1 = plane
    case 2: planes.2 = plane
    default: planes.3 = plane
    }
  }
}
