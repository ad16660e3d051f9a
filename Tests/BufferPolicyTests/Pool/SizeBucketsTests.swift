import Testing

@testable import BufferPolicy

@Suite struct SizeBucketsTests {
  private func checkBucket(of bytes: Int) -> Bool {
    let bucket = SizeBuckets.bucket(for: bytes)
    let waste = bucket.bytes - bytes
    let isSmallWaste = waste < SizeBuckets.page || waste * 8 <= bucket.bytes
    return bucket.bytes >= bytes && bucket.bytes.isMultiple(of: SizeBuckets.page) && isSmallWaste
      && (bytes <= 28672 || waste * 8 <= bucket.bytes) && (0..<SizeBuckets.count).contains(bucket.index)
      && SizeBuckets.bucket(for: bucket.bytes) == bucket && SizeBuckets.floor(bucket.bytes) == bucket.bytes
      && SizeBuckets.floor(bucket.bytes + SizeBuckets.page - 1) <= bucket.bytes + SizeBuckets.page - 1
  }

  @Test func smallestBucketIsOnePage() {
    #expect(SizeBuckets.bucket(for: 0) == (0, 4096))
    #expect(SizeBuckets.bucket(for: 1) == (0, 4096))
    #expect(SizeBuckets.bucket(for: 4096) == (0, 4096))
    #expect(SizeBuckets.bucket(for: 4097) == (1, 8192))
  }

  @Test func knownSizes() {
    // 1920x1080 NV12: 3110400 bytes are 760 pages, in (512, 1024] with steps of 64.
    #expect(SizeBuckets.bucket(for: 3_110_400).bytes == 768 * 4096)
    #expect(SizeBuckets.bucket(for: 64 * 4096) == (8 * 2 + 15, 64 * 4096))
    #expect(SizeBuckets.bucket(for: 64 * 4096 + 1) == (8 * 3 + 8, 72 * 4096))
  }

  @Test func everySizeIsHeldWithLittleWaste() {
    for bytes in stride(from: 1, through: 1 << 20, by: 61) where !checkBucket(of: bytes) {
      Issue.record("bucket of \(bytes) bytes: \(SizeBuckets.bucket(for: bytes))")
    }
    for power in 12...46 {
      for delta in [-4097, -4096, -4095, -1, 0, 1, 4095, 4096, 4097, 1 << (power - 3), 1 << (power - 1)] {
        let bytes = (1 << power) + delta
        guard (1...SizeBuckets.maximum).contains(bytes) else { continue }
        #expect(checkBucket(of: bytes), "bucket of \(bytes) bytes: \(SizeBuckets.bucket(for: bytes))")
      }
    }
  }

  @Test func indicesAreMonotoneAndWithoutGaps() {
    var bytes = 0
    var expected = 0
    while true {
      let bucket = SizeBuckets.bucket(for: bytes)
      #expect(bucket.index == expected)
      if bucket.bytes >= SizeBuckets.maximum { break }
      bytes = bucket.bytes + 1
      expected += 1
    }
    #expect(SizeBuckets.bucket(for: SizeBuckets.maximum).bytes == SizeBuckets.maximum)
    #expect(expected < SizeBuckets.count)
  }

  @Test func floorIsTheLargestBucketBelow() {
    #expect(SizeBuckets.floor(0) == 0)
    #expect(SizeBuckets.floor(4095) == 0)
    #expect(SizeBuckets.floor(4096) == 4096)
    #expect(SizeBuckets.floor(.max) == SizeBuckets.maximum)
    for bytes in stride(from: 4096, through: 1 << 22, by: 1021) {
      let floor = SizeBuckets.floor(bytes)
      let next = SizeBuckets.bucket(for: floor + 1).bytes
      if SizeBuckets.bucket(for: floor).bytes != floor || floor > bytes || next <= bytes {
        Issue.record("floor of \(bytes): \(floor), next \(next)")
      }
    }
  }
}
