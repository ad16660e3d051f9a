import Synchronization
import Testing

@testable import VAAPI

@Suite struct CallsTests {
  @Test func everyCallHasACounter() {
    #expect(VACall.allCases.count == VACalls.count)
    #expect(VACall.allCases.map(\.rawValue) == Array(0..<VACalls.count))
  }

  @Test func callsAreCountedByKindAlsoWhenTheyFail() throws {
    let calls = VACalls()
    try calls.make(.vaGetImage) { 0 }
    #expect(throws: VAError(.vaGetImage, .operationFailed)) { try calls.make(.vaGetImage) { 1 } }
    #expect(calls.status(.vaSyncSurface) { 0x26 } == .timedOut)
    #expect(calls.made == [.vaGetImage: 2, .vaSyncSurface: 1])
    #expect(calls.count(of: VACall.pixelAccess) == 2)
    #expect(calls.count(of: .vaPutImage) == 0)
  }

  @Test func aRefusedCallDoesNotReachLibva() throws {
    let asked = Mutex(0)
    let calls = VACalls { call in
      asked.withLock { $0 += 1 }
      return call == .vaDeriveImage ? .operationFailed : nil
    }
    var reached: [VACall] = []
    for call in [VACall.vaDeriveImage, .vaCreateImage] {
      _ = calls.status(call) {
        reached.append(call)
        return 0
      }
    }
    #expect(reached == [.vaCreateImage])
    #expect(asked.withLock { $0 } == 2)
    #expect(calls.count(of: .vaDeriveImage) == 1)
  }

  @Test func whatGivesBackIsDoneAlsoWhenRefused() {
    let calls = VACalls { _ in .operationFailed }
    var reached: [VACall] = []
    for call in VACall.allCases {
      let status = calls.status(call) {
        reached.append(call)
        return 0
      }
      #expect(status == .operationFailed)
    }
    #expect(reached == [.vaTerminate, .vaDestroyConfig, .vaDestroySurfaces, .vaDestroyImage, .vaUnmapBuffer])
  }

  @Test func countsOfSeveralThreadsAddUp() async {
    let calls = VACalls()
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<8 {
        group.addTask { for _ in 0..<500 { _ = calls.status(.vaSyncSurface) { 0 } } }
      }
    }
    #expect(calls.count(of: .vaSyncSurface) == 4000)
  }
}
