/// Who waits for which frame, and what the decoder should do next.
///
/// A frame is:
/// - *not wanted*: by nothing, or after `arrived`, `failAll`, the `cancel` of its last waiter, or when
///   `setPrefetch` or `nextGoal` dropped it from the plan.
/// - *wanted*, with the highest urgency among its waiters (`want`) and the prefetch plan (`setPrefetch`, which is
///   `.prefetch`). When that urgency changes, the frame is the youngest of its new urgency.
///
/// A frame is wanted once, however many wait for it: single flight.
package struct RequestSchedule: Sendable {
  /// One request. The caller never uses one twice at a time.
  package typealias WaiterID = UInt64

  /// How soon a frame is needed.
  package enum Urgency: Int, Comparable, Sendable, CaseIterable {
    case prefetch, range, demand

    package static func < (a: Urgency, b: Urgency) -> Bool { a.rawValue < b.rawValue }
  }

  /// What the decoder should deliver next: a run of wanted frames, in decoding order, also where they were asked for
  /// in descending order.
  package struct Goal: Equatable, Sendable {
    package var frames: ClosedRange<Int>
    package var urgency: Urgency
    /// Different for every goal, and rising.
    package var serial: UInt64

    package init(frames: ClosedRange<Int>, urgency: Urgency, serial: UInt64) {
      self.frames = frames
      self.urgency = urgency
      self.serial = serial
    }
  }

  /// What other decoders are on their way to, each frame once.
  package struct UnderWay: Equatable, Sendable {
    /// All of it.
    package var all: [Range<Int>] = []
    /// What of it comes as soon as if it were decoded for its own sake. A demand waits for no other.
    package var soon: [Range<Int>] = []

    package init() {}

    func frames(for urgency: Urgency) -> [Range<Int>] { urgency == .demand ? soon : all }

    package func contains(_ frame: Int, for urgency: Urgency) -> Bool {
      frames(for: urgency).contains { $0.contains(frame) }
    }
  }

  struct Want: Sendable {
    var frame: Int
    var urgency: Urgency
    var waiters = SlotChain()
    /// How many of them wait with `.demand`, and with `.range`.
    var demands = 0
    var ranges = 0
    var isPlanned = false
    /// The level's count of overtakings when the frame came into it.
    var since: UInt64 = 0
  }

  private struct Waiter: Sendable {
    var id: WaiterID
    var want: Int
    var urgency: Urgency
  }

  /// The wanted frames of one urgency, by number and by age.
  struct Level: Sendable {
    var sorted = SortedFrames()
    /// Oldest first; the plan's frames in its order.
    var byAge = SlotChain()
    /// How many times a younger frame went first.
    var overtakings: UInt64 = 0
  }

  /// How far ahead of the decoder a wanted frame is taken before an older one.
  let horizon: Int
  /// How many times that may happen to one frame.
  let maxOvertakings: UInt64
  /// How far a goal extends each way from the frame that it is for. A longer run is taken in several goals.
  let maxRun: Int

  var wants: [Want] = []
  var byFrame: [Int: Int] = [:]
  var levels = [Level](repeating: Level(), count: Urgency.allCases.count)
  var ageLinks = SlotLinks()
  var lastSerial: UInt64 = 0
  private var freeWants: [Int] = []
  private var waiters: [Waiter] = []
  private var freeWaiters: [Int] = []
  private var waiterLinks = SlotLinks()
  private var byID: [WaiterID: Int] = [:]
  private var plan: [Int] = []

  package init(horizon: Int = 8, maxOvertakings: Int = 16, maxRun: Int = 256) {
    precondition(horizon >= 0 && maxOvertakings >= 0 && maxRun >= 1, "the parameters of a schedule are not negative")
    self.horizon = horizon
    self.maxOvertakings = UInt64(maxOvertakings)
    self.maxRun = maxRun
  }

  /// How many frames are wanted, and how many requests wait.
  package var wantedCount: Int { byFrame.count }
  package var waiterCount: Int { byID.count }

  package func isWanted(_ frame: Int) -> Urgency? { byFrame[frame].map { wants[$0].urgency } }

  // MARK: - Requests

  /// A request waits for a frame. Returns true if the frame was not wanted before, not even by the plan.
  package mutating func want(_ frame: Int, urgency: Urgency, waiter id: WaiterID) -> Bool {
    precondition(byID[id] == nil, "waiter \(id) waits already")
    let known = byFrame[frame]
    let slot = known ?? makeWant(frame)
    let waiter = Waiter(id: id, want: slot, urgency: urgency)
    let waiterSlot: Int
    if let free = freeWaiters.popLast() {
      waiterSlot = free
      waiters[free] = waiter
    } else {
      waiterSlot = waiters.count
      waiters.append(waiter)
    }
    byID[id] = waiterSlot
    waiterLinks.append(waiterSlot, to: &wants[slot].waiters)
    count(urgency, by: 1, in: slot)
    update(slot, isNew: known == nil)
    return known == nil
  }

  /// A request no longer waits. Returns true if nobody waits for its frame any more (the plan may still have it);
  /// false also where the waiter is not known, as when its frame has arrived.
  package mutating func cancel(_ id: WaiterID) -> Bool {
    guard let waiterSlot = byID.removeValue(forKey: id) else { return false }
    let waiter = waiters[waiterSlot]
    waiterLinks.remove(waiterSlot, from: &wants[waiter.want].waiters)
    freeWaiters.append(waiterSlot)
    count(waiter.urgency, by: -1, in: waiter.want)
    let isLast = wants[waiter.want].waiters.isEmpty
    update(waiter.want, isNew: false)
    return isLast
  }

  /// The frame is there: those who waited for it, longest first, no longer do, and the plan no longer has it.
  package mutating func arrived(_ frame: Int, into waiters: inout [WaiterID]) {
    guard let slot = byFrame[frame] else { return }
    end(slot, into: &waiters)
  }

  /// No frame can be had. Those who waited come most urgent first, then by the age of their frame.
  package mutating func failAll(into waiters: inout [WaiterID]) {
    for urgency in Urgency.allCases.reversed() {
      while let slot = levels[urgency.rawValue].byAge.first { end(slot, into: &waiters) }
    }
    plan.removeAll(keepingCapacity: true)
  }

  /// Replaces the prefetch plan by these frames, most useful first. Those that somebody waits for keep their urgency.
  package mutating func setPrefetch(_ frames: [Int]) {
    for frame in plan {
      guard let slot = byFrame[frame], wants[slot].isPlanned else { continue }
      wants[slot].isPlanned = false
      update(slot, isNew: false)
    }
    plan.removeAll(keepingCapacity: true)
    for frame in frames {
      let known = byFrame[frame]
      let slot = known ?? makeWant(frame)
      if wants[slot].isPlanned { continue }
      wants[slot].isPlanned = true
      plan.append(frame)
      update(slot, isNew: known == nil)
    }
  }

  // MARK: - Steps

  /// Takes a frame out of the plan; it is no longer wanted, where nobody waits for it.
  mutating func unplan(_ slot: Int) {
    wants[slot].isPlanned = false
    update(slot, isNew: false)
  }

  private mutating func count(_ urgency: Urgency, by change: Int, in slot: Int) {
    switch urgency {
    case .demand: wants[slot].demands += change
    case .range: wants[slot].ranges += change
    case .prefetch: break
    }
  }

  private mutating func makeWant(_ frame: Int) -> Int {
    let want = Want(frame: frame, urgency: .prefetch)
    let slot: Int
    if let free = freeWants.popLast() {
      slot = free
      wants[slot] = want
    } else {
      slot = wants.count
      wants.append(want)
    }
    byFrame[frame] = slot
    return slot
  }

  /// Puts a frame into the level that its waiters and the plan ask for, or forgets it.
  private mutating func update(_ slot: Int, isNew: Bool) {
    let want = wants[slot]
    if want.waiters.isEmpty, !want.isPlanned {
      forget(slot)
      return
    }
    let urgency: Urgency = want.demands > 0 ? .demand : want.ranges > 0 ? .range : .prefetch
    if !isNew {
      if urgency == want.urgency { return }
      leaveLevel(slot)
    }
    wants[slot].urgency = urgency
    wants[slot].since = levels[urgency.rawValue].overtakings
    levels[urgency.rawValue].sorted.insert(want.frame)
    ageLinks.append(slot, to: &levels[urgency.rawValue].byAge)
  }

  private mutating func leaveLevel(_ slot: Int) {
    let level = wants[slot].urgency.rawValue
    levels[level].sorted.remove(wants[slot].frame)
    ageLinks.remove(slot, from: &levels[level].byAge)
  }

  private mutating func forget(_ slot: Int) {
    leaveLevel(slot)
    byFrame[wants[slot].frame] = nil
    freeWants.append(slot)
  }

  private mutating func end(_ slot: Int, into ids: inout [WaiterID]) {
    while let waiterSlot = wants[slot].waiters.first {
      waiterLinks.remove(waiterSlot, from: &wants[slot].waiters)
      byID[waiters[waiterSlot].id] = nil
      ids.append(waiters[waiterSlot].id)
      freeWaiters.append(waiterSlot)
    }
    wants[slot].isPlanned = false
    forget(slot)
  }
}
