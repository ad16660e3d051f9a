import CAVUtil
import FrameModel
import Testing

@testable import FFmpegMedia
@testable import VAAPI

@Suite struct FormatTests {
  @Test(arguments: [("nv12", FourCC.nv12, PixelFormat.nv12), ("p010le", .p010, .p010)])
  func formatsEqualThoseOfFFmpeg(name: String, fourcc: FourCC, format: PixelFormat) throws {
    let theirs = try #require(PixelFormat(av_get_pix_fmt(name)))
    #expect(theirs == format)
    #expect(fourcc.pixelFormat == theirs)
    #expect(FourCC(theirs) == fourcc)
  }

  @Test func formatsThatSurfacesDoNotHaveMapToNothing() throws {
    #expect(FourCC(try #require(PixelFormat(av_get_pix_fmt("yuv420p")))) == nil)
    #expect(FourCC.i420.pixelFormat == nil)
    #expect(FourCC("ABCD").rtFormat == nil)
  }

  @Test func charactersAreThoseOfTheHeaders() {
    #expect(FourCC.nv12.rawValue == 0x3231_564e)
    #expect(FourCC.p010.rawValue == 0x3031_3050)
    #expect(FourCC.r8.rawValue == 0x2020_3852)
    #expect("\(FourCC.nv12) \(FourCC.r8) \(FourCC.gr1616)" == "NV12 R8 GR32")
    #expect("\(FourCC(rawValue: 1))" == "0x1")
    #expect("\(FourCC(rawValue: 0x2020_2020))" == " ")
  }

  @Test func renderTargetsHaveNames() {
    let formats: RTFormats = [.yuv420, .yuv420x10, RTFormats(rawValue: 0x800)]
    #expect(formats.names == ["YUV420", "YUV420_10", "0x800"])
    #expect(RTFormats([]).names.isEmpty)
  }

  @Test func surfacesCountWithTheirBytes() {
    #expect(SurfaceDescription(format: .nv12, width: 3840, height: 2160).byteCount == 12_441_600)
    #expect(SurfaceDescription(format: .p010, width: 3840, height: 2160).byteCount == 24_883_200)
    #expect(SurfaceDescription(format: .nv12, width: 3, height: 3).byteCount == 24)
  }
}
