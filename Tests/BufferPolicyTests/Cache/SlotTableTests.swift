import BufferPolicy
import FrameModel
import Testing

@Suite struct SlotTableTests {
  /// As a dictionary, whatever is added, changed and taken out, and however full it is.
  @Test(arguments: Seeds.all) func agreesWithADictionary(seed: UInt64) throws {
    var rng = SeededGenerator(seed: seed)
    var run = Run(seed: seed)
    for most in [3, 8, 40, 600] {
      var table = SlotTable()
      var model: [FrameKey: Int] = [:]
      for step in 0..<3000 {
        run.step = step
        // Few numbers, so that the same come again, below 0 too; and such as lie far apart, which meet in the table.
        let number = Int.random(in: -most..<most, using: &rng) << (rng.chance(20) ? 40 : 0)
        let key = FrameKey(stream: UInt32.random(in: 0..<3, using: &rng), number: number)
        if model.count < most, rng.chance(60) {
          run.event = "set \(key)"
          let slot = Int.random(in: 0..<most, using: &rng)
          table[key] = slot
          model[key] = slot
        } else {
          let gone = rng.chance(80) ? model.keys.sorted().randomElement(using: &rng) ?? key : key
          run.event = "remove \(gone)"
          table[gone] = nil
          model[gone] = nil
        }
        try run.same(table[key], model[key], "\(key)")
        try run.same(table.count, model.count, "count")
        guard step.isMultiple(of: 50) else { continue }
        for (key, slot) in model { try run.same(table[key], slot, "\(key)") }
        var all: [FrameKey: Int] = [:]
        table.forEach { all[$0] = $1 }
        try run.same(all, model, "all")
      }
    }
  }
}
