import Foundation

/// The devices that a suite for hardware runs on: the software driver, and a real node where `VABUF_TEST_DEVICE`
/// names one.
public enum TestDevice: Hashable, Sendable, CustomStringConvertible {
  /// The software VA driver, in this process.
  case softwareDriver
  /// A render node of this machine.
  case node(String)

  /// All that can be used now. Empty where the driver cannot be built and no node is named.
  public static let all: [TestDevice] = {
    let node = ProcessInfo.processInfo.environment["VABUF_TEST_DEVICE"].flatMap { $0.isEmpty ? nil : $0 }
    return (SoftwareDriver.isUsable ? [.softwareDriver] : []) + (node.map { [.node($0)] } ?? [])
  }()

  /// Why `all` is empty.
  public static var reason: String { "\(SoftwareDriver.reason), and VABUF_TEST_DEVICE names no render node" }

  /// Runs `body` with the path of the node. Runs come one after the other; those on the software driver end
  /// with its complaints thrown.
  @discardableResult
  public func run<R>(
    isolation: isolated (any Actor)? = #isolation, _ body: (String) async throws -> R
  ) async throws -> R {
    switch self {
    case .softwareDriver: try await SoftwareDriver.run { run in try await body(run.device) }
    case .node(let path): try await TestProcess.alone(nullIsRenderNode: false) { try await body(path) }
    }
  }

  /// The name of the device in test reports.
  public var description: String {
    switch self {
    case .softwareDriver: "software driver"
    case .node(let path): path
    }
  }
}
