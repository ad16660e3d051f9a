package import FrameModel

/// A call to libva failed.
package struct VAError: Error, Hashable, Sendable {
  /// Which call.
  package var call: VACall
  /// What it returned.
  package var status: VAStatus

  package init(_ call: VACall, _ status: VAStatus) {
    self.call = call
    self.status = status
  }

  /// What the failure asks for.
  package var kind: VAStatus.Kind { status.kind }

  /// The error as users see it.
  /// - Parameters:
  ///   - what: what failed and on what, as `download of frame 12 from /dev/dri/renderD128`.
  ///   - remedy: what to do; nil takes the words that fit the kind of status.
  package func error(_ code: VABufError.Code, what: String, remedy: String? = nil) -> VABufError {
    VABufError(code, what: what, why: "\(status) (\(call))", remedy: remedy ?? self.remedy)
  }

  /// What helps against such a status where nothing better is known.
  package var remedy: String {
    switch kind {
    case .success, .failed:
      "look for messages of the GPU in `dmesg`, and for a newer VA driver; `Options.backend` software does without the GPU"
    case .deviceLost: "open the device again; if it stays away, `dmesg` tells what became of the GPU"
    case .exhausted: "release frames, lower `Options.gpuSurfaces`, or end other programs that use the GPU"
    case .busy: "try again; if it stays so, look for a GPU hang in `dmesg`"
    case .unsupported:
      "this driver cannot do that: `vabuf probe` shows what it can, `Options.backend` software does without it"
    case .invalid: "this is a mistake of vabuf or of the driver: please report it, with the output of `vabuf probe`"
    }
  }
}

extension VAError: CustomStringConvertible {
  package var description: String { "\(status) (\(call))" }
}

extension VAError {
  /// The error in a text that ends with its `description`; nil where there is none.
  package init?(endOf text: String) {
    guard
      let call = VACall.allCases.first(where: { text.hasSuffix(" (\($0))") }),
      let status = VAStatus.named.first(where: { text.hasSuffix("\($0) (\(call))") })
    else { return nil }
    self.init(call, status)
  }
}

extension VAStatus {
  /// All that libva may have words for.
  fileprivate static let named = (Int32(1)...0x40).map(VAStatus.init(rawValue:)) + [.unknown]
}
