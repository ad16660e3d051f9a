/// How long drawing takes as a rule: what came in half of the last times.
struct DrawTime {
  private var last: [Double] = []

  mutating func add(_ seconds: Double) {
    last.append(seconds)
    if last.count > 15 { last.removeFirst() }
  }

  var usual: Double { last.isEmpty ? 0 : last.sorted()[last.count / 2] }
}
