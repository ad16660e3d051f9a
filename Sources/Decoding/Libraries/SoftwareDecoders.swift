internal import FFmpegMedia

/// What decodes in software.
package enum SoftwareDecoders {
  /// FFmpeg's names of a codec's decoders, the one that it takes first.
  package static func names(of codec: String) -> [String] { FFmpegDecoders.softwareNames(of: codec) }

  /// How many threads a decoder takes where nobody says how many; 1 on one processor only.
  package static var usualThreads: Int { FFmpegDecoders.usualThreads }
}
