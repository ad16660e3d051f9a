internal import FFmpegMedia

/// One packet of the stream, in the order in which the demuxer gives them.
package struct PacketRecord: Hashable, Sendable {
  package struct Flags: OptionSet, Hashable, Sendable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }
    package static let key = Flags(rawValue: 1 << 0)
    /// An edit list hides its picture.
    package static let discarded = Flags(rawValue: 1 << 1)
    package static let corrupt = Flags(rawValue: 1 << 2)
    /// No other picture is predicted from it.
    package static let disposable = Flags(rawValue: 1 << 3)
  }

  /// Stands for a timestamp that the file does not give.
  package static let unknownTime = Int64.min

  /// Ticks of the stream's time base, or `unknownTime`.
  package var pts: Int64
  /// Ticks of the stream's time base, or `unknownTime`.
  package var dts: Int64
  /// Ticks; 0 where unknown.
  package var duration: Int64
  /// Byte position in the file; negative where unknown.
  package var position: Int64
  package var byteCount: Int32
  /// A hash of all bytes.
  package var fingerprint: UInt32
  package var flags: Flags

  package init(
    pts: Int64 = unknownTime, dts: Int64 = unknownTime, duration: Int64 = 0, position: Int64 = -1,
    byteCount: Int32 = 0, fingerprint: UInt32 = 0, flags: Flags = []
  ) {
    self.pts = pts
    self.dts = dts
    self.duration = duration
    self.position = position
    self.byteCount = byteCount
    self.fingerprint = fingerprint
    self.flags = flags
  }
}

extension PacketRecord {
  /// The packet is the one of the record, as far as its bytes say.
  func matches(_ packet: borrowing Packet) -> Bool {
    byteCount == Int32(clamping: packet.byteCount)
      && packet.withBytes { Fingerprint.ofPacket($0) } == fingerprint
  }

  func isAlike(_ other: PacketRecord) -> Bool {
    byteCount == other.byteCount && fingerprint == other.fingerprint
  }

  /// The record of a packet that was just read.
  init(_ packet: borrowing Packet) {
    var flags: Flags = []
    if packet.isKey { flags.insert(.key) }
    if packet.isDiscarded { flags.insert(.discarded) }
    if packet.isCorrupt { flags.insert(.corrupt) }
    self.init(
      pts: packet.pts ?? Self.unknownTime, dts: packet.dts ?? Self.unknownTime, duration: packet.duration,
      position: packet.position, byteCount: Int32(clamping: packet.byteCount),
      fingerprint: packet.withBytes { Fingerprint.ofPacket($0) }, flags: flags)
  }
}
