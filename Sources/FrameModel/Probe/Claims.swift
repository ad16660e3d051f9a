/// What a driver says that it can do.
public struct Claims: Hashable, Sendable, Codable {
  /// One profile with one entrypoint.
  public struct Profile: Hashable, Sendable, Codable {
    /// The constant of `va.h`, as `VAProfileH264High`.
    public var profile: String
    /// The constant of `va.h`, as `VAEntrypointVLD`; empty where the driver does not tell the profile's.
    public var entrypoint: String
    /// The kinds of surface, as `YUV420_10`.
    public var rtFormats: [String] = []
    /// The formats of surfaces, as `NV12`.
    public var surfaceFormats: [String] = []
    /// The largest and smallest picture in pixels; nil where the driver does not say.
    public var maxWidth: Int?
    /// The largest height.
    public var maxHeight: Int?
    /// The smallest width.
    public var minWidth: Int?
    /// The smallest height.
    public var minHeight: Int?
    /// Kinds of memory that surfaces can have, as `VA`, `DRM_PRIME_2`.
    public var memoryTypes: [String] = []
    /// Surfaces can be made with a list of modifiers.
    public var takesModifiers = false
    /// The configuration attributes, by the constants of `va.h` without `VAConfigAttrib`.
    public var attributes: [String: Int] = [:]
    /// Why the rest is missing.
    public var failure: StepFailure?

    /// Names a profile.
    public init(profile: String, entrypoint: String) {
      self.profile = profile
      self.entrypoint = entrypoint
    }

    /// It is about decoding.
    public var decodes: Bool { entrypoint == "VAEntrypointVLD" }

    private enum CodingKeys: String, CodingKey {
      case profile, entrypoint
      case rtFormats = "rt_formats"
      case surfaceFormats = "surface_formats"
      case maxWidth = "max_width"
      case maxHeight = "max_height"
      case minWidth = "min_width"
      case minHeight = "min_height"
      case memoryTypes = "memory_types"
      case takesModifiers = "takes_modifiers"
      case attributes, failure
    }
  }

  /// How a surface comes out as a DMA-BUF.
  public struct Export: Hashable, Sendable, Codable {
    /// The format of the surface, as `NV12`.
    public var format: String
    /// `composed` or `separate`: what was asked for.
    public var layers: String
    /// It works.
    public var works: Bool
    /// DRM's formats of the layers that came.
    public var layerFormats: [String] = []
    /// How many memory objects there are.
    public var objects = 0
    /// DRM's modifier of the first object, in hexadecimal digits; `0x0` is linear.
    public var modifier: String?
    /// Why it does not work.
    public var failure: StepFailure?

    /// Names a try.
    public init(format: String, layers: String, works: Bool) {
      self.format = format
      self.layers = layers
      self.works = works
    }

    private enum CodingKeys: String, CodingKey {
      case format, layers, works
      case layerFormats = "layer_formats"
      case objects, modifier, failure
    }
  }

  /// All profiles with all their entrypoints, in the driver's order.
  public var profiles: [Profile] = []
  /// The formats of images, as `NV12`: what can be downloaded.
  public var imageFormats: [String] = []
  /// DMA-BUF export, tried with a surface.
  public var exports: [Export] = []
  /// Why the claims are not complete.
  public var failure: StepFailure?

  /// Claims nothing.
  public init() {}

  private enum CodingKeys: String, CodingKey {
    case profiles
    case imageFormats = "image_formats"
    case exports, failure
  }

  /// The driver said all, and decodes nothing.
  package var decodesNothing: Bool { (failure == nil || profiles.isEmpty) && !profiles.contains(where: \.decodes) }

  /// What the driver failed to say of itself, as far as it is about decoding.
  package var gap: StepFailure? {
    failure ?? profiles.lazy.filter { $0.decodes || $0.entrypoint.isEmpty }.compactMap(\.failure).first
  }

  /// The claim to decode a profile, by the constant of `va.h`; nil where there is none.
  public func decoding(_ profile: String) -> Profile? {
    profiles.first { $0.profile == profile && $0.decodes }
  }
}
