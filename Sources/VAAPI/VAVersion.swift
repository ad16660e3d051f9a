internal import CVA

/// The version of VA-API.
package enum VAVersion {
  /// The version of the headers that this was built with, as `1.17.0`; the library says its own only to an open display.
  package static var headers: String { VA_VERSION_S }
}
