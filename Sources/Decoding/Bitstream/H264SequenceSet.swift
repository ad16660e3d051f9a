/// What is read of a sequence parameter set of H.264 (ITU-T H.264, 7.3.2.1.1).
struct H264SequenceSet {
  /// Pictures may be fields, or frames in which some macroblocks are (`frame_mbs_only_flag` is 0).
  let mayHaveFields: Bool
  /// Pictures have luma alone (`chroma_format_idc` is 0).
  let isMonochrome: Bool

  /// The sets in a codec's headers.
  static func all(extradata: [UInt8]) -> [H264SequenceSet] {
    var sets: [H264SequenceSet] = []
    extradata.withUnsafeBytes { bytes in
      bytes.forEachParameterSet(avcC: .h264(extradata: extradata)) { unit in
        guard Int(unit[0] & 31) == H264Inspector.UnitType.sequenceSet, let set = H264SequenceSet(unit) else { return }
        sets.append(set)
      }
    }
    return sets
  }

  /// - Parameter unit: the NAL unit, header included.
  /// - Returns: nil where it is cut short.
  init?(_ unit: some Collection<UInt8>) {
    let bytes = Array(unit.prefix(Self.longest))
    guard bytes.count > 4 else { return nil }
    var reader = BitReader(unescaping: bytes[4...], limit: Self.longest)
    guard let read = Self.read(profile: bytes[1], &reader) else { return nil }
    (isMonochrome, mayHaveFields) = read
  }

  /// Bytes before `frame_mbs_only_flag`, scaling lists and all.
  private static let longest = 4096
  /// Profiles whose sets tell of chroma, depths and scaling lists.
  private static let highProfiles: Set<UInt8> = [100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135]

  private static func read(
    profile: UInt8, _ reader: inout BitReader
  ) -> (isMonochrome: Bool, mayHaveFields: Bool)? {
    var isMonochrome = false
    _ = reader.exponentialGolomb()  // seq_parameter_set_id
    if highProfiles.contains(profile) {
      let chroma = reader.exponentialGolomb()
      isMonochrome = chroma == 0
      if chroma == 3 { _ = reader.bits(1) }  // separate_colour_plane_flag
      for _ in 0..<2 { _ = reader.exponentialGolomb() }  // bit depths
      _ = reader.bits(1)  // qpprime_y_zero_transform_bypass_flag
      if reader.bits(1) == 1 {
        for list in 0..<(chroma == 3 ? 12 : 8) where reader.bits(1) == 1 {
          guard skipScalingList(list < 6 ? 16 : 64, &reader) else { return nil }
        }
      }
    }
    _ = reader.exponentialGolomb()  // log2_max_frame_num_minus4
    switch reader.exponentialGolomb() {  // pic_order_cnt_type
    case 0: _ = reader.exponentialGolomb()
    case 1:
      _ = reader.bits(1)
      for _ in 0..<2 { _ = reader.exponentialGolomb() }
      guard let offsets = reader.exponentialGolomb(), offsets <= 255 else { return nil }
      for _ in 0..<offsets { _ = reader.exponentialGolomb() }
    default: break
    }
    _ = reader.exponentialGolomb()  // max_num_ref_frames
    _ = reader.bits(1)  // gaps_in_frame_num_value_allowed_flag
    for _ in 0..<2 { _ = reader.exponentialGolomb() }  // width and height in macroblocks
    guard let framesOnly = reader.bits(1) else { return nil }
    return (isMonochrome, framesOnly == 0)
  }

  /// 7.3.2.1.1.1.
  private static func skipScalingList(_ count: Int, _ reader: inout BitReader) -> Bool {
    var (last, next) = (8, 8)
    for _ in 0..<count where next != 0 {
      guard let code = reader.exponentialGolomb() else { return false }
      let delta = code % 2 == 1 ? Int(code / 2) + 1 : -Int(code / 2)
      next = (last + delta) & 255
      if next != 0 { last = next }
    }
    return true
  }
}
