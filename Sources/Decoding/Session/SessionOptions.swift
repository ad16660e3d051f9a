package import FrameModel
package import Logging

/// How a stream is opened for decoding.
package struct SessionOptions: Sendable {
  package var path: String
  /// The stream's number in the file; nil takes the first that is not a cover picture.
  package var stream: Int?
  /// Decoder threads; 0 lets libavcodec take one a core and one more.
  package var threads = 0
  /// The session's thread, and libavcodec's, give way to others.
  package var hasLowPriority = false
  /// Where indexes are kept; nil keeps none.
  package var store: IndexStore?
  /// Decode the stream once before anything else, where only its headers promise what it holds.
  package var verifies = false
  /// How pictures that hardware decoded lie in host memory.
  package var hostFormat = HostFormat.software
  /// How many decoders may be open at once: one that works, and others that wait where they stopped.
  package var decoders = 1
  /// How many of them have room for their pictures in host memory: fewer may be open in software.
  package var decodersInMemory = Int.max
  /// What another session of the stream knows of it. Where decoding contradicts that, this session fails: to find out the
  /// truth is the other one's.
  package var index: FrameIndex?
  package var progress: IndexBuilder.Progress?
  package var logger: Logger

  package init(path: String, stream: Int? = nil, logger: Logger) {
    self.path = path
    self.stream = stream
    self.logger = logger
  }
}
