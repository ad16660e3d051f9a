package import FrameModel

internal import Glibc

/// Why a display could not be opened: which step failed, and what libva said on the way.
package struct DisplayError: Error, Hashable, Sendable {
  /// The step that failed.
  package enum Step: Hashable, Sendable {
    /// The node cannot be opened; the errno of `open`.
    case open(Int32)
    /// `vaGetDisplayDRM` knows no display for it: it is not a DRM node.
    case noDisplay
    /// `vaInitialize`: the driver is missing, does not load, or refuses the device.
    case initialize(VAStatus)
  }

  /// The node.
  package var path: String
  /// What failed.
  package var step: Step
  /// libva's own messages while it looked for a driver, oldest first: `Trying to open ..._drv_video.so` and the like.
  package var messages: [String]

  /// The driver file that it came to; nil where libva tried none.
  package var driverFile: String? { DriverFacts(messages).file() }

  /// The call that failed, as libva and libc name it.
  package var call: String {
    switch step {
    case .open: "open"
    case .noDisplay: "\(VACall.vaGetDisplayDRM)"
    case .initialize: "\(VACall.vaInitialize)"
    }
  }

  /// The error as users see it.
  package var error: VABufError {
    let (why, remedy) = reasons
    return VABufError(.backendUnavailable, what: "VA-API on \(path)", why: "\(why) (\(call))", remedy: remedy)
  }

  private var reasons: (why: String, remedy: String) {
    switch step {
    case .open(let number):
      let why = String(cString: strerror(number))
      switch number {
      case EACCES, EPERM:
        return (why, NodeAccess(path: path)?.remedy ?? "run as a user who may read and write it")
      case ENOENT, ENXIO, ENODEV:
        return (why, "name a node that is there (`ls /dev/dri`); a container needs it passed in: --device /dev/dri")
      default:
        return (why, "check the node with `ls -l \(path)`")
      }
    case .noDisplay:
      return ("not a DRM node", "name a render node, as /dev/dri/renderD128")
    case .initialize(let status):
      return ("\(status)\(detail)", driverRemedy)
    }
  }

  private var detail: String {
    if let file = driverFile { return ", with the driver \(file)" }
    return messages.last.map { ", " + $0 } ?? ""
  }

  private var driverRemedy: String {
    for variable in ["LIBVA_DRIVER_NAME", "LIBVA_DRIVERS_PATH"] {
      guard let value = getenv(variable).map({ String(cString: $0) }) else { continue }
      return "\(variable) is set to \"\(value)\": try without it"
    }
    return "install the VA driver of the GPU (Debian: intel-media-va-driver, mesa-va-drivers, nvidia-vaapi-driver)"
  }
}

extension DisplayError: CustomStringConvertible {
  /// `what: why: what to do`.
  package var description: String { error.description }
}
