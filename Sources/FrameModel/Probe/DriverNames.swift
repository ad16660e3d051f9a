/// Drivers that are known by what they call themselves, where no call tells what they do.
package enum DriverNames {
  /// It is nvidia-vaapi-driver, which puts VA-API before NVDEC.
  package static func isBeforeNVDEC(_ vendor: String) -> Bool { vendor.contains("NVDEC") }
}
