import FrameModel
import Testing

@testable import VAAPI

@Suite struct StatusTests {
  /// Every status of `va.h`, with the constant's name and what it asks for.
  static let table: [(VAStatus, String, VAStatus.Kind)] = [
    (.success, "SUCCESS", .success), (.operationFailed, "ERROR_OPERATION_FAILED", .failed),
    (.allocationFailed, "ERROR_ALLOCATION_FAILED", .exhausted),
    (.invalidDisplay, "ERROR_INVALID_DISPLAY", .deviceLost), (.invalidConfig, "ERROR_INVALID_CONFIG", .invalid),
    (.invalidContext, "ERROR_INVALID_CONTEXT", .invalid), (.invalidSurface, "ERROR_INVALID_SURFACE", .invalid),
    (.invalidBuffer, "ERROR_INVALID_BUFFER", .invalid), (.invalidImage, "ERROR_INVALID_IMAGE", .invalid),
    (.attributeNotSupported, "ERROR_ATTR_NOT_SUPPORTED", .unsupported),
    (.maximumExceeded, "ERROR_MAX_NUM_EXCEEDED", .exhausted),
    (.unsupportedProfile, "ERROR_UNSUPPORTED_PROFILE", .unsupported),
    (.unsupportedEntrypoint, "ERROR_UNSUPPORTED_ENTRYPOINT", .unsupported),
    (.unsupportedRTFormat, "ERROR_UNSUPPORTED_RT_FORMAT", .unsupported),
    (.surfaceBusy, "ERROR_SURFACE_BUSY", .busy), (.invalidParameter, "ERROR_INVALID_PARAMETER", .invalid),
    (.resolutionNotSupported, "ERROR_RESOLUTION_NOT_SUPPORTED", .unsupported),
    (.unimplemented, "ERROR_UNIMPLEMENTED", .unsupported),
    (.invalidImageFormat, "ERROR_INVALID_IMAGE_FORMAT", .unsupported),
    (.decodingError, "ERROR_DECODING_ERROR", .failed), (.hardwareBusy, "ERROR_HW_BUSY", .busy),
    (.unsupportedMemoryType, "ERROR_UNSUPPORTED_MEMORY_TYPE", .unsupported),
    (.notEnoughBuffer, "ERROR_NOT_ENOUGH_BUFFER", .exhausted), (.timedOut, "ERROR_TIMEDOUT", .busy),
    (.unknown, "ERROR_UNKNOWN", .failed),
  ]

  @Test(arguments: table) func namesAndKindsAreThoseOfLibva(status: VAStatus, name: String, kind: VAStatus.Kind) {
    #expect(status.name == "VA_STATUS_" + name)
    #expect(status.kind == kind)
    #expect(!status.description.isEmpty)
  }

  @Test func numbersOfOthersAreNamedByNumber() {
    let strange = VAStatus(rawValue: 4242)
    #expect(strange.name == "status 4242")
    #expect(strange.description.contains("4242"))
    #expect(strange.kind == .failed)
  }

  @Test func errorsSayWhatWhyAndWhatToDo() {
    for (status, _, _) in Self.table {
      let error = VAError(.vaCreateSurfaces, status).error(.backendUnavailable, what: "surfaces for clip.mp4")
      #expect(error.description.hasPrefix("surfaces for clip.mp4: \(status) (vaCreateSurfaces): "))
      #expect(!error.remedy.isEmpty)
    }
    let error = VAError(.vaGetImage, .operationFailed).error(.decodingFailed, what: "frame 1", remedy: "do this")
    #expect(error.remedy == "do this")
  }

  @Test func profilesHaveLibvasNames() {
    #expect(VAProfile.h264ConstrainedBaseline.name == "VAProfileH264ConstrainedBaseline")
    #expect(VAProfile.vp8.name == "VAProfileVP8Version0_3")
    #expect(VAProfile.none.name == "VAProfileNone")
    #expect(VAProfile(rawValue: 999).name == "VAProfile(999)")
    #expect(VAProfile(name: "VAProfileHEVCMain10") == .hevcMain10)
    #expect(VAProfile(name: "VAProfileNonsense") == nil)
    #expect(VAEntrypoint.decode.name == "VAEntrypointVLD")
    #expect(VAEntrypoint(rawValue: 99).name == "VAEntrypoint(99)")
    #expect(ConfigAttributes.name(18) == "VAConfigAttribMaxPictureWidth")
    #expect(ConfigAttributes.name(9999) == "VAConfigAttrib(9999)")
  }

  @Test func reasonsAgainstDecodingAreWords() {
    #expect(DecodeSupport.supported.reason == nil && DecodeSupport.supported.error(what: "a") == nil)
    let reasons: [DecodeSupport] = [
      .noProfile(.hevcMain), .noDecoder(.hevcMain), .noRTFormat(.yuv420x10, offered: [.yuv420, .yuv444]),
      .tooLarge(maxWidth: 4096, maxHeight: 2304), .tooSmall(minWidth: 48, minHeight: 32),
      .failed(VAError(.vaCreateConfig, .allocationFailed)),
    ]
    #expect(Set(reasons.compactMap(\.reason)).count == reasons.count)
    #expect(reasons[2].reason?.contains("YUV420_10 surfaces, only to YUV420, YUV444") == true)
    #expect(reasons[3].error(what: "clip.mp4")?.why.contains("at most 4096x2304") == true)
  }
}
