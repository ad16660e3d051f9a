internal import FrameModel
internal import CVA
internal import Glibc

/// What a driver says of an exported surface, unchecked.
struct ExportedSurface {
  var format: FourCC
  var width: Int
  var height: Int
  var objectCount: UInt32
  var layerCount: UInt32
  /// All four entries of the driver's table.
  var objects: [vabuf_drm_object]
  /// All four entries of the driver's table.
  var layers: [vabuf_drm_layer]
}

extension ExportedSurface {
  init(_ description: VADRMPRIMESurfaceDescriptor) {
    var description = description
    self.init(
      format: FourCC(rawValue: description.fourcc), width: Int(description.width), height: Int(description.height),
      objectCount: description.num_objects, layerCount: description.num_layers,
      objects: (0..<4).map { vabuf_get_drm_object(&description, $0) },
      layers: (0..<4).map { vabuf_get_drm_layer(&description, $0) })
  }

  /// The memory that is there to be closed, whatever else is wrong.
  fileprivate var memory: [DMABuf.Object] {
    objects.prefix(Int(min(objectCount, 4))).map {
      // Some drivers leave the size 0; the kernel knows it.
      let size = $0.size > 0 || $0.fd < 0 ? Int($0.size) : max(0, lseek($0.fd, 0, SEEK_END))
      return DMABuf.Object(descriptor: $0.fd, byteCount: size, modifier: $0.modifier)
    }
  }

  fileprivate func checkedLayers() throws(ExportError) -> [DMABuf.Layer] {
    guard 1...4 ~= objectCount else { throw .malformed("\(objectCount) objects") }
    guard 1...4 ~= layerCount else { throw .malformed("\(layerCount) layers") }
    if let bad = memory.first(where: { $0.descriptor < 0 }) { throw .malformed("descriptor \(bad.descriptor)") }
    var checked: [DMABuf.Layer] = []
    for layer in layers.prefix(Int(layerCount)) {
      guard 1...4 ~= layer.num_planes else { throw .malformed("\(layer.num_planes) planes in a layer") }
      var planes: [DMABuf.Plane] = []
      for plane in 0..<Int(layer.num_planes) { planes.append(try checkedPlane(plane, of: layer)) }
      checked.append(DMABuf.Layer(format: FourCC(rawValue: layer.format), planes: planes))
    }
    return checked
  }

  private func checkedPlane(_ plane: Int, of layer: vabuf_drm_layer) throws(ExportError) -> DMABuf.Plane {
    func number(_ four: (UInt32, UInt32, UInt32, UInt32)) -> Int { Int([four.0, four.1, four.2, four.3][plane]) }
    let object = number(layer.object_index)
    guard object < memory.count else { throw .malformed("a plane in object \(object) of \(memory.count)") }
    let (offset, size) = (number(layer.offset), memory[object].byteCount)
    guard size == 0 || offset < size else { throw .malformed("a plane at byte \(offset) of \(size)") }
    return DMABuf.Plane(object: object, offset: offset, stride: number(layer.pitch))
  }
}

extension DMABuf {
  /// Takes over what a driver exported, and checks it: a wrong index would read beyond the tables. Where it throws, the
  /// descriptors are closed.
  init(adopting surface: ExportedSurface) throws(ExportError) {
    let layers: [Layer]
    do {
      layers = try surface.checkedLayers()
    } catch {
      for descriptor in Set(surface.memory.map(\.descriptor)) where descriptor >= 0 { closeChecked(descriptor) }
      throw error
    }
    self.init(
      format: surface.format, width: surface.width, height: surface.height, layers: layers, objects: surface.memory)
  }
}
