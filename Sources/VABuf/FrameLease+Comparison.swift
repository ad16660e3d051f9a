internal import FrameModel

#if canImport(Glibc)
  internal import Glibc
#endif

extension FrameLease {
  /// The peak signal-to-noise ratio over all samples, in dB; nil where the pictures are alike, or of another kind.
  func psnr(against other: FrameLease) -> Double? {
    let (format, theirs) = (descriptor.layout.format, other.descriptor.layout.format)
    guard format == theirs, descriptor.layout.planes.count == other.descriptor.layout.planes.count else { return nil }
    var (error, samples) = (0.0, 0)
    for index in descriptor.layout.planes.indices {
      withPlane(index) { one in
        other.withPlane(index) { two in
          for row in 0..<min(one.layout.rows, two.layout.rows) {
            let (sum, count) = squaredError(one.row(row), two.row(row), isDeep: format.bitsPerComponent > 8)
            error += Double(sum)
            samples += count
          }
        }
      }
    }
    guard error > 0, samples > 0 else { return nil }
    let peak = Double((1 << format.bitsPerComponent) - 1)
    return (10 * log10(peak * peak * Double(samples) / error) * 100).rounded() / 100
  }
}

private func squaredError(
  _ one: UnsafeRawBufferPointer, _ two: UnsafeRawBufferPointer, isDeep: Bool
) -> (sum: UInt64, count: Int) {
  let bytes = min(one.count, two.count)
  guard let first = one.baseAddress, let second = two.baseAddress, memcmp(first, second, bytes) != 0 else {
    return (0, isDeep ? bytes / 2 : bytes)
  }
  var sum: UInt64 = 0
  if isDeep {
    for at in 0..<bytes / 2 {
      let (a, b) = (
        one.loadUnaligned(fromByteOffset: at * 2, as: UInt16.self),
        two.loadUnaligned(fromByteOffset: at * 2, as: UInt16.self)
      )
      let difference = Int64(a) - Int64(b)
      sum += UInt64(difference * difference)
    }
    return (sum, bytes / 2)
  }
  for at in 0..<bytes {
    let difference = Int(one[at]) - Int(two[at])
    sum += UInt64(difference * difference)
  }
  return (sum, bytes)
}
