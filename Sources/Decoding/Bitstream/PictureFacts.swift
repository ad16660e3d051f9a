/// What the headers of one packet say of the picture in it; no sample is decoded to know it.
package struct PictureFacts: Hashable, Sendable {
  /// Whether a frame comes out of the decoder for this packet.
  package enum Output: UInt8, Sendable {
    /// One frame.
    case frame
    /// None: a hidden frame, a second field, headers only.
    case none
  }

  /// How the frame's place in output order follows.
  package enum Order: Hashable, Sendable {
    /// Output order is decoding order.
    case decoding
    /// By a count within the coded video sequence: H.264's and HEVC's picture order count.
    case count(Int64)
    /// An MPEG-1 or MPEG-2 I or P picture: comes out when the next one is decoded.
    case heldReference
  }

  /// Whether decoding can start at this packet.
  package enum Entry: UInt8, Sendable {
    case none
    /// Nothing later depends on anything earlier.
    case exact
    /// The same for the pictures that follow it in output order; those before it (leading pictures) need the run
    /// before.
    case leading
  }

  package var output = Output.frame
  package var order = Order.decoding
  package var entry = Entry.none
  /// Every earlier frame comes out before this one: picture order counts start anew.
  package var opensSequence = false
  /// Parameter sets were sent again with another content, here or before: a decoder that was flushed has those of
  /// wherever it was.
  package var setsHaveChanged = false
  /// Nothing later depends on the packet: no picture (of its temporal layer) is predicted from its picture, and it carries
  /// no parameters.
  package var isDisposable = false
  /// HEVC's TemporalId: pictures of a layer may be predicted from those of the same and of lower ones.
  package var temporalLayer = 0
  package var doubts: Doubts = []

  package init() {}
}

/// Why demuxing alone cannot prove what the decoder will emit, so that one linear decode must.
package struct Doubts: OptionSet, Hashable, Sendable {
  package let rawValue: UInt16

  package init(rawValue: UInt16) { self.rawValue = rawValue }

  /// vabuf reads no headers of this codec.
  package static let codec = Doubts(rawValue: 1 << 0)
  /// The stream does not begin with a packet where decoding can start.
  package static let start = Doubts(rawValue: 1 << 1)
  /// The demuxer or the headers show damage.
  package static let damage = Doubts(rawValue: 1 << 2)
  /// Two frames claim the same place in output order.
  package static let order = Doubts(rawValue: 1 << 3)
  /// A picture needs more reordering than the decoder will do.
  package static let reorderDepth = Doubts(rawValue: 1 << 4)
  /// A field without its pair, or another structure whose output is the decoder's choice.
  package static let structure = Doubts(rawValue: 1 << 5)
  /// The stream tells the decoder to drop frames that were not shown yet.
  package static let droppedOutput = Doubts(rawValue: 1 << 6)
  /// Decoding showed something else than the headers promised.
  package static let refuted = Doubts(rawValue: 1 << 7)
}

extension Doubts: CustomStringConvertible {
  package var description: String {
    let names: [(Doubts, String)] = [
      (.codec, "codec"), (.start, "start"), (.damage, "damage"), (.order, "order"),
      (.reorderDepth, "reorder depth"), (.structure, "structure"), (.droppedOutput, "dropped output"),
      (.refuted, "refuted"),
    ]
    return names.filter { contains($0.0) }.map(\.1).joined(separator: ", ")
  }
}
