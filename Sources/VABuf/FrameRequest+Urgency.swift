internal import BufferPolicy

// A request's urgency is public, the schedule's is not; they are the same.

extension FrameRequest.Urgency {
  init(_ urgency: RequestSchedule.Urgency) {
    switch urgency {
    case .demand: self = .demand
    case .range: self = .range
    case .prefetch: self = .prefetch
    }
  }
}

extension RequestSchedule.Urgency {
  init(_ urgency: FrameRequest.Urgency) {
    switch urgency {
    case .demand: self = .demand
    case .range: self = .range
    case .prefetch: self = .prefetch
    }
  }
}
