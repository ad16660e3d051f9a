import BufferPolicy
import Testing

private typealias Urgency = RequestSchedule.Urgency

/// The schedule as plain arrays.
private struct ScheduleModel {
  struct Waiter {
    var id: UInt64
    var frame: Int
    var urgency: Urgency
  }

  var waiters: [Waiter] = []
  var plan: [Int] = []
  /// The urgency of each wanted frame, and when it came to have it.
  var wanted: [Int: (urgency: Urgency, age: Int)] = [:]
  /// How often a younger frame of its urgency was taken first.
  var overtaken: [Int: Int] = [:]
  private var now = 0

  func urgency(_ frame: Int) -> Urgency? {
    let waiting = waiters.filter { $0.frame == frame }.map(\.urgency)
    return (waiting + (plan.contains(frame) ? [.prefetch] : [])).max()
  }

  /// Works out anew who is wanted, how much, and since when.
  mutating func refresh(_ frame: Int) {
    now += 1
    guard let urgency = urgency(frame) else {
      wanted[frame] = nil
      overtaken[frame] = nil
      return
    }
    if wanted[frame]?.urgency == urgency { return }
    wanted[frame] = (urgency, now)
    overtaken[frame] = 0
  }

  func byAge(_ urgency: Urgency) -> [Int] {
    wanted.filter { $0.value.urgency == urgency }.sorted { $0.value.age < $1.value.age }.map(\.key)
  }

  mutating func end(_ frame: Int) -> [UInt64] {
    let ids = waiters.filter { $0.frame == frame }.map(\.id)
    waiters.removeAll { $0.frame == frame }
    plan.removeAll { $0 == frame }
    refresh(frame)
    return ids
  }

  mutating func setPlan(_ frames: [Int]) {
    let old = plan
    plan = []
    for frame in old { refresh(frame) }
    for frame in frames where !plan.contains(frame) {
      plan.append(frame)
      refresh(frame)
    }
  }

  func isOnlyPlanned(_ frame: Int) -> Bool { !waiters.contains { $0.frame == frame } }

  func isCurrent(_ goal: RequestSchedule.Goal, at position: Int) -> Bool {
    let rest = goal.frames.filter { $0 >= position }
    guard let highest = rest.compactMap({ wanted[$0]?.urgency }).max() else { return false }
    let urgency = min(highest, goal.urgency)
    return !wanted.contains { !rest.contains($0.key) && $0.value.urgency > urgency }
  }
}

@Suite struct SchedulePropertyTests {
  private let horizon = 6
  private let maxOvertakings = 3
  private let maxRun = 5

  @Test(arguments: Seeds.all) func agreesWithTheModel(seed: UInt64) throws {
    var rng = SeededGenerator(seed: seed)
    var run = Run(seed: seed)
    var schedule = RequestSchedule(horizon: horizon, maxOvertakings: maxOvertakings, maxRun: maxRun)
    var model = ScheduleModel()
    var nextID: UInt64 = 0
    var lastGoal: RequestSchedule.Goal?
    for step in 0..<4000 {
      run.step = step
      let frame = Int.random(in: 0..<40, using: &rng)
      switch Int.random(in: 0..<100, using: &rng) {
      case 0..<35:
        let urgency = Urgency.allCases.randomElement(using: &rng) ?? .demand
        run.event = "want \(frame) \(urgency)"
        nextID += 1
        let isNew = model.wanted[frame] == nil
        model.waiters.append(.init(id: nextID, frame: frame, urgency: urgency))
        model.refresh(frame)
        try run.same(schedule.want(frame, urgency: urgency, waiter: nextID), isNew, "is new")
      case 35..<50:
        let index = model.waiters.indices.randomElement(using: &rng)
        let waiter = index.map { model.waiters.remove(at: $0) }
        run.event = "cancel \(waiter?.id ?? 0)"
        if let waiter { model.refresh(waiter.frame) }
        let isLast = waiter.map { model.isOnlyPlanned($0.frame) } ?? false
        try run.same(schedule.cancel(waiter?.id ?? 0), isLast, "is last")
      case 50..<70:
        run.event = "arrived \(frame)"
        var ids: [UInt64] = []
        schedule.arrived(frame, into: &ids)
        try run.same(ids, model.end(frame), "waiters")
      case 70..<75:
        let start = Int.random(in: 0..<40, using: &rng)
        let step = [1, -1, 2].randomElement(using: &rng) ?? 1
        let plan = (0..<Int.random(in: 0..<8, using: &rng)).map { start + step * $0 }
        run.event = "plan \(plan)"
        schedule.setPrefetch(plan)
        model.setPlan(plan)
      case 75..<76:
        run.event = "failAll"
        var ids: [UInt64] = []
        schedule.failAll(into: &ids)
        let order = [Urgency.demand, .range, .prefetch].flatMap { model.byAge($0) }
        try run.same(ids, order.flatMap { model.end($0) }, "waiters")
      default:
        lastGoal = try checkGoal(&schedule, &model, &rng, &run) ?? lastGoal
      }
      try run.same(schedule.wantedCount, model.wanted.count, "wantedCount")
      try run.same(schedule.waiterCount, model.waiters.count, "waiterCount")
      for frame in -8..<48 {
        try run.same(schedule.isWanted(frame), model.wanted[frame]?.urgency, "urgency of \(frame)")
      }
      if let lastGoal {
        let position = Int.random(in: 0..<40, using: &rng)
        try run.same(
          schedule.isCurrent(lastGoal, at: position), model.isCurrent(lastGoal, at: position),
          "is \(lastGoal) current at \(position)")
      }
    }
  }

  /// Takes a goal, and checks that it is one that the rules allow.
  private func checkGoal(
    _ schedule: inout RequestSchedule, _ model: inout ScheduleModel, _ rng: inout SeededGenerator, _ run: inout Run
  ) throws -> RequestSchedule.Goal? {
    let position = rng.chance(80) ? Int.random(in: 0..<40, using: &rng) : nil
    let resident = Set((0..<10).map { _ in Int.random(in: 0..<40, using: &rng) })
    run.event = "goal at \(position ?? -1)"
    let goal = schedule.nextGoal(position: position) { resident.contains($0) }

    // The goal may drop resident frames of the plan, and no others.
    for frame in model.plan where schedule.isWanted(frame) == nil {
      try run.check(resident.contains(frame) && model.isOnlyPlanned(frame), "frame \(frame) is dropped")
      model.plan.removeAll { $0 == frame }
      model.refresh(frame)
    }
    guard let goal else {
      try run.check(model.wanted.isEmpty, "no goal, but \(model.wanted) is wanted")
      return nil
    }
    run.event += " was \(goal.frames) \(goal.urgency)"
    try run.same(goal.urgency, model.wanted.values.map(\.urgency).max(), "urgency")
    try run.check(goal.frames.allSatisfy { model.wanted[$0] != nil }, "not all of it is wanted")

    let older = model.byAge(goal.urgency)
    let isNear = { (frame: Int) in position.map { (0..<horizon).contains(frame - $0) } ?? false }
    let wanted = model.wanted
    let isUrgent = { (frame: Int) -> Bool in wanted[frame].map { $0.urgency >= goal.urgency } ?? false }
    // Only after the frame that it is for may it have less urgent ones.
    let seeds = older.enumerated().filter { age, frame in
      guard goal.frames.contains(frame), (goal.frames.lowerBound...frame).allSatisfy(isUrgent) else { return false }
      return age == 0 || (goal.urgency > .prefetch && isNear(frame))
    }
    try run.check(!seeds.isEmpty, "it is neither for the oldest nor for a near frame: \(older)")
    let oldest = older[0]
    if !goal.frames.contains(oldest) {
      for frame in older.prefix(while: { !goal.frames.contains($0) }) {
        model.overtaken[frame, default: 0] += 1
        try run.check(model.overtaken[frame, default: 0] <= maxOvertakings, "\(frame) is overtaken too often")
      }
    }
    // It stops only where the run does, or at the limit.
    for (frame, end) in [(goal.frames.upperBound + 1, 1), (goal.frames.lowerBound - 1, -1)] {
      let goesOn = end > 0 ? wanted[frame] != nil : isUrgent(frame)
      let isLong = seeds.contains { (frame - $1) * end >= maxRun }
      try run.check(!goesOn || isLong, "the run goes on to \(frame)")
    }
    return goal
  }
}
