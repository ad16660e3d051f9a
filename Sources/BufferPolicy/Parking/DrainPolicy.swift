/// Whether a decoder is drained after a frame that is wanted alone, instead of being sent the packets after it so that it
/// gives this one. It cannot go on then: who wants more gets it from the seek point again.
///
/// A drain is *regretted* when one of the next few frames is asked for: several readers that each go forward look like one that
/// jumps about. The place then keeps its decoder.
package struct DrainPolicy: Sendable {
  /// So many places are remembered: about as many as decoders may be parked at.
  private static let places = 4
  /// So many frames after such a place are its sequel.
  private static let sequel = 4

  /// Where decoders were drained, oldest first.
  private var drains: [Int] = []

  package init() {}

  /// - Parameters:
  ///   - frame: the one that is wanted.
  ///   - seekPoint: where decoding starts for it.
  ///   - distance: how far from the seek point it may be.
  /// - Returns: whether the decoder that starts at the seek point is drained after the frame.
  package mutating func drains(at frame: Int, seekPoint: Int, within distance: Int) -> Bool {
    if let regretted = drains.firstIndex(where: { frame > $0 && frame - $0 <= Self.sequel }) {
      drains.remove(at: regretted)
      return false
    }
    guard frame - seekPoint <= distance else { return false }
    drains.removeAll { $0 == frame }
    drains.append(frame)
    if drains.count > Self.places { drains.removeFirst() }
    return true
  }
}
