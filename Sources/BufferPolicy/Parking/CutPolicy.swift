/// Whether a decoder is drained after a frame that is wanted alone, instead of being fed the pictures after it so that it
/// gives this one. It cannot go on then: who wants more gets it from the seek point again.
///
/// A cut is *regretted* when one of the next few frames is asked for: several readers that each go forward look like one that
/// jumps about. The place then keeps its decoder.
package struct CutPolicy: Sendable {
  /// So many places are remembered: about as many as decoders may be parked at.
  private static let places = 4
  /// So many frames after a cut are its sequel.
  private static let sequel = 4

  /// Where decoders were drained, oldest first.
  private var cuts: [Int] = []

  package init() {}

  /// - Parameters:
  ///   - frame: the one that is wanted.
  ///   - seekPoint: where decoding starts for it.
  ///   - distance: how far from the seek point it may be.
  /// - Returns: whether the decoder that starts at the seek point is to end at the frame.
  package mutating func cuts(at frame: Int, seekPoint: Int, within distance: Int) -> Bool {
    if let regretted = cuts.firstIndex(where: { frame > $0 && frame - $0 <= Self.sequel }) {
      cuts.remove(at: regretted)
      return false
    }
    guard frame - seekPoint <= distance else { return false }
    cuts.removeAll { $0 == frame }
    cuts.append(frame)
    if cuts.count > Self.places { cuts.removeFirst() }
    return true
  }
}
