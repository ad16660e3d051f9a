package import FrameModel

internal import CAVCodec
internal import CAVFormat
internal import CAVUtil
internal import CSWScale

/// A result of an FFmpeg call that means failure.
package struct AVErrorCode: RawRepresentable, Hashable, Sendable {
  /// The negative number that the call returned.
  package let rawValue: Int32

  package init(rawValue: Int32) { self.rawValue = rawValue }

  package static let endOfFile = AVErrorCode(rawValue: VABUF_ERROR_EOF)
  package static let outOfMemory = AVErrorCode(rawValue: VABUF_ERROR_ENOMEM)
  package static let interrupted = AVErrorCode(rawValue: VABUF_ERROR_EXIT)
  package static let invalidData = AVErrorCode(rawValue: VABUF_ERROR_INVALIDDATA)
  package static let decoderNotFound = AVErrorCode(rawValue: VABUF_ERROR_DECODER_NOT_FOUND)
  package static let encoderNotFound = AVErrorCode(rawValue: VABUF_ERROR_ENCODER_NOT_FOUND)
  package static let notImplemented = AVErrorCode(rawValue: VABUF_ERROR_PATCHWELCOME)
  package static let inputOutput = AVErrorCode(rawValue: VABUF_ERROR_EIO)
  package static let invalidArgument = AVErrorCode(rawValue: VABUF_ERROR_EINVAL)
  package static let noSuchFunction = AVErrorCode(rawValue: VABUF_ERROR_ENOSYS)
}

extension AVErrorCode: CustomStringConvertible {
  /// FFmpeg's own words for the error.
  package var description: String {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(VABUF_ERROR_STRING_SIZE)) { text in
      guard let start = text.baseAddress, av_strerror(rawValue, start, text.count) == 0 else {
        return "error \(rawValue)"
      }
      return String(cString: start)
    }
  }
}

/// A call to FFmpeg failed.
package struct FFmpegError: Error, Hashable, Sendable {
  /// The function's name, as `avcodec_open2`.
  package var call: String
  /// What it returned.
  package var code: AVErrorCode

  package init(call: String, code: AVErrorCode) {
    self.call = call
    self.code = code
  }

  /// The error as users see it.
  package func error(_ kind: VABufError.Code, what: String, remedy: String) -> VABufError {
    VABufError(kind, what: what, why: "\(code) (\(call))", remedy: remedy)
  }
}

/// The one way in which this module reads the result of a C call that may fail.
@discardableResult
func check(_ call: StaticString, _ result: Int32) throws(FFmpegError) -> Int32 {
  guard result < 0 else { return result }
  throw FFmpegError(call: "\(call)", code: AVErrorCode(rawValue: result))
}

/// The same for calls that return memory: NULL means that there is none.
func checkMemory<T>(_ call: StaticString, _ pointer: T?) throws(FFmpegError) -> T {
  guard let pointer else { throw FFmpegError(call: "\(call)", code: .outOfMemory) }
  return pointer
}
