/// The VA driver of a device: which one was tried, and what came of it.
public struct DriverReport: Hashable, Sendable, Codable {
  /// Where the name of a driver comes from.
  public enum Source: String, Hashable, Sendable, Codable {
    /// `LIBVA_DRIVER_NAME`.
    case environment
    /// libva's own table of kernel drivers.
    case libva
  }

  /// The driver without the variables of the environment.
  public struct Plain: Hashable, Sendable, Codable {
    /// It starts.
    public var works: Bool
    /// Its name.
    public var name: String?
    /// Its file.
    public var file: String?
    /// The file is there.
    public var fileExists: Bool?
    /// What it calls itself.
    public var vendor: String?
    /// Why it does not start.
    public var failure: StepFailure?

    /// Describes a try.
    ///
    /// - Parameters:
    ///   - works: it starts.
    ///   - name: the driver's name.
    ///   - file: its file.
    ///   - fileExists: the file is there.
    ///   - vendor: what it calls itself.
    ///   - failure: why it does not start.
    public init(
      works: Bool, name: String?, file: String?, fileExists: Bool? = nil, vendor: String? = nil,
      failure: StepFailure? = nil
    ) {
      self.works = works
      self.name = name
      self.file = file
      self.fileExists = fileExists
      self.vendor = vendor
      self.failure = failure
    }

    private enum CodingKeys: String, CodingKey {
      case works, name, file
      case fileExists = "file_exists"
      case vendor, failure
    }
  }

  /// The driver's name, as `iHD`; nil where none was tried.
  public var name: String?
  /// Where the name comes from.
  public var source: Source = .libva
  /// libva's names of the drivers for this kernel driver, in the order in which it tries them; empty where unknown.
  public var candidates: [String] = []
  /// The file that libva came to: the last that is there, else the first that is not.
  public var file: String?
  /// The file is there.
  public var fileExists: Bool?
  /// What the driver calls itself.
  public var vendor: String?
  /// The version of VA-API that libva speaks, as `1.17`.
  public var apiVersion: String?
  /// The newest version that the driver speaks, as `1.17`, where its file tells.
  public var driverAPIVersion: String?
  /// The driver runs.
  public var works = false
  /// Why it does not.
  public var failure: StepFailure?
  /// What libva said on the way.
  public var messages: [String] = []
  /// What happens without the variables of the environment; nil where there are none.
  public var withoutEnvironment: Plain?

  /// Describes nothing yet.
  public init() {}

  private enum CodingKeys: String, CodingKey {
    case name, source, candidates, file
    case fileExists = "file_exists"
    case vendor
    case apiVersion = "api_version"
    case driverAPIVersion = "driver_api_version"
    case works, failure, messages
    case withoutEnvironment = "without_environment"
  }
}

/// Why a step of the examination came to nothing.
public struct StepFailure: Hashable, Sendable, Codable, Error {
  /// How it ended.
  public enum Kind: String, Hashable, Sendable, Codable {
    /// A call failed.
    case failed
    /// It did not come back in time.
    case timedOut = "timed_out"
    /// It ended the process.
    case crashed
  }

  /// How it ended.
  public var kind: Kind
  /// The call that failed, as libva and libc name it.
  public var call: String?
  /// What it returned, as `VA_STATUS_ERROR_DECODING_ERROR` or `EACCES`.
  public var status: String?
  /// The signal that ended the process, as `SIGSEGV`.
  public var signal: String?
  /// The same in words.
  public var message: String

  /// Describes a failure.
  public init(_ kind: Kind, call: String? = nil, status: String? = nil, signal: String? = nil, message: String) {
    self.kind = kind
    self.call = call
    self.status = status
    self.signal = signal
    self.message = message
  }
}
