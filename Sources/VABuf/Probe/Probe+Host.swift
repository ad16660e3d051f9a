internal import Decoding
package import FrameModel

extension Probe {
  /// What the system says of this machine, for reports; no driver is loaded.
  package static var host: HostReport { HostFacts.read(root: "/", environment: Environment.all) }
}
