/// How many frames must be decoded for a list of requests by who knows the whole list beforehand.
///
/// The yardstick of the cache and of the decoders' parking: a cache that evicts what is wanted last (Belady), decoders of
/// which the one goes elsewhere that is of use last, and no frame left out on the way. Not the least there can be: frames
/// that nobody needs may be left out, and who weighs what a frame costs may do better than who looks at its next use.
package struct OfflineBound: Sendable {
  private let seekPoints: SeekPoints
  /// How many frames the cache holds.
  private let capacity: Int
  /// How many decoders may wait where they stopped.
  private let decoders: Int

  /// How many requests ahead the use of a decoder is looked for.
  private static let horizon = 4096

  package init(seekPoints: SeekPoints, capacity: Int, decoders: Int) {
    precondition(capacity >= 1 && decoders >= 1, "a cache and a decoder")
    self.seekPoints = seekPoints
    self.capacity = capacity
    self.decoders = decoders
  }

  /// - Parameter requests: frame numbers, in the order in which they are asked for.
  package func decodedFrames(for requests: [Int]) -> Int {
    // The steps at which each frame is still to be asked for, the next one last.
    var uses: [Int: [Int]] = [:]
    for (step, number) in requests.enumerated().reversed() { uses[number, default: []].append(step) }
    /// What is cached and will be asked for again.
    var resident: Set<Int> = []
    /// What each decoder would emit next.
    var positions: [Int] = []
    var decoded = 0
    for (step, number) in requests.enumerated() {
      uses[number]?.removeLast()
      let isLast = uses[number]?.isEmpty ?? true
      if resident.contains(number) {
        if isLast { resident.remove(number) }
        continue
      }
      let seekPoint = seekPoint(for: number)
      var start = seekPoint
      let nearest = positions.indices.filter { positions[$0] <= number }.max { positions[$0] < positions[$1] }
      if let nearest, positions[nearest] >= seekPoint {
        start = positions[nearest]
        positions[nearest] = number + 1
      } else if positions.count < decoders {
        positions.append(number + 1)
      } else {
        let next = nextServices(of: positions, requests[(step + 1)...].prefix(Self.horizon), resident)
        let last = positions.indices.max { next[$0] < next[$1] }
        positions[last ?? 0] = number + 1
      }
      decoded += number + 1 - start
      for frame in start...number where uses[frame]?.isEmpty == false { resident.insert(frame) }
      guard resident.count > capacity else { continue }
      let order = resident.sorted { (uses[$0]?.last ?? .max, $0) < (uses[$1]?.last ?? .max, $1) }
      resident = Set(order.prefix(capacity))
    }
    return decoded
  }

  /// The first request that each decoder could serve by going on.
  private func nextServices(of positions: [Int], _ requests: ArraySlice<Int>, _ resident: Set<Int>) -> [Int] {
    var services = positions.map { _ in Int.max }
    var left = positions.count
    for (step, number) in zip(requests.indices, requests) where left > 0 && !resident.contains(number) {
      let seekPoint = seekPoint(for: number)
      for index in positions.indices where services[index] == .max {
        if number >= positions[index], seekPoint <= positions[index] {
          services[index] = step
          left -= 1
        }
      }
    }
    return services
  }

  private func seekPoint(for number: Int) -> Int { seekPoints.last(atOrBefore: number) ?? 0 }
}
