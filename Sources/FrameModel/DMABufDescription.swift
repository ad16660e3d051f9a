/// How a picture lies in GPU memory that is shared as DMA-BUFs: what EGL, Vulkan and DRM ask for.
public struct DMABufDescription: Hashable, Sendable {
  /// A piece of GPU memory.
  public struct Object: Hashable, Sendable {
    /// Borrowed from who owns the export: `dup` it to keep it longer.
    public var descriptor: Int32
    /// Bytes; it may hold more than the surface.
    public var byteCount: Int
    /// How samples are tiled and compressed in it, a number of `drm_fourcc.h`; 0 is linear.
    public var modifier: UInt64

    /// Describes a piece of memory.
    public init(descriptor: Int32, byteCount: Int, modifier: UInt64) {
      self.descriptor = descriptor
      self.byteCount = byteCount
      self.modifier = modifier
    }
  }

  /// A plane of a layer.
  public struct Plane: Hashable, Sendable {
    /// Which of `objects` holds it.
    public var object: Int
    /// Bytes from the start of the object.
    public var offset: Int
    /// Bytes from one row to the next; for tiled memory what the modifier says.
    public var stride: Int

    /// Describes a plane.
    public init(object: Int, offset: Int, stride: Int) {
      self.object = object
      self.offset = offset
      self.stride = stride
    }
  }

  /// What an importer makes one image of.
  public struct Layer: Hashable, Sendable {
    /// A number of `drm_fourcc.h`, as that of `NV12`, or of `R8` and `GR88` for separate layers.
    public var fourcc: UInt32
    /// Its planes.
    public var planes: [Plane]

    /// Describes a layer.
    public init(fourcc: UInt32, planes: [Plane]) {
      self.fourcc = fourcc
      self.planes = planes
    }
  }

  /// The whole surface's format: that of `NV12` or `P010`.
  public var fourcc: UInt32
  /// Width of the surface in pixels, which may be larger than the picture.
  public var width: Int
  /// Height of the surface in pixels.
  public var height: Int
  /// The memory.
  public var objects: [Object]
  /// What it holds.
  public var layers: [Layer]

  /// Describes an export.
  public init(fourcc: UInt32, width: Int, height: Int, objects: [Object], layers: [Layer]) {
    self.fourcc = fourcc
    self.width = width
    self.height = height
    self.objects = objects
    self.layers = layers
  }
}
