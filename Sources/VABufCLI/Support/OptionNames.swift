/// The command line's names for what the library's messages call by the library's.
enum OptionNames {
  private static let all = [
    "`Options.backend`": "--backend", "`Options.device`": "--device", "`Options.gpuSurfaces`": "--gpu-surfaces",
    "`Options.hostMemory`": "--host-memory",
  ]

  /// The message, for somebody who typed a command.
  static func ofCommandLine(_ message: String) -> String {
    guard message.contains("`Options.") else { return message }
    return all.reduce(message) { $0.replacing($1.key, with: $1.value) }
  }
}
